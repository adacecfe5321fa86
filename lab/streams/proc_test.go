//go:build linux

package streams

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/local"
)

// use is what a program has taken.
type use struct {
	resident   int64 // bytes now
	peak       int64 // bytes, the most since its start
	cpu        time.Duration
	goroutines int
}

// tick is the unit of /proc/PID/stat: USER_HZ is 100 on every Linux.
const tick = 10 * time.Millisecond

// useOf reads what a program has taken so far.
func useOf(t testing.TB, p *local.Program) use {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	require.NoError(t, err)
	var u use
	for line := range strings.Lines(string(status)) {
		switch name, value, _ := strings.Cut(line, ":"); name {
		case "VmRSS":
			u.resident = kilobytes(t, value)
		case "VmHWM":
			u.peak = kilobytes(t, value)
		}
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	require.NoError(t, err)
	// The name of the program may hold spaces; what follows it does not.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, ticks := range fields[11:13] { // user, system
		n, err := strconv.Atoi(ticks)
		require.NoError(t, err)
		u.cpu += time.Duration(n) * tick
	}
	u.goroutines = int(metric(t, p, "go_goroutines"))
	return u
}

func kilobytes(t testing.TB, value string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
	require.NoError(t, err)
	return n << 10
}

// metric reads one metric of a program, summed over its labels.
func metric(t testing.TB, p *local.Program, name string) float64 {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.Admin()+"/metrics", http.NoBody)
	require.NoError(t, err)
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	sum := 0.0
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		rest, found := strings.CutPrefix(lines.Text(), name)
		if !found || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		v, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		require.NoError(t, err)
		sum += v
	}
	require.NoError(t, lines.Err())
	return sum
}
