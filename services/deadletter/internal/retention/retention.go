// Package retention removes old letters: it warns before, writes them down as
// JSON lines, and only then deletes them. It is off unless it is told an age.
package retention

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sleep"
	"github.com/studycast/studycast/services/deadletter/internal/audit"
	"github.com/studycast/studycast/services/deadletter/internal/jsonl"
	"github.com/studycast/studycast/services/deadletter/internal/metrics"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Policy says which letters are removed. The zero value removes none.
type Policy struct {
	MaxAge     time.Duration // since a letter died; 0 = for ever
	WarnBefore time.Duration // how long before it is told of; 0 = not
	ExportDir  string        // folder that letters are written to before; needed
	Open       bool          // also letters that nobody decided on
}

// Check says what is wrong with a policy.
func (p Policy) Check() error {
	switch {
	case p == Policy{}:
		return nil
	case p.MaxAge <= 0:
		return errors.New("retention: it needs the age of letters that are removed")
	case p.WarnBefore < 0 || p.WarnBefore >= p.MaxAge:
		return errors.New("retention: the warning has to come after a letter died and before it is removed")
	case p.ExportDir == "":
		return errors.New("retention: it needs the folder that letters are written to before they are removed")
	}
	return nil
}

const (
	every = time.Hour
	// perFile is how many letters are written, and removed, at once.
	perFile = 1000
)

// Options are what a Keeper needs.
type Options struct {
	Store   store.Store
	Policy  Policy
	Clock   job.Clock
	Logger  *slog.Logger
	Metrics *metrics.Metrics
}

// Keeper removes letters.
type Keeper struct{ Options }

// New returns a Keeper; Run it.
func New(o Options) *Keeper { return &Keeper{Options: o} }

// Run removes what is due now and then every hour, until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	if k.Policy.MaxAge == 0 {
		return
	}
	for {
		if err := k.Tidy(ctx); err != nil && ctx.Err() == nil {
			k.Logger.Error("old dead letters could not be removed; they are kept", "error", err)
		}
		if !sleep.For(ctx, every) {
			return
		}
	}
}

// Tidy warns of letters that are removed soon and removes those that are due.
func (k *Keeper) Tidy(ctx context.Context) error {
	f := store.Filter{Settled: true, States: []string{deadletterclient.Replayed, deadletterclient.Recovered, deadletterclient.Discarded}}
	if k.Policy.Open {
		f.States = append(f.States, deadletterclient.Open)
	}
	if err := k.warn(ctx, f); err != nil {
		return err
	}
	f.DiedBefore = k.Clock.Now().Add(-k.Policy.MaxAge)
	f.OldestFirst, f.Limit = true, perFile
	for {
		letters, err := k.Store.List(ctx, f)
		if err != nil || len(letters) == 0 {
			return err
		}
		if err := k.remove(ctx, letters); err != nil {
			return err
		}
		f.After = letters[len(letters)-1].ID
	}
}

func (k *Keeper) warn(ctx context.Context, f store.Filter) error {
	if k.Policy.WarnBefore == 0 {
		return nil
	}
	due := k.Clock.Now().Add(-k.Policy.MaxAge)
	f.DiedAfter, f.DiedBefore = due, due.Add(k.Policy.WarnBefore)
	n, err := k.Store.Count(ctx, f)
	if err != nil {
		return err
	}
	k.Metrics.Expiring(n)
	if n > 0 {
		k.Logger.Warn("dead letters are written to files and removed soon", "letters", n, "wait", k.Policy.WarnBefore,
			"file", k.Policy.ExportDir)
	}
	return nil
}

// remove deletes letters that are safely on disk.
func (k *Keeper) remove(ctx context.Context, letters []store.Letter) error {
	path, ids, err := k.export(ctx, letters)
	if err != nil {
		return fmt.Errorf("write old dead letters to %s: %w", k.Policy.ExportDir, err)
	}
	record, err := audit.Record(k.Clock.Now(), deadletterclient.ActionDelete, deadletterclient.Service,
		fmt.Sprintf("older than %s", k.Policy.MaxAge), fmt.Sprintf("%d dead letters, from %s", len(ids), letters[0].ID), "written to "+path)
	if err != nil {
		return err
	}
	n, err := k.Store.Delete(ctx, ids, record)
	if err != nil {
		return err
	}
	k.Metrics.Expired(n)
	k.Logger.Info("old dead letters are removed", "letters", n, "file", path)
	return nil
}

// export writes letters to a new file, which is whole or not there.
func (k *Keeper) export(ctx context.Context, letters []store.Letter) (path string, ids []string, err error) {
	if err := os.MkdirAll(k.Policy.ExportDir, 0o700); err != nil {
		return "", nil, err
	}
	f, err := os.CreateTemp(k.Policy.ExportDir, ".writing-*")
	if err != nil {
		return "", nil, err
	}
	ids, err = k.write(ctx, f, letters)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", nil, errors.Join(err, os.Remove(f.Name()))
	}
	name := "dead-letters-" + k.Clock.Now().UTC().Format("20060102T150405Z") + "-" + uuid.NewString()[:8] + ".jsonl"
	path = filepath.Join(k.Policy.ExportDir, name)
	if err := os.Rename(f.Name(), path); err != nil {
		return "", nil, errors.Join(err, os.Remove(f.Name()))
	}
	return path, ids, syncFolder(k.Policy.ExportDir)
}

func (k *Keeper) write(ctx context.Context, f *os.File, letters []store.Letter) (ids []string, err error) {
	w := bufio.NewWriter(f)
	for _, l := range letters {
		wrote, err := jsonl.One(ctx, k.Store, l.ID, w)
		if err != nil {
			return nil, err
		}
		if wrote {
			ids = append(ids, l.ID)
		}
	}
	return ids, errors.Join(w.Flush(), f.Sync())
}

// syncFolder makes the name of a new file durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
