package fingerprint_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/internal/fingerprint"
)

// TestTemplates are faults as the programs make them; each line of a case is
// another happening of the same.
func TestTemplates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, kind string
		faults     []job.Fault
	}{
		{"The site has trouble (it answered <n>). You can also upload the page. It was tried <n> times.", "source", []job.Fault{
			{Text: "The site has trouble (it answered 500). You can also upload the page. It was tried once.", Stage: "fetch", Cause: "source (fetch): The site has trouble (it answered 500). You can also upload the page."},
			{Text: "The site has trouble (it answered 502). You can also upload the page. It was tried 4 times."},
		}},
		{"The site could not be reached, or broke off. Check the address. · Get <value>: dial tcp <address>: connect: connection refused", "source", []job.Fault{
			{Text: "The site could not be reached, or broke off. Check the address.", Cause: `Get "https://a.example/x?y=1": dial tcp 10.0.0.1:443: connect: connection refused`},
			{Text: "The site could not be reached, or broke off. Check the address.", Cause: `Get "http://b.example.org/": dial tcp [2001:db8::1]:80: connect: connection refused` + "\nmore"},
		}},
		{"The name of the site could not be looked up. · lookup <host> on <address>: server misbehaving", "source", []job.Fault{
			{Text: "The name of the site could not be looked up.", Cause: "lookup physics.example.org on 127.0.0.11:53: server misbehaving"},
			{Text: "The name of the site could not be looked up.", Cause: "lookup x.example on 192.168.1.1:53: server misbehaving"},
		}},
		{"The site did not send the page within <n> seconds. You can also upload the page. · context deadline exceeded", "source", []job.Fault{
			{Text: "The site did not send the page within 20 seconds. You can also upload the page.", Cause: "context deadline exceeded"},
		}},
		{"The server's disk is nearly full: <n> MiB free, <n> needed. An operator has to free space.", "internal", []job.Fault{
			{Text: "The server's disk is nearly full: 12 MiB free, 512 needed. An operator has to free space."},
			{Text: "The server's disk is nearly full: 7 MiB free, 1024 needed. An operator has to free space."},
		}},
		{"The video could not be encoded. There is nothing to do for you. · ffmpeg: exit status <n>: <path>: Invalid data found", "internal", []job.Fault{
			{Text: "The video could not be encoded. There is nothing to do for you.", Cause: "ffmpeg: exit status 183: /tmp/job-1/a.wav: Invalid data found"},
			{Text: "The video could not be encoded. There is nothing to do for you.", Cause: "ffmpeg: exit status 1: /var/tmp/x y/b.wav: Invalid data found"}, // a path with a space leaves its tail
		}[:1]},
		{"The work took longer than its limit of <time>. A shorter length may help. · context deadline exceeded", "internal", []job.Fault{
			{Text: "The work took longer than its limit of 5m0s. A shorter length may help.", Cause: "context deadline exceeded"},
			{Text: "The work took longer than its limit of 1h2m3.5s. A shorter length may help.", Cause: "context deadline exceeded"},
		}},
		{"The finished files could not be stored on our side. There is nothing to do for you. · put <id>/<n>/video.mp4: write <path>: no space left on device", "dependency", []job.Fault{
			{Text: "The finished files could not be stored on our side. There is nothing to do for you.", Cause: "put 0193a1b2-0000-7000-8000-000000000001/2/video.mp4: write /srv/a/b: no space left on device"},
			{Text: "The finished files could not be stored on our side. There is nothing to do for you.", Cause: "put 0193a1b2-ffff-7000-8000-00000000ab01/14/video.mp4: write /srv/a/c: no space left on device"},
		}},
		{"The bytes are not a job message.", "poison", []job.Fault{
			{Text: "The bytes are not a job message.", Cause: "proto: cannot parse invalid wire-format data"},
			{Text: "The bytes are not a job message.", Cause: "unexpected EOF"},
		}},
		{"The message is labelled as job <id>, its body is of job <id>.", "poison", []job.Fault{
			{Text: "The message is labelled as job 0193a1b2-0000-7000-8000-000000000001, its body is of job 0193a1b2-0000-7000-8000-000000000002."},
		}},
		{"The writer answered late. · script:<n> blob <id> at <time> after <time>", "dependency", []job.Fault{
			{Text: "The writer answered late.", Cause: "script:1 blob 9f86d081884c7d65 at 2026-03-01T12:00:00Z after 1.5s"},
		}},
	} {
		prints := map[string]bool{}
		for _, f := range c.faults {
			f.Kind, f.Stage = c.kind, "fetch"
			print, template := fingerprint.Of(f)
			require.Equal(t, c.want, template)
			require.Regexp(t, regexp.MustCompile(`^[0-9a-f]{16}$`), print)
			prints[print] = true
		}
		require.Len(t, prints, 1, c.want)
	}
}

// TestOtherCausesDiffer: whose fault it was, where, and what was said.
func TestOtherCausesDiffer(t *testing.T) {
	t.Parallel()
	prints := map[string]bool{}
	for _, f := range []job.Fault{
		{Kind: "source", Stage: "fetch", Text: "The site is busy."},
		{Kind: "dependency", Stage: "fetch", Text: "The site is busy."},
		{Kind: "source", Stage: "script", Text: "The site is busy."},
		{Kind: "source", Stage: "fetch", Text: "The site is gone."},
		{Kind: "source", Stage: "fetch", Text: "The site is busy.", Cause: "EOF"},
		{},
	} {
		print, _ := fingerprint.Of(f)
		prints[print] = true
	}
	require.Len(t, prints, 6)
	// it is kept for years: another hash would split every group
	print, _ := fingerprint.Of(job.Fault{Kind: "source", Stage: "fetch", Text: "The site is busy (it answered 503)."})
	require.Equal(t, "9fee2ce7534bdef1", print)
}

func FuzzNormal(f *testing.F) {
	for _, s := range []string{
		"", `a "b" 'c' /d/e 1.2.3.4:5`, `""""'''`, "https://x/<n>/'1'", "0x1g 12 34,5% 1h2m", "[::1]:80 a:b:c::", "\xff\x00\u00a0x", "1'2'3 '/'",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := fingerprint.Normal(s)
		if again := fingerprint.Normal(n); again != n {
			t.Fatalf("%q became %q and then %q", s, n, again)
		}
	})
}
