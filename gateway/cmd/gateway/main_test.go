package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary be the program.
const asProgram = "STUDYCAST_TEST_AS_GATEWAY"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const patience = 30 * time.Second

// launch is this very test as the gateway, on free ports.
func launch(ctx context.Context, t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append([]string{
		asProgram + "=1", "PATH=" + os.Getenv("PATH"), "DATA_DIR=" + t.TempDir(),
		"LISTEN=127.0.0.1:0", "GRPC_LISTEN=127.0.0.1:0", "ADMIN_LISTEN=127.0.0.1:0",
	}, env...)
	return cmd
}

func TestWithoutABrokerItSaysWhatToDo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	said, err := launch(ctx, t).CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.Contains(t, string(said), "gateway: BROKER_URL: the embedded queue belongs to one process")
	require.Contains(t, string(said), "studycast serve")
}

// A gateway starts before everything that it needs, and is not ready.
func TestStartsAloneAndEndsInOrder(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := launch(ctx, t, "BROKER_URL=amqp://guest:secret@127.0.0.1:1/", "STATUS_ADDRESS=127.0.0.1:1,127.0.0.1:2")
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	up, text := make(chan []string, 1), make(chan string, 1)
	go func() {
		var all strings.Builder
		for lines := bufio.NewScanner(log); lines.Scan(); {
			all.WriteString(lines.Text() + "\n")
			if m := regexp.MustCompile(`takes calls" url=(\S+) grpc=(\S+) admin=(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
				up <- m
			}
		}
		text <- all.String()
	}()
	var addresses []string
	select {
	case addresses = <-up:
	case said := <-text:
		require.Fail(t, "it ended: "+said)
	}
	get := func(url string) (int, string) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(body)
	}
	code, said := get("http://" + addresses[3] + "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code, said)
	require.Eventually(t, func() bool {
		code, said := get("http://" + addresses[3] + "/metrics")
		return code == http.StatusOK && strings.Contains(said, "grpc_server_handled_total")
	}, patience, 5*time.Millisecond, "metrics of gRPC")
	code, _ = get(addresses[1] + "/metrics")
	require.Equal(t, http.StatusNotFound, code, "users don't see metrics")
	code, _ = get(addresses[1] + "/healthz")
	require.Equal(t, http.StatusOK, code)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	said = <-text
	require.NoError(t, cmd.Wait(), said)
	require.NotContains(t, said, "secret")
}

func TestSignInIsConfigured(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for want, env := range map[string][]string{
		"AUTH_JWT_SECRET and AUTH_JWKS_URL are both set": {"AUTH_JWT_SECRET=" + strings.Repeat("hush", 8), "AUTH_JWKS_URL=https://id.example/jwks"},
		"API_KEYS_FILE: stat /nowhere":                   {"API_KEYS_FILE=/nowhere", "LISTEN=0.0.0.0:0"}, // its callers would be known
	} {
		said, err := launch(ctx, t, env...).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(said), want)
		require.NotContains(t, string(said), "hush")
	}
}
