package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
)

func TestCount(t *testing.T) {
	t.Parallel()
	s := start(t)
	in := statusclient.CreateInput{Owner: "ada", Request: ask(job.Video)}
	var ids []job.ID
	for range 3 {
		made, err := s.client.Create(t.Context(), in)
		require.NoError(t, err)
		ids = append(ids, made.Job.ID)
	}
	_, err := s.client.Cancel(t.Context(), ids[0], "ada", "")
	require.NoError(t, err)
	for want, states := range map[int][]job.State{3: nil, 2: {job.Queued, job.Running}, 1: {job.Cancelled}, 0: {job.Failed}} {
		n, err := s.client.Count(t.Context(), "ada", states)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	n, err := s.client.Count(t.Context(), "ben", nil)
	require.NoError(t, err)
	require.Zero(t, n)
	var invalid *job.InvalidError
	_, err = s.client.Count(t.Context(), "", nil)
	require.ErrorAs(t, err, &invalid)
	_, err = s.client.Count(t.Context(), "ada", []job.State{"lost"})
	require.ErrorAs(t, err, &invalid)
}

func TestOnlyKnownMakesNoJob(t *testing.T) {
	t.Parallel()
	s := start(t)
	in := statusclient.CreateInput{Owner: "ada", Request: ask(job.Video), IdempotencyKey: "k", OnlyKnown: true}
	_, err := s.client.Create(t.Context(), in)
	require.ErrorIs(t, err, job.ErrNotFound)
	in.OnlyKnown = false
	made, err := s.client.Create(t.Context(), in)
	require.NoError(t, err)
	in.OnlyKnown = true
	known, err := s.client.Create(t.Context(), in)
	require.NoError(t, err)
	require.True(t, known.Replayed)
	require.Nil(t, known.Entry)
	require.Equal(t, made.Job.ID, known.Job.ID)
	in.Request.Options.Length = "long"
	_, err = s.client.Create(t.Context(), in)
	require.ErrorIs(t, err, job.ErrIdempotencyKeyReused)
	in.IdempotencyKey = ""
	_, err = s.client.Create(t.Context(), in)
	require.ErrorIs(t, err, job.ErrNotFound)
	n, err := s.client.Count(t.Context(), "ada", nil)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}
