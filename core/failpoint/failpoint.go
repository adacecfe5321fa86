// Package failpoint kills the process at a named moment, for fault tests of
// operators and of this project: random timing finds a bug between two steps
// once in a thousand runs, a failpoint every time.
package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Variable is the environment variable that FromEnv reads.
const Variable = "STUDYCAST_FAILPOINT"

// FromEnv returns a function that kills this process with SIGKILL, as kill -9
// does, when the moment that STUDYCAST_FAILPOINT names is passed: "name", or
// "name:n" for the n-th passing. It returns nil when the variable is not set,
// and an error when it is no such thing. The function may be called by many at
// once.
func FromEnv() (func(name string), error) {
	return parse(os.Getenv(Variable), func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
}

func parse(spec string, kill func()) (func(name string), error) {
	if spec == "" {
		return nil, nil //nolint:nilnil // no failpoint, and nothing wrong
	}
	want, nth, counted := strings.Cut(spec, ":")
	n := int64(1)
	if counted {
		var err error
		if n, err = strconv.ParseInt(nth, 10, 64); err != nil || n < 1 {
			return nil, fmt.Errorf("%s %q: use the name of a moment, or name:n for its n-th passing", Variable, spec)
		}
	}
	var passed atomic.Int64
	return func(name string) {
		if name == want && passed.Add(1) == n {
			kill()
		}
	}, nil
}
