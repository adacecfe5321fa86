//go:build linux

package letters

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/local"
)

// together is how many submissions are under way at once.
const together = 16

// submit asks for n lessons as somebody, and returns their ids.
func (r *rig) submit(by *client.Client, n int, request func(i int) client.Request) []string {
	r.t.Helper()
	ids := make([]string, n)
	g, ctx := errgroup.WithContext(r.t.Context())
	g.SetLimit(together)
	for i := range n {
		g.Go(func() error {
			j, err := by.Submit(ctx, request(i))
			ids[i] = j.ID
			return err
		})
	}
	require.NoError(r.t, g.Wait())
	return ids
}

// pages asks for videos of pages of a site.
func pages(site string) func(i int) client.Request {
	return func(i int) client.Request {
		return client.Request{Kind: client.Video, Source: client.Source{URL: fmt.Sprintf("%s/page/%d", site, i)}}
	}
}

// texts asks for audio overviews of short texts.
func texts(about string) func(i int) client.Request {
	return func(i int) client.Request {
		return client.Request{
			Kind: client.Audio, Options: client.Options{Length: "short"},
			Source: client.Source{Text: fmt.Sprintf("# %s, part %d\n\n%s", about, i, lesson)},
		}
	}
}

// maker is the program that makes audio overviews.
func (r *rig) maker() *local.Program { return r.first(local.AudioWorker, local.Single) }

// dead waits until so many letters are there and returns their groups, largest
// first.
func (r *rig) dead(want int, f deadletterclient.Filter) []deadletterclient.Group {
	r.t.Helper()
	var groups []deadletterclient.Group
	n := 0
	defer func() { // only when it failed
		if n != want {
			r.t.Logf("%d letters instead of %d: %+v", n, want, groups)
		}
	}()
	r.eventually("the letters are not there", func() bool {
		page, err := r.olga.letters.Groups(r.t.Context(), f)
		groups, n = page.Groups, 0
		for _, g := range groups {
			n += g.Letters
		}
		return err == nil && n == want
	})
	return groups
}

// trapped has jobs killed with their worker: each time as many as the worker
// runs at once are at work when it is gone.
func (r *rig) trapped(s *site, rounds, slots int) {
	r.t.Helper()
	for round := range rounds {
		ids := r.submit(r.school, slots, func(i int) client.Request {
			return client.Request{Kind: client.Audio, Source: client.Source{URL: fmt.Sprintf("%s/trap/%d-%d", s.url, round, i)}}
		})
		for range ids {
			<-s.trapped
		}
		// What is known of an attempt that was killed is what its worker told in time.
		r.eventually("not all jobs are seen to fetch", func() bool {
			page, err := r.school.Page(r.t.Context(), client.Filter{States: []string{client.Running}, Kind: client.Audio, PageSize: 200})
			fetching := 0
			for _, j := range page.Jobs {
				if j.Stage == "fetch" {
					fetching++
				}
			}
			return err == nil && fetching == slots
		})
		require.NoError(r.t, r.maker().Kill())
		r.begin(r.maker())
	}
}

// malformed puts messages into the queue of videos that no program of ours can
// read. The one process must not run meanwhile: its queue is its own.
func (r *rig) malformed(n int) {
	r.t.Helper()
	publish := r.onRabbitMQ
	if r.Broker == nil {
		publish = r.onFile
	}
	publish(n, func(i int) []byte {
		begin := []string{`{"kind":`, "<job id=", "\xff\xfe\x00\x01", "GIF89a"}
		return []byte(begin[i%len(begin)] + strings.Repeat("x", i))
	})
}

func (r *rig) onRabbitMQ(n int, body func(i int) []byte) {
	conn, err := amqp.Dial(r.URLs.Broker)
	require.NoError(r.t, err)
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	require.NoError(r.t, err)
	require.NoError(r.t, ch.Confirm(false))
	for i := range n {
		sent, err := ch.PublishWithDeferredConfirm("", job.Video.Queue(), true, false, amqp.Publishing{
			MessageId: uuid.NewString(), DeliveryMode: amqp.Persistent, ContentType: "application/json", Body: body(i),
		})
		require.NoError(r.t, err)
		require.True(r.t, sent.Wait())
	}
}

func (r *rig) onFile(n int, body func(i int) []byte) {
	d, err := backend.OpenBroker(r.t.Context(), "sqlite:"+filepath.Join(r.dir, "system", "run", "studycast-0", "queue.db"),
		job.DefaultPolicies(), backend.BrokerOptions{})
	require.NoError(r.t, err)
	b := broker.New(d, broker.Options{})
	for i := range n {
		require.NoError(r.t, b.Publish(r.t.Context(), job.Video.Queue(), broker.Message{ID: uuid.NewString(), Kind: "video", Body: body(i)}))
	}
	require.NoError(r.t, b.Close(context.WithoutCancel(r.t.Context())))
}

// voice makes a command that says every sentence as one short tone, so that a
// lesson costs little.
func voice(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	tone, command := filepath.Join(dir, "tone.wav"), filepath.Join(dir, "voice")
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=frequency=300:duration=0.05", "-ar", "16000", "-ac", "1", tone).CombinedOutput()
	require.NoError(t, err, "install the Debian package ffmpeg: %s", out)
	require.NoError(t, os.WriteFile(command, fmt.Appendf(nil, "#!/bin/sh\ncat >/dev/null\nexec cp %q \"$1\"\n", tone), 0o700))
	return command + " {output}"
}
