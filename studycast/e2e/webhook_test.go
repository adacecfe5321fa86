package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

// TestWebhookOfALesson: the receiver of an owner is down when a lesson is done
// and hears of it, signed, once it is up.
func TestWebhookOfALesson(t *testing.T) {
	t.Parallel()
	s := started(t)
	c := s.client(t)
	notices := make(chan client.Notice, 10)
	var secret atomic.Value
	var asked atomic.Int32
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := client.ReadNotice(r, secret.Load().(string))
		switch {
		case err != nil:
			w.WriteHeader(http.StatusUnauthorized)
		case n.Type != "ping" && asked.Add(1) == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			notices <- n
		}
	}))
	t.Cleanup(func() {
		receiver.CloseClientConnections()
		receiver.Close()
	})
	made, err := c.NewWebhook(t.Context(), client.Webhook{URL: receiver.URL + "/hook", Kinds: []string{"audio"}})
	require.NoError(t, err)
	secret.Store(made.Secret)
	ping, err := c.TestWebhook(t.Context(), made.ID)
	require.NoError(t, err)
	require.Equal(t, ping.ID, await(t, notices).ID)

	id := s.submitText(t, "audio", prose)
	n := await(t, notices)
	require.Equal(t, "job.succeeded", n.Type)
	done := s.job(t, id)
	require.Equal(t, []any{done.ID, done.State, done.Title, done.Version}, []any{n.Job.ID, n.Job.State, n.Job.Title, n.Job.Version})
	require.Empty(t, n.Job.Source)
	require.Eventually(t, func() bool {
		for call, err := range c.WebhookCalls(t.Context(), made.ID) {
			require.NoError(t, err)
			return call.ID == n.ID && call.State == "delivered" && call.Tries == 2
		}
		return false
	}, jobLimit, tick)
	require.NotContains(t, s.logs.String(), strings.TrimPrefix(made.Secret, "whsec_"))
	s.stop(t)
}

func await(t *testing.T, notices <-chan client.Notice) client.Notice {
	t.Helper()
	select {
	case n := <-notices:
		return n
	case <-time.After(jobLimit):
		require.FailNow(t, "no notice arrives")
		return client.Notice{}
	}
}
