package limit_test

import (
	"encoding/binary"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/gateway/internal/limit"
)

func TestFailuresOfAnAddress(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	f := limit.NewFailures(3, func() time.Time { return at })
	guesser, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for range 3 {
		require.NoError(t, f.Refuses(guesser))
		f.Failed(guesser)
	}
	p := refused(t, f.Refuses(guesser))
	require.Equal(t, http.StatusTooManyRequests, p.Status)
	require.Equal(t, 20*time.Second, p.RetryAfter)
	require.NoError(t, f.Refuses(other))
	at = at.Add(20 * time.Second)
	require.NoError(t, f.Refuses(guesser), "one more try")
	f.Failed(guesser)
	require.Error(t, f.Refuses(guesser))

	for i := range 3 { // a customer's network is one, however many addresses it has
		f.Failed(netip.MustParseAddr([]string{"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"}[i]))
	}
	require.Error(t, f.Refuses(netip.MustParseAddr("2001:db8::4")))
	require.NoError(t, f.Refuses(netip.MustParseAddr("2001:db8:0:1::1")))
	f.Failed(netip.Addr{}) // one that can't be told
	require.NoError(t, f.Refuses(netip.Addr{}))

	require.Nil(t, limit.NewFailures(0, nil))
	require.NoError(t, (*limit.Failures)(nil).Refuses(guesser))
	(*limit.Failures)(nil).Failed(guesser)
}

func TestFailuresTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	f := limit.NewFailures(30, func() time.Time { return at })
	for i := range uint32(60_000) {
		f.Failed(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, i))))
	}
	require.Equal(t, 50_000, f.Addresses())
	at = at.Add(time.Minute)
	for range 25_000 {
		require.NoError(t, f.Refuses(netip.MustParseAddr("192.0.2.1")))
	}
	require.Zero(t, f.Addresses())
}
