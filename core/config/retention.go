package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// DeadLetterRetention says when dead letters are removed. By default none is.
type DeadLetterRetention struct {
	DeadLettersKeptFor    time.Duration `help:"How long after a death a dead letter that was decided on is kept; it is written to a file before it is removed; 0 = for ever." env:"DEAD_LETTERS_KEPT_FOR" default:"0s"`
	DeadLettersWarnBefore time.Duration `help:"How long before their removal dead letters are warned of, in the log and in studycast_dead_letters_expiring; 0 = not at all. Holds with DEAD_LETTERS_KEPT_FOR only." env:"DEAD_LETTERS_WARN_BEFORE" default:"24h"`
	DeadLettersExportDir  string        `help:"Folder that dead letters are written to, as JSON lines for studycast dead import, before they are removed; empty = a folder in the data folder." env:"DEAD_LETTERS_EXPORT_DIR" type:"path"`
	DeadLettersRemoveOpen bool          `help:"Remove open dead letters too, which nobody has decided on." env:"DEAD_LETTERS_REMOVE_OPEN"`
}

// Check checks the times.
func (r DeadLetterRetention) Check() error {
	switch {
	case r.DeadLettersKeptFor < 0:
		return fmt.Errorf("DEAD_LETTERS_KEPT_FOR %s: use a time like 720h, or 0s to keep dead letters for ever", r.DeadLettersKeptFor)
	case r.DeadLettersKeptFor == 0 && r.DeadLettersRemoveOpen:
		return errors.New("DEAD_LETTERS_REMOVE_OPEN: say with DEAD_LETTERS_KEPT_FOR when, or leave it out")
	case r.DeadLettersKeptFor > 0 && (r.DeadLettersWarnBefore < 0 || r.DeadLettersWarnBefore >= r.DeadLettersKeptFor):
		return fmt.Errorf("DEAD_LETTERS_WARN_BEFORE %s: use less than DEAD_LETTERS_KEPT_FOR (%s), or 0s for no warning",
			r.DeadLettersWarnBefore, r.DeadLettersKeptFor)
	}
	return nil
}

// ExportFolder returns the folder that letters are written to.
func (r DeadLetterRetention) ExportFolder(dataDir string) string {
	if r.DeadLettersExportDir != "" {
		return r.DeadLettersExportDir
	}
	return filepath.Join(dataDir, "removed-dead-letters")
}
