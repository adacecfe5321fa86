package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// when is a time on the command line: a moment, or so long ago.
type when struct {
	at time.Time // zero = not given
}

// clockOnly is a time of today.
const clockOnly = "15:04"

// UnmarshalText reads 2h, 90m, 3d, 15:04, 2006-01-02 and the like.
func (w *when) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	now := time.Now()
	if ago, ok := elapsed(s); ok {
		w.at = now.Add(-ago)
		return nil
	}
	if t, err := time.ParseInLocation(clockOnly, s, time.Local); err == nil {
		w.at = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, time.Local)
		return nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil && !t.IsZero() {
			w.at = t
			return nil
		}
	}
	return fmt.Errorf("%q is no time: say how long ago, like 90m, 2h or 3d, or when, like 14:30, 2006-01-02 or 2006-01-02T15:04:05Z", s)
}

// maxDays keeps a number of days within a duration.
const maxDays = 36500

// elapsed reads a duration; days are allowed too.
func elapsed(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err == nil && n <= maxDays
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}

// ago tells in words how long ago something was.
func (r *run) ago(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return humanize.RelTime(t, r.now(), "ago", "from now")
}

// span tells in words how much time has passed since.
func (r *run) span(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strings.TrimSpace(humanize.RelTime(t, r.now(), "", "ahead"))
}

// moment is a local time.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

// momentAgo is a local time, and how long ago it was.
func (r *run) momentAgo(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return moment(t) + " (" + r.ago(t) + ")"
}

// tenth of a second is what durations are rounded to.
const tenth = time.Second / 10

// stamp is a local time for a table: short on a screen, where today needs no
// date, and whole elsewhere.
func (r *run) stamp(t time.Time) string {
	if t.IsZero() || r.screen.width == 0 {
		return moment(t)
	}
	t, now := t.Local(), r.now().Local()
	switch {
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return t.Format(time.TimeOnly)
	case t.Year() == now.Year():
		return t.Format("Jan 02 15:04")
	}
	return t.Format(time.DateOnly)
}
