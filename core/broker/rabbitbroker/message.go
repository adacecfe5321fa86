package rabbitbroker

import (
	"fmt"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/fault"
)

// AMQP headers of a message. What the message calls headers is one table
// inside: some names mean something to the server ("CC", "x-…"), and what the
// server adds must not come back as the message's.
const (
	fieldAttempt     = "studycast-attempt"
	fieldSchema      = "studycast-schema"
	fieldOwner       = "studycast-owner"
	fieldNotBefore   = "studycast-not-before" // RFC 3339
	fieldPublished   = "studycast-published"  // RFC 3339
	fieldTraceparent = "traceparent"
	fieldHeaders     = "studycast-headers"
)

// Headers that the server adds.
const (
	serverDeliveryCount = "x-delivery-count"
	serverDeaths        = "x-death" // the last one first
	serverFirstReason   = "x-first-death-reason"
	reasonLimit         = "delivery_limit"
)

// encode makes what is sent. It shares the body with m.
func encode(m driver.Message, published time.Time) amqp.Publishing {
	t := amqp.Table{
		fieldAttempt: int64(m.Attempt), fieldSchema: int64(m.Schema), fieldOwner: m.Owner,
		fieldPublished: published.UTC().Format(time.RFC3339Nano),
	}
	if len(m.Headers) > 0 {
		headers := make(amqp.Table, len(m.Headers))
		for name, value := range m.Headers {
			headers[name] = value
		}
		t[fieldHeaders] = headers
	}
	if m.Traceparent != "" {
		t[fieldTraceparent] = m.Traceparent
	}
	if !m.NotBefore.IsZero() {
		t[fieldNotBefore] = m.NotBefore.UTC().Format(time.RFC3339Nano)
	}
	return amqp.Publishing{
		MessageId: m.ID, Type: m.Kind, Timestamp: published, DeliveryMode: amqp.Persistent, Headers: t, Body: m.Body,
	}
}

// decode reads a message. What is missing or of another type stays zero: a
// message that somebody else put there must come to a handler that can make a
// dead letter of it.
func decode(d amqp.Delivery) (m driver.Message, published time.Time) {
	m = driver.Message{
		ID: d.MessageId, Kind: d.Type, Attempt: number(d.Headers, fieldAttempt), Schema: number(d.Headers, fieldSchema),
		Traceparent: text(d.Headers, fieldTraceparent), Owner: text(d.Headers, fieldOwner),
		NotBefore: moment(d.Headers, fieldNotBefore), Body: d.Body,
	}
	if headers, ok := d.Headers[fieldHeaders].(amqp.Table); ok && len(headers) > 0 {
		m.Headers = make(map[string]string, len(headers))
		for name := range headers {
			m.Headers[name] = text(headers, name)
		}
	}
	if _, ours := d.Headers[fieldPublished]; !ours {
		m.Headers = foreign(d.Headers)
	}
	return m, moment(d.Headers, fieldPublished)
}

// foreign keeps the headers of a message that no program of ours published:
// whoever looks at its dead letter needs them.
func foreign(t amqp.Table) map[string]string {
	headers := make(map[string]string)
	for name, value := range t {
		if !strings.HasPrefix(name, "x-") {
			headers[name] = fmt.Sprint(value)
		}
	}
	return headers
}

// handedOut is how often the message was handed out; 0 = not known. The
// server's count is only good after the first time: it may carry on that of an
// earlier queue.
func handedOut(d amqp.Delivery) int {
	if !d.Redelivered {
		return 1
	}
	if n := number(d.Headers, serverDeliveryCount); n > 0 {
		return n + 1
	}
	return 0
}

// explain gives a letter that the server itself took out of a queue the headers
// of one that a worker gave up.
func explain(m *driver.Message, d amqp.Delivery, queue string) {
	last := lastDeath(d.Headers)
	from, why := text(last, "queue"), text(last, "reason")
	if m.Headers[driver.HeaderDeadFault] != "" || why == "" {
		return
	}
	at, _ := last["time"].(time.Time)
	reason := driver.Reason{
		Fault: string(fault.Poison), Attempt: m.Attempt,
		Text: fmt.Sprintf("the server took it out of queue %s: %s", from, why),
	}
	if why == reasonLimit {
		reason.Text = fmt.Sprintf("handed out more than %d times without an answer", workLimit)
	}
	if queue == Unroutable {
		reason.Fault = string(fault.Dependency)
		reason.Text = fmt.Sprintf("the server took it out of queue %s (%s) and found no queue bound to exchange %s with key %s",
			from, why, d.Exchange, d.RoutingKey)
	}
	// Whatever was dead-lettered has its work queue as key.
	m.Headers = reason.Headers(m.Headers, driver.Origin{
		Queue: d.RoutingKey, Exchange: text(last, "exchange"), Key: firstKey(last),
	}, at)
}

// firstKey returns the routing key that a message had when it was taken out of
// a queue; "" = not known.
func firstKey(death amqp.Table) string {
	keys, _ := death["routing-keys"].([]any)
	if len(keys) == 0 {
		return ""
	}
	key, _ := keys[0].(string)
	return key
}

// lastDeath returns what the server noted when it took the message out of a
// queue, the last time; empty = it never did.
func lastDeath(t amqp.Table) amqp.Table {
	deaths, _ := t[serverDeaths].([]any)
	if len(deaths) == 0 {
		return nil
	}
	last, _ := deaths[0].(amqp.Table)
	return last
}

func text(t amqp.Table, name string) string {
	s, _ := t[name].(string)
	return s
}

func moment(t amqp.Table, name string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text(t, name))
	if err != nil {
		return time.Time{}
	}
	return at
}

func number(t amqp.Table, name string) int {
	switch n := t[name].(type) {
	case int64:
		return int(n)
	case int32:
		return int(n)
	case int16:
		return int(n)
	case int8:
		return int(n)
	}
	return 0
}
