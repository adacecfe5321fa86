package doctor

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/backend"
)

func TestChecksWaitForThoseTheyNeed(t *testing.T) {
	t.Parallel()
	var order []string
	checks := []check{
		{name: "c", needs: []string{"b"}, run: func(context.Context) finding { order = append(order, "c"); return saw("c") }},
		{name: "b", needs: []string{"a"}, run: func(context.Context) finding { order = append(order, "b"); return warn("b", "mend b") }},
		{name: "a", run: func(context.Context) finding { order = append(order, "a"); return saw("a") }},
		{name: "d", run: func(context.Context) finding { return fail("d", "mend d") }},
		{name: "e", needs: []string{"a", "d"}, run: func(context.Context) finding { return saw("never") }},
		{name: "f", needs: []string{"e"}, run: func(context.Context) finding { return saw("never") }},
	}
	r := runAll(t.Context(), checks)
	require.Equal(t, []string{"a", "b", "c"}, order)
	var got []Status
	for i, one := range r {
		require.Equal(t, checks[i].name, one.Name, "the order is that of the list")
		got = append(got, one.Status)
	}
	require.Equal(t, []Status{OK, Warning, OK, Failure, Skipped, Skipped}, got)
	require.Equal(t, "it means nothing while d is not in order", r[4].Says)
	require.False(t, r.Healthy())
	require.True(t, r[:3].Healthy(), "a warning is no failure")
}

func TestCheckEndsInTime(t *testing.T) {
	t.Parallel()
	c := check{name: "slow", limit: time.Millisecond, run: func(ctx context.Context) finding {
		<-ctx.Done()
		return fail(oneLine(ctx.Err()), "wait")
	}}
	require.Equal(t, Failure, runAll(t.Context(), []check{c})[0].Status)
}

// The password of a connection with TLS never goes out without it.
func TestManagementAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"amqp://u:p@rabbit:5672/":  "http://rabbit:15672",
		"amqps://u:p@rabbit:5671/": "https://rabbit:15671",
		"amqp://u:p@[::1]:5672/":   "http://[::1]:15672",
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, want, managementOf(u, u.Host))
	}
}

func TestJudgeDelays(t *testing.T) {
	t.Parallel()
	trip := func(took time.Duration) finding {
		return judge([]backend.Trip{{Queue: "q.retry.5000", Delay: 5 * time.Second, Took: took}}, 0)
	}
	require.Equal(t, OK, trip(5040*time.Millisecond).status())
	require.Equal(t, OK, trip(4990*time.Millisecond).status())
	require.Equal(t, Failure, trip(0).status())
	require.Equal(t, Failure, trip(time.Second).status())
	require.Equal(t, Warning, trip(8*time.Second).status())
	require.Contains(t, judge(nil, 2).says, "2 delays over 1m0s were not waited for")
}

func TestClockWithinTheQuestionIsRight(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	var ticks int
	o := Options{Now: func() time.Time { ticks++; return start.Add(time.Duration(ticks) * 100 * time.Millisecond) }}
	for there, want := range map[time.Duration]time.Duration{
		100 * time.Millisecond: 0, 200 * time.Millisecond: 0, 150 * time.Millisecond: 0,
		0: -100 * time.Millisecond, 10 * time.Second: 9800 * time.Millisecond,
	} {
		ticks = 0
		off, known := o.measure(t.Context(), clock{ask: func(context.Context) (time.Time, error) { return start.Add(there), nil }})
		require.True(t, known)
		require.Equal(t, want, off, there)
	}
	ticks = 0
	off, _ := o.measure(t.Context(), clock{step: time.Second, ask: func(context.Context) (time.Time, error) { return start.Add(-900 * time.Millisecond), nil }})
	require.Zero(t, off, "a coarse clock is not blamed for its step")
	_, known := o.measure(t.Context(), clock{ask: func(context.Context) (time.Time, error) { return time.Time{}, context.Canceled }})
	require.False(t, known)
}

func TestCompareBindings(t *testing.T) {
	t.Parallel()
	marked := map[string]any{"x-match": "all-with-x", "x-first-death-reason": "expired"}
	want := []binding{{"jobs", "video", "video", nil}, {"lost", "lost", "expired", marked}}
	ours := map[string]bool{"video": true, "lost": true}
	own := binding{"", "video", "video", map[string]any{}} // the server's own
	has := []binding{own, {"jobs", "video", "video", map[string]any{}}, {"lost", "lost", "expired", marked}, {"jobs", "mirror", "video", nil}}
	require.Equal(t, OK, compare(want, has, ours).status())

	f := compare(want, append(has[:2:2], binding{"lost", "lost", "expired", nil}), ours)
	require.Len(t, f.failures, 1, "a binding with other arguments is another one")
	require.Len(t, f.warnings, 1)
	require.Contains(t, f.warnings[0].Remedy, "delete binding source=lost")
	require.Equal(t, marked, argumentsOf([]any{[]any{"x-match", "longstr", "all-with-x"}, []any{"x-first-death-reason", "longstr", "expired"}}))
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		`{<<"rabbit@host">>,{ok,1800000}}`:   "1800000",
		`{<<"rabbit@host">>,{ok,undefined}}`: "undefined",
		`{<<"rabbit@host">>,undefined}`:      "",
	} {
		i := &insight{ctl: func(context.Context, ...string) (string, error) { return said, nil }}
		got, err := i.sameServer(t.Context(), "rabbit@host")
		require.NoError(t, err)
		require.Equal(t, want, got)
		_, err = i.sameServer(t.Context(), "rabbit@other")
		require.ErrorContains(t, err, "rabbitmqctl reaches rabbit@host, and BROKER_URL rabbit@other")
	}
	limit, limited := millis("1800000")
	require.True(t, limited)
	require.Equal(t, 30*time.Minute, limit)
	_, limited = millis("undefined")
	require.False(t, limited)
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for v, want := range map[[2]int]Status{{3, 9}: Failure, {3, 10}: OK, {3, 13}: OK, {4, 0}: OK, {4, 1}: Warning, {5, 0}: Warning} {
		require.Equal(t, want, judgeVersion("RabbitMQ", v[0], v[1]).status(), v)
	}
}
