package limit_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/limit"
)

func TestStreams(t *testing.T) {
	t.Parallel()
	s := limit.NewStreams(limit.Settings{Streams: 2, AllStreams: 5, ServiceFactor: 2})
	open := func(me caller.Identity) func() {
		t.Helper()
		closed, err := s.Open(me)
		require.NoError(t, err)
		return closed
	}
	first := open(who("a"))
	open(who("a"))
	_, err := s.Open(who("a"))
	p := refused(t, err)
	require.Equal(t, "too-many-streams", p.Code)
	require.Contains(t, p.Detail, "2 event streams")
	first()
	first() // once more is not one more
	again := open(who("a"))
	_, err = s.Open(who("a"))
	require.Error(t, err)
	for range 3 {
		open(who("s", caller.Service))
	}
	_, err = s.Open(who("b"))
	require.ErrorAs(t, err, &p)
	require.Equal(t, http.StatusServiceUnavailable, p.Status, "the process has enough")
	again()
	open(who("b"))

	require.Nil(t, limit.NewStreams(limit.Settings{}))
	closed, err := (*limit.Streams)(nil).Open(who("a"))
	require.NoError(t, err)
	closed()
}
