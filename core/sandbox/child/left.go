//go:build linux

package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// markName is the environment variable that children hand down to theirs.
const markName = "STUDYCAST_SANDBOX"

// Mark returns the environment entry by which Left finds a process.
func Mark(id string) string { return markName + "=" + id }

// Process is a process that was found.
type Process struct {
	PID     int
	Command string // its command line
}

// String returns the process as "pid command".
func (p Process) String() string { return fmt.Sprintf("%d %s", p.PID, p.Command) }

// Left lists the processes that carry the mark of id or work in one of the
// folders or below. A program that empties the environment of its children
// must start them in such a folder.
func Left(id string, folders ...string) ([]Process, error) {
	places, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var found []Process
	for _, place := range places {
		if !marked(place, id) && !worksIn(place, folders) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(place, "cmdline"))
		command := strings.TrimSpace(string(bytes.ReplaceAll(line, []byte{0}, []byte(" "))))
		pid, err := strconv.Atoi(filepath.Base(place))
		if err != nil || command == "" { // ended meanwhile
			continue
		}
		found = append(found, Process{PID: pid, Command: command})
	}
	return found, nil
}

func marked(place, id string) bool {
	env, _ := os.ReadFile(filepath.Join(place, "environ")) // another user's, or gone: not ours
	return id != "" && slices.Contains(strings.Split(string(env), "\x00"), Mark(id))
}

func worksIn(place string, folders []string) bool {
	cwd, err := os.Readlink(filepath.Join(place, "cwd"))
	if err != nil {
		return false
	}
	cwd = strings.TrimSuffix(cwd, " (deleted)")
	return slices.ContainsFunc(folders, func(folder string) bool {
		return cwd == folder || strings.HasPrefix(cwd, folder+string(filepath.Separator))
	})
}

// leftTick is how often Sweep looks again.
const leftTick = 20 * time.Millisecond

// Sweep waits until Left finds nothing, kills what is there when grace is
// over, and returns an error that names what it had to kill.
func Sweep(grace time.Duration, id string, folders ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	left, err := none(ctx, id, folders)
	if err != nil || len(left) == 0 {
		return err
	}
	errs := []error{fmt.Errorf("processes were left behind and had to be killed: %v", left)}
	for _, p := range left {
		if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, fmt.Errorf("kill %s: %w", p, err))
		}
	}
	ctx, cancel = context.WithTimeout(context.Background(), grace)
	defer cancel()
	if left, err = none(ctx, id, folders); err != nil || len(left) > 0 {
		errs = append(errs, fmt.Errorf("processes are still there: %v", left), err)
	}
	return errors.Join(errs...)
}

// none waits until nothing is left or ctx ends, and returns what is left.
func none(ctx context.Context, id string, folders []string) ([]Process, error) {
	tick := time.NewTicker(leftTick)
	defer tick.Stop()
	for {
		left, err := Left(id, folders...)
		if err != nil || len(left) == 0 {
			return left, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return left, nil
		}
	}
}
