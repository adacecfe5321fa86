package app

import (
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/services/deadletter/internal/retention"
)

// Retention says when letters are removed, and where they are written before.
type Retention = retention.Policy

// RetentionOf makes a Retention of settings; dataDir is the data folder.
func RetentionOf(r config.DeadLetterRetention, dataDir string) Retention {
	if r.DeadLettersKeptFor == 0 {
		return Retention{}
	}
	return Retention{
		MaxAge: r.DeadLettersKeptFor, WarnBefore: r.DeadLettersWarnBefore, ExportDir: r.ExportFolder(dataDir),
		Open: r.DeadLettersRemoveOpen,
	}
}
