//go:build linux

package permissions

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/job"
)

// arrival bounds the wait for a message that may never come.
const arrival = 10 * time.Second

// needs says what of a user's work takes a right.
var needs = map[string]func(ctx context.Context, user, name string) error{
	"gateway write studycast.jobs":    publishes,
	"deadletter write studycast.jobs": publishes,
	"deadletter read":                 consumes,
	"video-worker read":               consumes,
	"audio-worker read":               consumes,
	"video-worker write":              settles(job.Video),
	"audio-worker write":              settles(job.Audio),
	"doctor configure":                examines,
	"doctor write":                    examines,
	"doctor read":                     examines,
}

// work finds what takes a right.
func (l lessened) work() func(ctx context.Context, user, name string) error {
	if f := needs[l.of+" "+l.right+" "+l.name]; f != nil {
		return f
	}
	return needs[l.of+" "+l.right]
}

// With one right less the work for which it is there fails; with all it doesn't.
func TestEachRightIsNeeded(t *testing.T) {
	require.GreaterOrEqual(t, len(server.lessened), 20)
	chains := map[string][]lessened{}
	for _, l := range server.lessened {
		chains[l.of] = append(chains[l.of], l)
	}
	for user, chain := range chains {
		t.Run(user, func(t *testing.T) {
			if user != "deadletter" { // it takes what others send
				t.Parallel()
			}
			for _, l := range chain {
				work := l.work()
				require.NotNil(t, work, "nothing tries what the right is for: %+v", l)
				require.NoError(t, work(t.Context(), user, l.name), "with all rights: %+v", l)
				require.Error(t, work(t.Context(), l.user, l.name), "without the right: %+v", l)
			}
		})
	}
}

// A publisher without the right learns why, and an operator with it.
func TestRefusedPublishTellsTheRight(t *testing.T) {
	for _, l := range server.lessened {
		if l.of == "gateway" {
			err := publishes(t.Context(), l.user, l.name)
			require.ErrorIs(t, err, driver.ErrOutcomeUnknown)
			require.ErrorContains(t, err, "ACCESS_REFUSED")
			require.ErrorContains(t, err, "studycast.jobs")
			return
		}
	}
	require.Fail(t, "the gateway has no right")
}

// open connects as a program in production does.
func open(ctx context.Context, user string) (driver.Broker, error) {
	return backend.OpenBroker(ctx, server.address(user), job.DefaultPolicies(), backend.BrokerOptions{Name: user, Verify: true})
}

func shut(b driver.Broker, err *error) {
	*err = errors.Join(*err, b.Close(context.Background()))
}

// publishes sends a message to a queue that nobody works off meanwhile.
func publishes(ctx context.Context, user, _ string) (err error) {
	b, err := open(ctx, user)
	if err != nil {
		return err
	}
	defer shut(b, &err)
	return b.Publish(ctx, job.Video.Queue(), driver.Message{ID: uuid.NewString()})
}

// consumes subscribes to a queue.
func consumes(ctx context.Context, user, queue string) (err error) {
	b, err := open(ctx, user)
	if err != nil {
		return err
	}
	defer shut(b, &err)
	c, err := b.Subscribe(ctx, queue, 1, func(driver.Delivery) {})
	if err != nil {
		return err
	}
	if !c.Ready() {
		return fmt.Errorf("%s can't consume %s", user, queue)
	}
	return nil
}

// settles has a worker end deliveries in the way that needs an exchange.
func settles(kind job.Kind) func(ctx context.Context, user, exchange string) error {
	return func(ctx context.Context, user, exchange string) (err error) {
		b, err := open(ctx, user)
		if err != nil {
			return err
		}
		defer shut(b, &err)
		gateway, err := open(ctx, "gateway")
		if err != nil {
			return err
		}
		defer shut(gateway, &err)
		id := uuid.NewString()
		if err := gateway.Publish(ctx, kind.Queue(), driver.Message{ID: id}); err != nil {
			return err
		}
		ours, others := make(chan driver.Delivery, 1), make(chan driver.Delivery, 64)
		if _, err := b.Subscribe(ctx, kind.Queue(), 64, func(d driver.Delivery) {
			if d.Message.ID == id {
				ours <- d
				return
			}
			others <- d // from other tests, in hand until the end
		}); err != nil {
			return err
		}
		return settle(ctx, exchange, ours)
	}
}

// releases is how often a message is given back: more often than the server's
// limit lets it without a copy.
const releases = 12

func settle(ctx context.Context, exchange string, arrived <-chan driver.Delivery) error {
	next := func() (driver.Delivery, error) {
		select {
		case d := <-arrived:
			return d, nil
		case <-time.After(arrival):
			return driver.Delivery{}, errors.New("the message is not there any more")
		}
	}
	d, err := next()
	if err != nil {
		return err
	}
	switch exchange {
	case "studycast.retry":
		return d.Settler.Retry(ctx, time.Millisecond, 2)
	case "studycast.dead":
		return d.Settler.Dead(ctx, driver.Reason{Fault: "internal", Text: "tried"})
	}
	for range releases {
		if err := d.Settler.Release(ctx); err != nil {
			return err
		}
		if d, err = next(); err != nil {
			return err
		}
	}
	return d.Settler.Ack(ctx)
}

// examines asks all that the doctor asks over AMQP, with delays that are worth
// waiting for: it makes their queues itself.
func examines(ctx context.Context, user, _ string) error {
	ps := job.DefaultPolicies()
	for kind, p := range ps {
		p.Retries, p.Backoff = 1, 100*time.Millisecond
		ps[kind] = p
	}
	e, err := backend.Examine(ctx, server.address(user), ps, backend.BrokerOptions{Name: user})
	if err != nil {
		return err
	}
	defer e.Close()
	if err := e.Confirms(ctx); err != nil {
		return err
	}
	if err := e.Unroutable(ctx); err != nil {
		return err
	}
	trips, err := e.Delays(ctx, time.Second)
	if err != nil {
		return err
	}
	if len(trips) == 0 {
		return errors.New("no delay was tried")
	}
	for _, trip := range trips {
		if trip.Took == 0 {
			return fmt.Errorf("the probe of %s was lost", trip.Queue)
		}
	}
	return nil
}
