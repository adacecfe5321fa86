package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/internal/fingerprint"
	"github.com/studycast/studycast/services/deadletter/store"
)

func listsNewestFirst(t *testing.T, s store.Store) {
	var want []store.Letter
	for i := range 5 {
		want = append([]store.Letter{brief(put(t, s, Sample(i)))}, want...)
	}
	got, err := s.List(t.Context(), store.Filter{Limit: 10})
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// listsFilterAndPage compares every filter with picking by hand, in pages.
func listsFilterAndPage(t *testing.T, s store.Store) {
	all := fill(t, s, 60)
	for _, states := range [][]string{nil, {"open"}, {"open", "replaying"}, {"open", "replayed", "replaying"}} {
		for _, kind := range []job.Kind{"", job.Video, job.Audio} {
			for _, id := range []job.ID{"", "job-1"} {
				for _, text := range []string{"", "SITE", "answered 1"} {
					f := store.Filter{States: states, Kind: kind, JobID: id, Text: text, Limit: 7}
					t.Run(fmt.Sprintf("%v/%s/%s/%s", states, kind, id, text), func(t *testing.T) {
						want := pick(all, f)
						require.Equal(t, want, pages(t, s, f))
						require.Equal(t, len(want), grouped(t, s, f), "the groups hold the same letters")
					})
				}
			}
		}
	}
}

// grouped counts the letters in the groups of a filter.
func grouped(t *testing.T, s store.Store, f store.Filter) (n int) {
	t.Helper()
	f.Limit = len(faults) + 1
	all, err := s.Groups(t.Context(), f, store.GroupKey{})
	require.NoError(t, err)
	require.LessOrEqual(t, len(all), len(faults))
	require.True(t, slices.IsSortedFunc(all, func(a, b deadletterclient.Group) int { return b.Letters - a.Letters }))
	for _, g := range all {
		n += g.Letters
	}
	return n
}

func pages(t *testing.T, s store.Store, f store.Filter) (ids []string) {
	t.Helper()
	for {
		page, err := s.List(t.Context(), f)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), f.Limit)
		for _, l := range page {
			ids = append(ids, l.ID)
		}
		if len(page) < f.Limit {
			return ids
		}
		f.Before = ids[len(ids)-1]
	}
}

func pick(all []store.Letter, f store.Filter) (ids []string) {
	for _, l := range slices.Backward(all) {
		if (f.States == nil || slices.Contains(f.States, l.State)) && (f.Kind == "" || f.Kind == l.Kind) &&
			(f.JobID == "" || f.JobID == l.JobID) && strings.Contains(strings.ToLower(l.Fault.Text), strings.ToLower(f.Text)) {
			ids = append(ids, l.ID)
		}
	}
	return ids
}

// faults are five causes of death.
var faults = []job.Fault{
	{Kind: "source", Stage: "fetch", Text: "The site is down.", Cause: "GET https://a.example: 503"},
	{Kind: "dependency", Stage: "script", Text: "The writer is away."},
	{Kind: "dependency", Stage: "publish", Text: "The disk of the store is full.", Cause: "write /a/b: no space left on device"},
	{Kind: "internal", Text: "The worker was lost."},
	{Kind: "poison", Text: "The bytes are not a job message."},
}

// fill puts n letters of 5 jobs, most of them replayed, oldest first.
func fill(t testing.TB, s store.Store, n int) (all []store.Letter) {
	t.Helper()
	for i := range n {
		l := Sample(i)
		l.JobID = job.ID(fmt.Sprintf("job-%d", i%5))
		if i%3 == 0 {
			l.Kind = job.Audio
		}
		l.Owner = fmt.Sprintf("owner-%d", i%50)
		l.Fault = faults[i%len(faults)]
		l.Fault.Text = fmt.Sprintf("%s (it answered %d)", l.Fault.Text, i)
		l.Fault.At = l.DiedAt
		l.Fingerprint, _ = fingerprint.Of(l.Fault)
		switch {
		case i%20 == 0:
			l.State = deadletterclient.Replaying
		case i%4 != 0:
			l.State = deadletterclient.Replayed
		}
		_, err := s.Put(context.Background(), l, never)
		require.NoError(t, err)
		all = append(all, l)
	}
	return all
}
