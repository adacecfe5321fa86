package doctor

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/studycast/studycast/core/tables"
	deadletter "github.com/studycast/studycast/services/deadletter/app"
	serving "github.com/studycast/studycast/services/status/app"
)

// How far clocks may differ: a lease lasts 10 s, and users see the times.
const (
	offWarning = time.Second
	offFailure = 5 * time.Second
)

// clock asks one machine for its time; step is how coarse the answer is.
type clock struct {
	name string
	step time.Duration
	ask  func(ctx context.Context) (time.Time, error)
}

// clocksOf lists who can be asked. One that does not answer is the business of
// another check.
func (o Options) clocksOf() []clock {
	all := []clock{{"the gateway", time.Second, func(ctx context.Context) (time.Time, error) {
		_, _, date, err := o.ask(ctx, "/healthz")
		if err != nil {
			return time.Time{}, err
		}
		return http.ParseTime(date)
	}}}
	if !o.embedded() {
		for _, address := range append(replicas(o.StatusAddress), replicas(o.DeadLetterAddress)...) {
			all = append(all, clock{address, 0, func(ctx context.Context) (time.Time, error) { return o.health(ctx, address) }})
		}
	}
	database := func(name, address string, look func(context.Context, string) (tables.State, error)) {
		if filePath(address) == "" {
			all = append(all, clock{name, 0, func(ctx context.Context) (time.Time, error) {
				s, err := look(ctx, address)
				return s.Clock, err
			}})
		}
	}
	database("the database of the status service", o.StoreURL, serving.Schema)
	if o.DeadLetterStoreURL != o.StoreURL {
		database("the database of the dead-letter service", o.DeadLetterStoreURL, deadletter.Schema)
	}
	return all
}

func (o Options) clocks(ctx context.Context) finding {
	var says []string
	var f finding
	for _, c := range o.clocksOf() {
		off, known := o.measure(ctx, c)
		if !known {
			continue
		}
		says = append(says, c.name)
		wrong := fmt.Sprintf("the clock of %s is %v %s that of this machine", c.name, off.Abs().Round(100*time.Millisecond), direction(off))
		remedy := "set the clock of the machine that is wrong by the network: timedatectl set-ntp true; timedatectl timesync-status tells whether it holds"
		switch {
		case off.Abs() > offFailure:
			f.fail(wrong, remedy)
		case off.Abs() > offWarning:
			f.warn(wrong, remedy)
		}
	}
	if len(says) == 0 {
		return skip("there is no other clock to compare with")
	}
	f.says = "compared with " + strings.Join(says, ", ")
	return f
}

// measure returns how far another clock is ahead of ours, as far as that is
// sure: the answer was given at some time between the question and now.
func (o Options) measure(ctx context.Context, c clock) (off time.Duration, known bool) {
	before := o.Now()
	there, _ := c.ask(ctx) // a program that is not ready tells its time all the same
	after := o.Now()
	if there.IsZero() {
		return 0, false
	}
	switch {
	case there.Add(c.step).Before(before):
		return there.Add(c.step).Sub(before), true
	case there.After(after):
		return there.Sub(after), true
	}
	return 0, true
}

func direction(off time.Duration) string {
	if off < 0 {
		return "behind"
	}
	return "ahead of"
}
