package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/sqlitefile"
)

// fileChecks examine the embedded queue.
func (o Options) fileChecks() []check {
	path := filePath(o.BrokerURL)
	if path == "" {
		return nil
	}
	return []check{
		{name: "broker.file", looks: "the file of the embedded queue and who owns it", run: func(context.Context) finding { return o.owner(path) }},
		schemaCheck("broker.store", "the version of the tables of the embedded queue", "DATA_DIR", path, backend.QueueSchema),
		{
			name: "broker.delays", looks: "a round trip through a queue like the embedded one, with every delay",
			limit: longestTrip + checkTime, run: func(ctx context.Context) finding { return o.fileTrips(ctx, path) },
		},
	}
}

func (o Options) owner(path string) finding {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return o.notYet(filepath.Dir(path))
	}
	used, err := sqlitefile.InUse(path)
	switch {
	case err != nil:
		return fail(oneLine(err), "give the programs' user the right to read and write "+path+" and its .lock")
	case used:
		return saw("a running server owns it")
	}
	return saw("no server runs on it")
}

// fileTrips tries a queue of its own beside the embedded one, on the same file
// system. Nobody else can open that one, and it may hold jobs.
func (o Options) fileTrips(ctx context.Context, path string) (f finding) {
	if o.Quick {
		return skip("left out by --quick")
	}
	dir, err := os.MkdirTemp(nearest(filepath.Dir(path)), ".studycast-doctor-")
	if err != nil {
		return fail(oneLine(err), "give the programs' user the right to write in "+filepath.Dir(path))
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			f.warn(oneLine(err), "remove the folder "+dir)
		}
	}()
	ps := o.Policies.Policies()
	b, err := backend.OpenBroker(ctx, "sqlite:"+filepath.Join(dir, "queue.db"), ps, backend.BrokerOptions{Logger: o.Logger})
	if err != nil {
		return fail(oneLine(err), "the file system must know locks and memory maps, as local ones do: move DATA_DIR there")
	}
	trips, err := sendTrips(ctx, b, ps)
	if err := errors.Join(err, b.Close(context.WithoutCancel(ctx))); err != nil {
		return fail(oneLine(err), "look at the file system of "+filepath.Dir(path)+": dmesg, df")
	}
	return judge(trips, o.longer())
}

// sendTrips sends a message with each delay of each queue through a broker that
// nobody else has, and takes it out again.
func sendTrips(ctx context.Context, b driver.Broker, ps job.Policies) ([]backend.Trip, error) {
	var mu sync.Mutex
	var trips []backend.Trip
	var sent []time.Time
	arrived := make(chan struct{}, 64)
	for _, q := range ps.Queues() {
		_, err := b.Subscribe(ctx, q.Name, 64, func(d driver.Delivery) {
			now := time.Now()
			mu.Lock()
			trips[d.Message.Attempt].Took = max(now.Sub(sent[d.Message.Attempt]), 1)
			mu.Unlock()
			_ = d.Settler.Ack(ctx) // the queue goes as a whole
			arrived <- struct{}{}
		})
		if err != nil {
			return nil, err
		}
		for _, delay := range append([]time.Duration{0}, q.Delays...) {
			if delay > longestTrip {
				continue
			}
			now := time.Now()
			mu.Lock()
			n := len(trips)
			trips, sent = append(trips, backend.Trip{Queue: q.Name, Delay: delay}), append(sent, now)
			mu.Unlock()
			m := driver.Message{ID: fmt.Sprint("probe-", n), Kind: "probe", Attempt: n, Owner: "doctor", Body: []byte("probe")}
			if delay > 0 {
				m.NotBefore = now.Add(delay)
			}
			if err := b.Publish(ctx, q.Name, m); err != nil {
				return nil, err
			}
		}
	}
	limit := time.NewTimer(longestTrip + checkTime/3)
	defer limit.Stop()
	for range trips {
		select {
		case <-arrived:
		case <-limit.C: // what did not come has no time
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(trips), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return trips, nil
}
