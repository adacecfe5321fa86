package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimesOfTheCommandLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"2026-03-02":           time.Date(2026, 3, 2, 0, 0, 0, 0, time.Local),
		"2026-03-02 14:30":     time.Date(2026, 3, 2, 14, 30, 0, 0, time.Local),
		"2026-03-02T14:30":     time.Date(2026, 3, 2, 14, 30, 0, 0, time.Local),
		"2026-03-02 14:30:05":  time.Date(2026, 3, 2, 14, 30, 5, 0, time.Local),
		"2026-03-02T14:30:05Z": time.Date(2026, 3, 2, 14, 30, 5, 0, time.UTC),
	} {
		var w when
		require.NoError(t, w.UnmarshalText([]byte(text)), text)
		require.True(t, want.Equal(w.at), "%s: %s", text, w.at)
	}
	for text, ago := range map[string]time.Duration{"2h": 2 * time.Hour, "90m": 90 * time.Minute, "3d": 72 * time.Hour, "0s": 0} {
		var w when
		before := time.Now().Add(-ago)
		require.NoError(t, w.UnmarshalText([]byte(text)), text)
		require.WithinRange(t, w.at, before, time.Now().Add(-ago))
	}
	var today when
	require.NoError(t, today.UnmarshalText([]byte("00:00")))
	require.Less(t, time.Since(today.at), 25*time.Hour)
	for _, text := range []string{"", "yesterday", "-2h", "d", "1.5d", "99999d", "25:00", "2026-13-01"} {
		require.Error(t, new(when).UnmarshalText([]byte(text)), text)
	}
}

func FuzzTimes(f *testing.F) {
	for _, text := range []string{"2h", "3d", "14:30", "2026-03-02", "2026-03-02T14:30:05+01:00", "9999999h", "36500d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var w when
		if w.UnmarshalText([]byte(text)) != nil {
			return
		}
		require.False(t, w.at.IsZero(), "a time that means none would select everything")
		if _, ok := elapsed(strings.TrimSpace(text)); ok {
			require.False(t, w.at.After(time.Now()))
		}
	})
}

func TestStamps(t *testing.T) {
	t.Parallel()
	r := &run{now: func() time.Time { return noon }, screen: screen{width: 80}}
	require.Equal(t, "11:59:00", r.stamp(noon.Add(-time.Minute)))
	require.Equal(t, "Mar 01 12:00", r.stamp(noon.AddDate(0, 0, -1)))
	require.Equal(t, "2025-03-02", r.stamp(noon.AddDate(-1, 0, 0)))
	require.Empty(t, r.stamp(time.Time{}))
	r.screen.width = 0
	require.Equal(t, "2026-03-02 11:59:00", r.stamp(noon.Add(-time.Minute)))
}
