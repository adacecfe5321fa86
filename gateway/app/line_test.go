package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
)

func TestLineIsShownAndFollowed(t *testing.T) {
	t.Parallel()
	g := start(t)
	id := g.submit()
	begins := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	place := func(position int) *job.Line { return &job.Line{Position: position, EarliestStart: begins} }
	g.status.SetLine(id, place(7))
	l := g.listen("/v1/jobs/" + string(id) + "/events")
	require.Equal(t, map[string]any{"position": 7.0, "earliest_start": "2026-11-23T09:00:00Z"}, l.next().job["line"])
	g.status.SetLine(id, nil)
	again := g.listen("/v1/jobs/" + string(id) + "/events")
	require.NotContains(t, again.next().job, "line")
	g.status.SetLine(id, place(3))
	b := again.next()
	require.Equal(t, "line", b.event)
	require.Empty(t, b.id, "Last-Event-ID stays the version")
	require.InDelta(t, 3, b.job["position"], 0)
	g.status.Update(id, func(j *job.Job) { j.State = job.Running })
	require.Equal(t, "job", again.next().event)
}
