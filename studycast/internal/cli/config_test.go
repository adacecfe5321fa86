package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServeChecksItsConfiguration(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "studycast.yaml")
	check := func(text string, args ...string) (code int, out, errs string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		var o, e bytes.Buffer
		code = Main(append([]string{"serve", "--config", path, "--check-config"}, args...), &o, &e, "test")
		return code, o.String(), e.String()
	}
	code, out, errs := check("LISTEN: 127.0.0.1:1234\nBROKER_URL: amqp://u:hush@h/\nLOG_FORMAT: json\n", "--video-slots=3")
	require.Equal(t, exitOK, code, errs)
	for _, want := range []string{
		"# file\nLISTEN: 127.0.0.1:1234\n", "# file\nBROKER_URL: '***'\n", "# file\nLOG_FORMAT: json\n",
		"# flag\nVIDEO_SLOTS: 3\n", "# default\nGRPC_LISTEN: 127.0.0.1:8081\n", "# the configuration is good\n",
	} {
		require.Contains(t, out, want)
	}
	require.NotContains(t, out, "hush")

	code, _, errs = check("LISTEN: 0.0.0.0:80\n")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "EXPOSE_NO_AUTH")
	code, _, errs = check("LISTN: 127.0.0.1:80\n")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "did you mean LISTEN?")
}
