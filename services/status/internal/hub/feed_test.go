package hub_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/hub"
	"github.com/studycast/studycast/services/status/store"
)

func TestFeedNamesEveryChangeOnce(t *testing.T) {
	t.Parallel()
	h := hub.New(job.SystemClock{})
	f, stop := h.Feed()
	require.True(t, woken(f.C))
	h.Hear([]store.Note{{JobID: "early", Owner: "ada"}})
	changed, all := f.Take()
	require.True(t, all, "whatever changed before is not known")
	require.Empty(t, changed)

	h.Hear([]store.Note{{JobID: "a", Owner: "ada"}, {JobID: "b", Owner: "ben"}, {JobID: "a", Owner: "ada"}, {Session: "s"}})
	require.True(t, woken(f.C))
	require.False(t, woken(f.C))
	changed, all = f.Take()
	require.False(t, all)
	require.ElementsMatch(t, []hub.Changed{{ID: "a", Owner: "ada"}, {ID: "b", Owner: "ben"}}, changed)
	changed, _ = f.Take()
	require.Empty(t, changed)

	require.Equal(t, 1, h.Watchers())
	stop()
	require.Zero(t, h.Watchers())
	h.Hear([]store.Note{{JobID: "late", Owner: "ada"}})
	require.False(t, woken(f.C))
}

func TestSlowReaderOfAFeedHearsThatAnythingChanged(t *testing.T) {
	t.Parallel()
	h := hub.New(job.SystemClock{})
	f, stop := h.Feed()
	defer stop()
	f.Take()
	for i := range 10_001 {
		h.Hear([]store.Note{{JobID: job.ID(fmt.Sprint(i))}})
	}
	changed, all := f.Take()
	require.True(t, all)
	require.Empty(t, changed)
	h.Hear([]store.Note{{JobID: "a"}})
	changed, all = f.Take()
	require.False(t, all)
	require.Len(t, changed, 1)
}
