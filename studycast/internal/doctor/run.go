package doctor

import (
	"context"
	"slices"
	"sync"
	"time"
)

// runAll runs the checks side by side, each as soon as those that it needs have
// ended. A check that needs one which failed is skipped and says so.
func runAll(ctx context.Context, checks []check) Report {
	report := make(Report, len(checks))
	ended := make(map[string]chan struct{}, len(checks))
	at := make(map[string]int, len(checks))
	for i, c := range checks {
		ended[c.name], at[c.name] = make(chan struct{}), i
	}
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() {
			defer close(ended[c.name])
			missing := ""
			for _, need := range c.needs {
				<-ended[need]
				if s := report[at[need]].Status; missing == "" && (s == Failure || s == Skipped) {
					missing = need
				}
			}
			report[i] = c.result(ctx, missing)
		})
	}
	all.Wait()
	return report
}

// result runs the check within its time.
func (c check) result(ctx context.Context, missing string) Result {
	start := time.Now()
	limit := c.limit
	if limit == 0 {
		limit = checkTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	f := skip("it means nothing while " + missing + " is not in order")
	if missing == "" {
		f = c.run(ctx)
	}
	return Result{
		Name: c.name, Looks: c.looks, Status: f.status(), Says: f.says,
		Problems: slices.Concat(f.failures, f.warnings), Took: time.Since(start),
	}
}
