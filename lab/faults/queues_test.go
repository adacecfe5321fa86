//go:build linux

package faults

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/job"
)

// The names of the topology. They are written down here once more because
// operators know them: a change breaks what runs.
const (
	exchangeJobs = "studycast.jobs"
	exchangeDead = "studycast.dead"
)

var delays = map[job.Kind][]int{job.Video: {250, 500, 1000}, job.Audio: {250}}

// queues lists all queues of the topology but those of dead letters.
func queues() []string {
	var all []string
	for _, kind := range job.Kinds() {
		all = append(all, kind.Queue())
		for _, ms := range delays[kind] {
			all = append(all, fmt.Sprintf("%s.retry.%d", kind.Queue(), ms))
		}
	}
	return all
}

func deadQueues() []string {
	var all []string
	for _, kind := range job.Kinds() {
		all = append(all, kind.Queue()+".dead")
	}
	return all
}

// manage runs f on a channel of an operator.
func (r *rig) manage(f func(ch *amqp.Channel) error) error {
	conn, err := amqp.Dial(r.URLs.Broker)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	return f(ch)
}

// waiting counts the messages of queues that wait for a consumer.
func (r *rig) waiting(names ...string) (n int, err error) {
	err = r.manage(func(ch *amqp.Channel) error {
		for _, name := range names {
			q, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
			if err != nil {
				return err
			}
			n += q.Messages
		}
		return nil
	})
	return n, err
}

// consumers counts those of a queue.
func (r *rig) consumers(name string) (n int, err error) {
	err = r.manage(func(ch *amqp.Channel) error {
		q, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
		n = q.Consumers
		return err
	})
	return n, err
}

// drained waits until no queue holds a message that waits.
func (r *rig) drained(t *testing.T) {
	t.Helper()
	if r.Broker == nil {
		return // the one process holds its queues
	}
	all := append(queues(), deadQueues()...)
	var n int
	var err error
	eventually(t, "messages are left in the queues", func() bool {
		n, err = r.waiting(all...)
		return err == nil && n == 0
	})
}

// requireNoMessages waits until no queue of the node holds a message, in hand
// and hidden ones included.
func (r *rig) requireNoMessages(t *testing.T) {
	t.Helper()
	if r.Broker == nil {
		return
	}
	began := time.Now()
	var held []string
	eventually(t, "messages are left on the broker", func() bool {
		var err error
		held, err = r.held(context.Background())
		return err == nil && len(held) == 0
	})
	t.Logf("the broker is empty after %s %v", time.Since(began).Round(time.Millisecond), held)
}

// held lists the queues that hold messages, as "name=count".
func (r *rig) held(ctx context.Context) ([]string, error) {
	text, err := r.Broker.Eval(ctx, countMessages)
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(strings.Trim(strings.TrimSpace(text), "[]\""))
	if len(fields) < len(queues()) {
		return nil, fmt.Errorf("rabbitmqctl says %q", text)
	}
	return slices.DeleteFunc(fields, func(f string) bool { return strings.HasSuffix(f, "=0") }), nil
}

// countMessages lists all queues with all their messages, as "name=count".
const countMessages = `string:join([binary_to_list(element(4, N)) ++ "=" ++ integer_to_list(M) || ` +
	`[{name, N}, {messages, M}] <- rabbit_amqqueue:info_all(<<"/">>, [name, messages])], " ").`
