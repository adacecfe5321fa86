package cli

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// failpoint returns a function that kills this process without warning at the
// moment that STUDYCAST_FAILPOINT names, as "name" or "name:n" for the n-th
// time; nil when it is not set. Fault tests of operators and ours use it.
func failpoint() func(name string) {
	want, nth, _ := strings.Cut(os.Getenv("STUDYCAST_FAILPOINT"), ":")
	if want == "" {
		return nil
	}
	n, err := strconv.ParseInt(nth, 10, 64)
	if err != nil {
		n = 1
	}
	var met atomic.Int64
	return func(name string) {
		if name == want && met.Add(1) == n {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
}
