package cli

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// examined runs the doctor on a folder that nobody has used.
func examined(t *testing.T, more ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := append([]string{"doctor", "--quick", "--skip=ffmpeg,voices", "--data-dir", filepath.Join(t.TempDir(), "data")}, more...)
	code = Main(args, &stdout, &stderr, "test")
	return code, stdout.String(), stderr.String()
}

func TestDoctorTellsByItsExitCode(t *testing.T) {
	t.Parallel()
	code, out, errs := examined(t)
	require.Equal(t, exitOK, code, out+errs)
	require.Regexp(t, `(?m)^ok       disk               .* GiB free`, out)
	require.Regexp(t, `(?m)^skipped  ffmpeg             it was not asked for$`, out)
	require.Regexp(t, `\n\n11 checks: 6 ok, 0 warnings, 0 failed, 5 skipped\n$`, out)
	require.Empty(t, errs)

	code, out, errs = examined(t, "--artifacts-url=file:/proc/nowhere")
	require.Equal(t, exitFailed, code)
	require.Regexp(t, `(?m)^FAILED   artifacts          /proc/nowhere is not there and can't be made: .*\n {28}remedy: make the folder`, out)
	require.Empty(t, errs)

	for _, wrong := range [][]string{{"--skip=lungs"}, {"--video-retries=99"}, {"--listen=nowhere"}, {"--grpc-tls-ca=/nowhere.pem"}} {
		code, out, errs = examined(t, wrong...)
		require.Equal(t, exitUsage, code, wrong)
		require.Empty(t, out)
		require.NotEmpty(t, errs)
	}
}

func TestDoctorForPrograms(t *testing.T) {
	t.Parallel()
	code, out, _ := examined(t, "--json", "--artifacts-url=file:/proc/nowhere")
	require.Equal(t, exitFailed, code)
	var report struct {
		Healthy bool
		Checks  []struct {
			Name, Status, Says string
			LooksAt            string `json:"looks_at"`
			Problems           []struct{ Wrong, Remedy string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.False(t, report.Healthy)
	for _, c := range report.Checks {
		require.NotEmpty(t, c.LooksAt, c.Name)
		if c.Name != "artifacts" && c.Name != "disk" {
			require.NotEqual(t, "failure", c.Status, c)
			continue
		}
		require.Equal(t, "failure", c.Status, c.Name)
		require.NotEmpty(t, c.Problems[0].Remedy)
	}
}

func TestAddressToReach(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", ":80": "http://127.0.0.1:80", "0.0.0.0:80": "http://127.0.0.1:80",
		"[::]:80": "http://127.0.0.1:80", "lessons.example.org:80": "http://lessons.example.org:80",
	} {
		got, err := reachable(listen)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}
