//go:build linux

package background

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/studycast/studycast/core/sandbox/child"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/lab/local"
)

// State is what the folder of a system says about it. It holds passwords.
type State struct {
	PID      int // of the supervisor
	Started  time.Time
	Ready    bool // all of the rest is filled in then
	Mark     string
	URLs     local.URLs
	Logs     string
	Folders  []string // of the servers, beside ours
	Programs []Program
}

// Program is a process of the system.
type Program struct {
	Name  string
	PID   int
	Admin string // "" for a server
	Log   string
}

const (
	stateFile = "state.json"
	lockFile  = "lock"
)

// contents are all names that a system makes in its folder.
var contents = []string{"logs", "run", "tmp", "artifacts", stateFile, lockFile}

// errNone: there is no state.
var errNone = errors.New("no system is there")

func load(dir string) (State, error) {
	var s State
	text, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return s, errNone
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w", filepath.Join(dir, stateFile), err)
	}
	return s, nil
}

// save replaces the state at once, so that nobody reads half of it.
func save(dir string, s State) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, stateFile)
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// open makes the folder with its lock, which is the first thing in it, and
// refuses a folder that holds anything of another.
func open(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, lockFile)
	if _, err := os.Stat(path); err != nil && len(entries) > 0 {
		return fmt.Errorf("the folder %s holds something else: name one that is empty or missing", dir)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// sweepGrace is how long what a dead supervisor started may take to follow it.
const sweepGrace = 5 * time.Second

// clear removes what a supervisor left that did not end in order: processes
// first, then the folders of its servers. It returns what had to be killed as
// an error. The folder itself stays, for its lock.
func (s State) clear(dir string) error {
	killed := child.Sweep(sweepGrace, s.Mark, append(s.Folders, filepath.Join(dir, "run"))...)
	errs := []error{killed}
	for _, folder := range s.Folders {
		errs = append(errs, postgres.Remove(folder)) // for another server's, just the folder
	}
	return errors.Join(errs...)
}

// remove removes all that a system made in its folder, and the folder when
// nothing else is there.
func remove(dir string) error {
	var errs []error
	for _, name := range contents {
		errs = append(errs, os.RemoveAll(filepath.Join(dir, name)))
	}
	_ = os.Remove(dir) // fails when somebody put something there: it stays
	return errors.Join(errs...)
}
