// Package ledger is what handlers under test write down by themselves: which
// attempt began and ended when, in which process. It is independent of the
// status service and of the broker, so that Check can prove their promises.
package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/studycast/studycast/core/job"
)

// suffix is that of the ledger's files.
const suffix = ".jsonl"

// Event is what happened to a run of a handler.
type Event string

// The events.
const (
	Start Event = "start" // the handler was called
	End   Event = "end"   // the handler returns; a killed one never does
)

// Outcome is how a handler returned.
type Outcome string

// The outcomes.
const (
	Succeeded Outcome = "succeeded"
	Failed    Outcome = "failed"
	Stopped   Outcome = "stopped" // its context ended
)

// Record is one line.
type Record struct {
	Event   Event     `json:"event"`
	Job     job.ID    `json:"job"`
	Attempt int       `json:"attempt"`
	Worker  string    `json:"worker"`            // name of the worker, as in the history of jobs
	PID     int       `json:"pid"`               // filled by Write
	At      time.Time `json:"at"`                // UTC; filled by Write
	Outcome Outcome   `json:"outcome,omitempty"` // of End
	Why     string    `json:"why,omitempty"`     // of End: what failed or stopped it
}

// Writer appends to the file of this process. It is safe for concurrent use.
type Writer struct{ file *os.File }

// Open makes a file for this process in dir, which is made when missing.
func Open(dir string) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	name := fmt.Sprintf("%d-%d%s", time.Now().UnixNano(), os.Getpid(), suffix)
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return &Writer{file: f}, nil
}

// Write appends a record with the time and the id of this process. It is one
// write to the kernel: it stays when the process is killed right after.
func (w *Writer) Write(r Record) error {
	r.At, r.PID = time.Now().UTC(), os.Getpid()
	line, err := json.Marshal(r)
	if err == nil {
		_, err = w.file.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// Close closes the file.
func (w *Writer) Close() error { return w.file.Close() }

// Read returns the records of every process in the order of their times. The
// last line of a file may be cut by a kill and is left out then.
func Read(dir string) ([]Record, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	var all []Record
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		records, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("ledger %s: %w", name, err)
		}
		all = append(all, records...)
	}
	slices.SortStableFunc(all, func(a, b Record) int { return a.At.Compare(b.At) })
	return all, nil
}

func parse(data []byte) ([]Record, error) {
	var all []Record
	for n := 1; len(data) > 0; n++ {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			break
		}
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if r.Job == "" || r.Attempt < 1 || (r.Event != Start && r.Event != End) {
			return nil, errors.New("line " + fmt.Sprint(n) + ": no record: " + string(line))
		}
		all = append(all, r)
		data = rest
	}
	return all, nil
}
