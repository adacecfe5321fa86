// Package labor is work that costs nothing and misbehaves on request: a
// handler for workers under test. Labels of a job say what each attempt does;
// without any it succeeds at once. Every run is written into the ledger, and
// every success makes one file, ledger.ResultName.
package labor

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/studycast/studycast/core/fault"
)

// Labels of a job under test. An attempt does what they ask for in this order:
// children, write, sleep, crash, hang, fail.
const (
	// LabelSleep is how long the attempt works: a Go duration, "300ms".
	LabelSleep = "lab-sleep"
	// LabelFail is how many attempts of the job fail, from the first on: "2".
	// A failing attempt works for LabelSleep first.
	LabelFail = "lab-fail"
	// LabelFault is the kind of these failures, of core/fault; internal
	// without it.
	LabelFault = "lab-fault"
	// LabelDelay is the failures' own delay before the next attempt: "7s".
	LabelDelay = "lab-delay"
	// LabelHang makes the attempt never end by itself: "true" heeds the end of
	// its context, "deaf" ignores it.
	LabelHang = "lab-hang"
	// LabelCrash is how many attempts of the job kill their own worker process,
	// from the first on, after LabelSleep.
	LabelCrash = "lab-crash"
	// LabelChildren is how many child processes run as long as the attempt.
	LabelChildren = "lab-children"
	// LabelWrite is how much the attempt writes into its folder: "8MiB".
	LabelWrite = "lab-write"
)

// Hangs that LabelHang knows.
const (
	HangHeeding = "true"
	HangDeaf    = "deaf"
)

// Bounds of what labels may ask for.
const (
	maxChildren = 16
	maxWrite    = 4 << 30
)

// task is what the labels ask of one attempt.
type task struct {
	sleep    time.Duration
	fail     int
	kind     fault.Kind
	delay    time.Duration
	hang     string
	crash    int
	children int
	write    int64 // bytes
}

func parse(labels map[string]string) (task, error) {
	t := task{kind: fault.Internal}
	for name, read := range map[string]func(string) error{
		LabelSleep:    duration(&t.sleep),
		LabelDelay:    duration(&t.delay),
		LabelFail:     count(&t.fail, 1000),
		LabelCrash:    count(&t.crash, 1000),
		LabelChildren: count(&t.children, maxChildren),
		LabelWrite:    size(&t.write),
		LabelHang:     oneOf(&t.hang, HangHeeding, HangDeaf),
		LabelFault: func(s string) error {
			t.kind = fault.Kind(s)
			if !t.kind.Valid() {
				return fmt.Errorf("use one of %v", fault.Kinds())
			}
			return nil
		},
	} {
		v, set := labels[name]
		if !set {
			continue
		}
		if err := read(v); err != nil {
			return t, fault.Invalid("labels."+name, "%q: %v", v, err)
		}
	}
	return t, nil
}

func duration(to *time.Duration) func(string) error {
	return func(s string) (err error) {
		*to, err = time.ParseDuration(s)
		if err == nil && *to < 0 {
			err = fmt.Errorf("use 0s or more")
		}
		return err
	}
}

func count(to *int, limit int) func(string) error {
	return func(s string) (err error) {
		*to, err = strconv.Atoi(s)
		if err == nil && (*to < 0 || *to > limit) {
			err = fmt.Errorf("use 0 to %d", limit)
		}
		return err
	}
}

func oneOf(to *string, allowed ...string) func(string) error {
	return func(s string) error {
		for _, a := range allowed {
			if s == a {
				*to = s
				return nil
			}
		}
		return fmt.Errorf("use one of %v", allowed)
	}
}

// size reads bytes, with KiB or MiB behind the number if wanted.
func size(to *int64) func(string) error {
	return func(s string) error {
		unit := int64(1)
		for name, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
			if number, found := strings.CutSuffix(s, name); found {
				s, unit = number, bytes
				break
			}
		}
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil {
			return err
		}
		if n < 0 || n*unit > maxWrite {
			return fmt.Errorf("use 0 to %d bytes", int64(maxWrite))
		}
		*to = n * unit
		return nil
	}
}
