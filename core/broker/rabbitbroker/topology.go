package rabbitbroker

import (
	"strconv"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// Exchanges, all durable.
const (
	exchangeJobs  = "studycast.jobs"  // direct, key: the work queue
	exchangeRetry = "studycast.retry" // direct, key: the work queue, a dot, the delay in ms
	exchangeDead  = "studycast.dead"  // direct, key: the work queue
	// exchangeUnroutable is the alternate exchange of the others: it gets what
	// none of their queues takes.
	exchangeUnroutable = Unroutable
)

// Unroutable is the queue of messages that the server itself took out of a
// queue, at the end of a delay or over the delivery limit, and could put into
// no other one because a binding or a queue is missing. Subscribe takes its
// name; its messages are dead letters.
//
// An alternate exchange that took everything would also swallow a publisher's
// message: the server then never returns it as unroutable, and the publisher
// believes it stored in its queue. So the alternate exchange looks at headers
// and takes only what carries the mark of a dead-lettering, which the server
// sets and which no message of ours has when it is published. A publisher's
// message finds no queue there either, comes back (312 NO_ROUTE) and Publish
// fails, while the publisher still has it and can try again. Seen on 3.10.8 and
// 4.0.5. Should a later server mark its messages otherwise, they stay in the
// queue they come from, where at-least-once dead-lettering tries again every
// three minutes, but where nobody sees them: that is what happens without an
// alternate exchange.
const Unroutable = "studycast.unroutable"

const (
	// workLimit is how many hand-outs without an answer a message survives; it
	// is the net under the attempts that the worker counts. Lost connections
	// count too, so it is far above these.
	workLimit = 8
	// deadLimit must be set: servers from 4.0 on delete a dead letter that was
	// looked at more than 20 times, and "no limit" means none on some versions
	// and "lose it at once" on others.
	deadLimit = 1_000_000
)

// topology is what the server must have.
type topology struct {
	exchanges []exchangeSpec
	queues    []queueSpec
}

// exchangeSpec is one exchange on the server.
type exchangeSpec struct {
	name, kind string
	arguments  amqp.Table
}

// queueSpec is one queue on the server, bound to one exchange.
type queueSpec struct {
	name, exchange string
	arguments      amqp.Table
	bindings       []bindingSpec
}

// bindingSpec is a binding of a queue to its exchange.
type bindingSpec struct {
	key       string
	arguments amqp.Table
}

// topologyOf derives everything from the work queues. What receives comes
// before what sends, so that a dead letter never finds no queue.
func topologyOf(queues []driver.Queue) topology {
	t := topology{
		exchanges: []exchangeSpec{{exchangeUnroutable, amqp.ExchangeHeaders, nil}},
		queues:    []queueSpec{unroutable()},
	}
	for _, name := range []string{exchangeDead, exchangeJobs, exchangeRetry} {
		t.exchanges = append(t.exchanges, exchangeSpec{name, amqp.ExchangeDirect, amqp.Table{
			"alternate-exchange": exchangeUnroutable,
		}})
	}
	for _, q := range queues {
		t.queues = append(t.queues, specs(q)...)
	}
	return t
}

// unroutable is the queue of the alternate exchange. Its bindings name every
// reason for which a server takes a message out of a queue.
func unroutable() queueSpec {
	spec := queueSpec{name: Unroutable, exchange: exchangeUnroutable, arguments: keptForever()}
	for _, reason := range []string{reasonLimit, "expired", "maxlen", "rejected"} {
		spec.bindings = append(spec.bindings, bindingSpec{reason, amqp.Table{
			"x-match": "all-with-x", serverFirstReason: reason,
		}})
	}
	return spec
}

// specs lists the queues of a work queue: dead, work, one per delay.
func specs(q driver.Queue) []queueSpec {
	list := []queueSpec{
		{driver.DeadQueue(q.Name), exchangeDead, keptForever(), []bindingSpec{{key: q.Name}}},
		{q.Name, exchangeJobs, safeDeadLettering(exchangeDead, q.Name, amqp.Table{
			"x-delivery-limit": int64(workLimit),
		}), []bindingSpec{{key: q.Name}}},
	}
	for _, d := range levelsOf(q.Delays) {
		list = append(list, queueSpec{
			retryQueue(q.Name, d), exchangeRetry,
			safeDeadLettering(exchangeJobs, q.Name, amqp.Table{"x-message-ttl": d.Milliseconds()}),
			[]bindingSpec{{key: retryKey(q.Name, d)}},
		})
	}
	return list
}

// retryKey is the routing key of a delay.
func retryKey(queue string, delay time.Duration) string {
	return queue + "." + strconv.FormatInt(delay.Milliseconds(), 10)
}

// retryQueue holds the delay in its name, because the delay of a queue that
// exists can't be changed.
func retryQueue(queue string, delay time.Duration) string {
	return queue + ".retry." + strconv.FormatInt(delay.Milliseconds(), 10)
}

// keptForever are the arguments of a queue that only an ack empties.
func keptForever() amqp.Table {
	return amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeQuorum, "x-delivery-limit": int64(deadLimit)}
}

// safeDeadLettering adds the arguments under which a message that leaves the
// queue is kept until it has arrived. Without them every message whose delay
// ends while the server is down is lost.
func safeDeadLettering(exchange, key string, t amqp.Table) amqp.Table {
	t[amqp.QueueTypeArg] = amqp.QueueTypeQuorum
	t["x-dead-letter-exchange"] = exchange
	t["x-dead-letter-routing-key"] = key
	t["x-dead-letter-strategy"] = "at-least-once"
	t["x-overflow"] = "reject-publish"
	return t
}
