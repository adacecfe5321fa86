package config_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
)

func TestDeadLetterRetention(t *testing.T) {
	t.Parallel()
	const month = 720 * time.Hour
	for _, r := range []config.DeadLetterRetention{
		{},
		{DeadLettersWarnBefore: 24 * time.Hour},
		{DeadLettersKeptFor: time.Hour},
		{DeadLettersKeptFor: month, DeadLettersWarnBefore: month - 1, DeadLettersRemoveOpen: true},
	} {
		require.NoError(t, r.Check(), "%+v", r)
	}
	for says, r := range map[string]config.DeadLetterRetention{
		"DEAD_LETTERS_KEPT_FOR -1ns":   {DeadLettersKeptFor: -1},
		"DEAD_LETTERS_WARN_BEFORE 24h": {DeadLettersKeptFor: time.Hour, DeadLettersWarnBefore: 24 * time.Hour},
		"DEAD_LETTERS_WARN_BEFORE -1":  {DeadLettersKeptFor: time.Hour, DeadLettersWarnBefore: -1},
		"DEAD_LETTERS_REMOVE_OPEN":     {DeadLettersRemoveOpen: true},
	} {
		require.ErrorContains(t, r.Check(), says)
	}
	require.Equal(t, filepath.Join("data", "removed-dead-letters"), config.DeadLetterRetention{}.ExportFolder("data"))
	require.Equal(t, "x", config.DeadLetterRetention{DeadLettersExportDir: "x"}.ExportFolder("data"))
}
