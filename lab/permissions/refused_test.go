//go:build linux

package permissions

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// patience says when a test is stuck, not what is good.
const patience = time.Minute

// allowed is all that each user may do on the server: of every operation on
// every exchange and queue, its own and the server's. Who may take from a queue
// may empty it, too.
var allowed = map[string][]string{
	"gateway": {"publish to studycast.jobs"},
	"deadletter": {
		"publish to studycast.jobs",
		"take from studycast.unroutable", "empty studycast.unroutable",
		"take from video-generation.dead", "empty video-generation.dead",
		"take from audio-generation.dead", "empty audio-generation.dead",
		// The queue of what is unroutable bears the name of its exchange.
		"bind exchange studycast.jobs to studycast.unroutable",
	},
	"video-worker": {
		"publish to studycast.dead", "publish to studycast.jobs", "publish to studycast.retry",
		"take from video-generation", "empty video-generation",
	},
	"audio-worker": {
		"publish to studycast.dead", "publish to studycast.jobs", "publish to studycast.retry",
		"take from audio-generation", "empty audio-generation",
	},
	"doctor": {
		"publish to studycast.dead", "publish to studycast.jobs", "publish to studycast.retry",
		"make queue studycast.probe.x", "make exchange studycast.probe.x",
		"bind a probe to studycast.jobs", "bind a probe to studycast.retry",
		// It binds its own queues to these exchanges and sends through them.
		"bind exchange studycast.dead to studycast.jobs", "bind exchange studycast.dead to studycast.retry",
		"bind exchange studycast.jobs to studycast.jobs", "bind exchange studycast.jobs to studycast.retry",
		"bind exchange studycast.retry to studycast.jobs", "bind exchange studycast.retry to studycast.retry",
	},
}

// operation is something that somebody might do on a channel.
type operation struct {
	name string
	do   func(ch *amqp.Channel) error
}

// operations are all that are tried, with every exchange and queue there is.
func operations(d definitions) (list []operation) {
	add := func(name string, do func(ch *amqp.Channel) error) { list = append(list, operation{name, do}) }
	exchanges := []string{"", "amq.direct", "amq.topic", "amq.fanout", "amq.headers", "amq.match"}
	for _, x := range d.Exchanges {
		exchanges = append(exchanges, x.Name)
		add("delete exchange "+x.Name, func(ch *amqp.Channel) error { return ch.ExchangeDelete(x.Name, true, false) })
		add("declare exchange "+x.Name+" again", func(ch *amqp.Channel) error {
			return ch.ExchangeDeclare(x.Name, x.Type, true, false, false, false, x.Arguments)
		})
	}
	for _, x := range exchanges {
		add("publish to "+x, func(ch *amqp.Channel) error { return publish(ch, x) })
		if x != "" {
			add("bind a probe to "+x, func(ch *amqp.Channel) error { return bindProbe(ch, x) })
		}
		for _, to := range d.Exchanges {
			if x != "" {
				add("bind exchange "+to.Name+" to "+x, func(ch *amqp.Channel) error { return bindExchange(ch, to.Name, x) })
			}
		}
	}
	for _, q := range d.Queues {
		add("take from "+q.Name, func(ch *amqp.Channel) error { return take(ch, q.Name) })
		add("empty "+q.Name, func(ch *amqp.Channel) error { return discard(ch.QueuePurge(q.Name, false)) })
		add("delete queue "+q.Name, func(ch *amqp.Channel) error { return discard(ch.QueueDelete(q.Name, true, true, false)) })
		add("declare queue "+q.Name+" again", func(ch *amqp.Channel) error {
			return discard(ch.QueueDeclare(q.Name, true, false, false, false, amqp.Table{}))
		})
		for _, x := range exchanges[1:] {
			add("bind "+q.Name+" to "+x, func(ch *amqp.Channel) error { return ch.QueueBind(q.Name, "x", x, false, nil) })
		}
	}
	for _, b := range d.Bindings {
		source, queue, key := b["source"].(string), b["destination"].(string), b["routing_key"].(string)
		add("unbind "+queue+" from "+source, func(ch *amqp.Channel) error { return ch.QueueUnbind(queue, key, source, nil) })
	}
	for _, name := range []string{"", "mine", "studycast.jobs.mine", "studycast.probe.x"} {
		add("make queue "+name, func(ch *amqp.Channel) error {
			return discard(ch.QueueDeclare(name, false, true, true, false, nil))
		})
		if name != "" {
			add("make exchange "+name, func(ch *amqp.Channel) error {
				return ch.ExchangeDeclare(name, amqp.ExchangeFanout, false, true, false, false, nil)
			})
		}
	}
	return list
}

func discard[T any](_ T, err error) error { return err }

// publish sends something for which there is no queue. The server refuses by
// ending the channel.
func publish(ch *amqp.Channel, exchange string) error {
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	if err := ch.Confirm(false); err != nil {
		return err
	}
	sent, err := ch.PublishWithDeferredConfirm(exchange, "nobody", true, false, amqp.Publishing{Body: []byte("x")})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if stored, err := sent.WaitContext(ctx); err != nil || stored {
		return err
	}
	if why := <-closed; why != nil {
		return why
	}
	return nil
}

// take tries both ways to get messages.
func take(ch *amqp.Channel, queue string) error {
	if _, _, err := ch.Get(queue, false); err != nil {
		return err
	}
	return discard(ch.Consume(queue, "", false, false, false, false, nil))
}

// bindExchange leads what one exchange gets to another, for a moment.
func bindExchange(ch *amqp.Channel, to, from string) error {
	if err := ch.ExchangeBind(to, "nobody", from, false, nil); err != nil {
		return err
	}
	return ch.ExchangeUnbind(to, "nobody", from, false, nil)
}

// bindProbe listens in, as far as the user may make a queue.
func bindProbe(ch *amqp.Channel, exchange string) error {
	q, err := ch.QueueDeclare("studycast.probe.listener", false, true, true, false, nil)
	if err != nil {
		return err
	}
	return ch.QueueBind(q.Name, "x", exchange, false, nil)
}

func TestEachUserIsRefusedWhatItDoesNotNeed(t *testing.T) {
	tried := operations(server.shipped)
	require.Greater(t, len(tried), 150)
	require.Len(t, server.shipped.Users, len(allowed))
	for user, may := range allowed {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			conn, err := amqp.Dial(server.address(user))
			require.NoError(t, err)
			defer func() { require.NoError(t, conn.Close()) }()
			var done []string
			for _, op := range tried {
				ch, err := conn.Channel()
				require.NoError(t, err)
				if err = op.do(ch); err == nil {
					done = append(done, op.name)
					require.NoError(t, ch.Close())
					continue
				}
				var refusal *amqp.Error
				require.ErrorAs(t, err, &refusal, op.name)
				require.Equal(t, amqp.AccessRefused, refusal.Code, "%s: %v", op.name, err)
			}
			require.ElementsMatch(t, may, done)
		})
	}
}

func TestNobodyElseGetsIn(t *testing.T) {
	for what, url := range map[string]string{
		"the user that every new server has": server.UserURL("guest", "guest", vhost),
		"a wrong password":                   server.UserURL("gateway", server.passwords["doctor"], vhost),
		"no password":                        server.UserURL("gateway", "", vhost),
		"another virtual host":               server.UserURL("gateway", server.passwords["gateway"], "/"),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel() // the server takes its time to refuse
			_, err := amqp.DialConfig(url, amqp.Config{Dial: amqp.DefaultDial(patience)})
			var refusal *amqp.Error
			require.ErrorAs(t, err, &refusal)
			require.Contains(t, []int{amqp.AccessRefused, amqp.NotAllowed}, refusal.Code)
		})
	}
}

// Only the doctor may look at the server by the management API, and change
// nothing there.
func TestOnlyTheDoctorSeesTheServer(t *testing.T) {
	ask := func(user, method, path, body string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, server.Management()+"/api/"+path, strings.NewReader(body))
		require.NoError(t, err)
		req.SetBasicAuth(user, server.passwords[user])
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	for user := range allowed {
		want := http.StatusUnauthorized
		if user == "doctor" {
			want = http.StatusOK
		}
		require.Equal(t, want, ask(user, http.MethodGet, "overview", ""), user)
		require.Equal(t, want, ask(user, http.MethodGet, "bindings/studycast", ""), user)
	}
	for _, change := range []struct{ method, path, body string }{
		{http.MethodPut, "users/mallory", `{"password":"x","tags":"administrator"}`},
		{http.MethodPut, "users/doctor", `{"password":"x","tags":"administrator"}`},
		{http.MethodPut, "permissions/studycast/doctor", `{"configure":".*","write":".*","read":".*"}`},
		{http.MethodPut, "policies/studycast/short", `{"pattern":".*","definition":{"message-ttl":1}}`},
		{http.MethodDelete, "queues/studycast/video-generation", ""},
		{http.MethodDelete, "queues/studycast/video-generation/contents", ""},
		{http.MethodPost, "queues/studycast/video-generation/get", `{"count":1,"ackmode":"ack_requeue_false","encoding":"auto"}`},
		{http.MethodPost, "exchanges/studycast/amq.default/publish", `{"properties":{},"routing_key":"video-generation","payload":"x","payload_encoding":"string"}`},
		{http.MethodPost, "definitions", `{"users":[]}`},
	} {
		status := ask("doctor", change.method, change.path, change.body)
		require.GreaterOrEqual(t, status, http.StatusBadRequest, "%v", change)
		require.Less(t, status, http.StatusInternalServerError, "%v", change)
	}
}
