package jobs_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/statustest"
)

func TestLineIsToldWhenItMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		line := func(position int, starts time.Duration) *job.Line {
			return &job.Line{Position: position, EarliestStart: began.Add(starts), LatestStart: began.Add(starts + time.Second)}
		}
		status := statustest.New()
		c, err := status.Create(t.Context(), statusclient.CreateInput{Owner: "ada", Request: job.Request{Kind: job.Video, Source: job.Source{Text: "Tides."}}})
		require.NoError(t, err)
		id := c.Job.ID
		status.SetLine(id, line(9, 10*time.Minute))
		s := jobs.New(jobs.Options{Status: status, Clock: job.SystemClock{}})
		type told struct {
			position int
			at       time.Duration
		}
		heard := make(chan told, 10)
		ctx := caller.With(t.Context(), caller.Identity{Owner: "ada", Roles: []caller.Role{caller.Student}})
		stop := s.FollowLine(ctx, string(id), nil, func(l job.Line) bool {
			heard <- told{l.Position, time.Since(began)}
			return true
		})
		require.Equal(t, told{9, 5 * time.Second}, <-heard, "it had no place yet")
		status.SetLine(id, line(9, 10*time.Minute+time.Second))
		time.Sleep(time.Minute)
		require.Empty(t, heard, "a second more or less is nothing new")
		status.SetLine(id, line(2, 70*time.Second))
		next := <-heard
		require.Equal(t, 2, next.position)
		require.Less(t, next.at, 2*time.Minute, "far from its start it is looked at seldom")
		status.SetLine(id, line(1, 2*time.Minute))
		require.Less(t, (<-heard).at-next.at, 10*time.Second, "near its start more often")

		status.SetLine(id, line(3, time.Minute))
		stop()
		time.Sleep(time.Hour)
		require.Empty(t, heard)
		status.Update(id, func(j *job.Job) { j.State = job.Running })
		stop = s.FollowLine(ctx, string(id), nil, func(job.Line) bool {
			t.Error("it runs")
			return true
		})
		time.Sleep(time.Hour)
		stop()
	})
}
