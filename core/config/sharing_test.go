package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
)

func TestSharing(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, time.Minute, 24 * time.Hour} {
		require.NoError(t, config.Sharing{ShareFinishedFor: d}.Check())
	}
	for _, d := range []time.Duration{-1, 24*time.Hour + 1} {
		require.ErrorContains(t, config.Sharing{ShareFinishedFor: d}.Check(), "SHARE_FINISHED_FOR")
	}
}
