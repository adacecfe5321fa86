package cli

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPIKey(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, exitOK, Main([]string{"apikey", "lms", "--role", "service,operator"}, &out, &errs, "test"), errs.String())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 5)
	require.Regexp(t, `^studycast_lms\.[A-Za-z0-9_-]{43}$`, lines[1])
	require.Regexp(t, `^lms service,operator [0-9a-f]{64}$`, lines[4])

	out.Reset()
	args := []string{"apikey", "lms", "--role", "service,operator", "--scope", "jobs:read,deadletters:write"}
	require.Equal(t, exitOK, Main(args, &out, &errs, "test"), errs.String())
	require.Regexp(t, `(?m)^lms service,operator jobs:read,deadletters:write [0-9a-f]{64}$`, out.String())
	for want, scope := range map[string]string{"use some of jobs:read": "jobs:all", "together with the role operator": "deadletters:read"} {
		errs.Reset()
		require.Equal(t, exitFailed, Main([]string{"apikey", "lms", "--scope", scope}, &out, &errs, "test"))
		require.Contains(t, errs.String(), want)
	}

	require.Equal(t, exitFailed, Main([]string{"apikey", "L M"}, &out, &errs, "test"))
	require.Contains(t, errs.String(), "small letters")
	require.Equal(t, exitUsage, Main([]string{"apikey", "lms", "--role", "student"}, &out, &errs, "test"))
}

// Commands say who they are by the variable, and only then.
func TestTokenOfTheEnvironment(t *testing.T) {
	var seen []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		_, _ = io.WriteString(w, `{"jobs":[],"dead_letters":[]}`)
	}))
	defer s.Close()
	for _, token := range []string{"", "secret-token"} {
		t.Setenv("STUDYCAST_TOKEN", token)
		for _, args := range [][]string{{"jobs"}, {"dead", "list"}} {
			var out, errs bytes.Buffer
			require.Equal(t, exitOK, Main(append(args, "--server", s.URL), &out, &errs, "test"), errs.String())
		}
	}
	require.Equal(t, []string{"", "", "Bearer secret-token", "Bearer secret-token"}, seen)
}
