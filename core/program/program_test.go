package program_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/program"
	"github.com/studycast/studycast/core/version"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type settings struct {
	program.Settings
	config.ForWorker
}

var info = program.Info{
	Program:     config.Program{Name: "tester", GRPCListen: "127.0.0.1:0", AdminListen: "127.0.0.1:0"},
	Description: "A program for tests.",
}

// outcome is a run that has ended.
type outcome struct {
	code     int
	out, err string
}

func run(ctx context.Context, start func(context.Context, *program.Program, *settings) error, args ...string) outcome {
	var s settings
	var out, errs bytes.Buffer
	code := program.Run(ctx, info, &s, func(ctx context.Context, p *program.Program) error { return start(ctx, p, &s) }, args, &out, &errs)
	return outcome{code, out.String(), errs.String()}
}

// never is for runs that must not come so far.
func never(context.Context, *program.Program, *settings) error { return errors.New("it started") }

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "studycast.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestFlagWinsOverVariableOverFileOverDefault(t *testing.T) {
	path := file(t, "VIDEO_SLOTS: 2\nAUDIO_SLOTS: 3\nLOG_LEVEL: warn\nSCRIPT_KEY: hush\nSOURCE_PORTS: [80, 8080]\nSPEECH_COMMAND: [piper, -m, x y]\nLISTEN: 127.0.0.1:1\n")
	t.Setenv("CONFIG_FILE", path)
	t.Setenv("AUDIO_SLOTS", "4")
	t.Setenv("SCRATCH_DIR", "")
	o := run(t.Context(), never, "--check-config", "--log-level=error")
	require.Equal(t, outcome{code: 0, out: o.out}, o)
	for _, want := range []string{
		"# flag\nLOG_LEVEL: error\n", "# environment\nAUDIO_SLOTS: 4\n", "# file\nVIDEO_SLOTS: 2\n",
		"# default\nDRAIN_GRACE: 20s\n", "# default\nGRPC_LISTEN: 127.0.0.1:0\n", "# file\nSCRIPT_KEY: '***'\n",
		"# file\nSOURCE_PORTS:\n    - 80\n    - 8080\n", "# file\nSPEECH_COMMAND:\n    - piper\n    - -m\n    - x y\n",
		"# environment\nSCRATCH_DIR: \"\"\n", "# the configuration is good\n",
	} {
		require.Contains(t, o.out, want)
	}
	require.NotContains(t, o.out, "hush")
	require.NotContains(t, o.out, "LISTEN: 127.0.0.1:1", "a setting of another program is passed over")

	again := file(t, o.out)
	o2 := run(t.Context(), never, "--check-config", "--config", again, "--log-level=error")
	require.Equal(t, 0, o2.code, "what it prints is a configuration file: %s", o2.err)
}

func TestWrongConfigurationNeverStarts(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"did you mean BROKER_URL?":   {"--config=" + file(t, "BROKER_ULR: x")},
		"no such file":               {"--config", "/nowhere/studycast.yaml"},
		"--video-slots":              {"--config=" + file(t, "VIDEO_SLOTS: many")},
		"--log-level":                {"--config=" + file(t, "LOG_LEVEL: loud")},
		"VIDEO_SLOTS and":            {"--video-slots=99"},
		"unknown flag":               {"--videoslots=1"},
		"EXPOSE_PLAINTEXT_GRPC":      {"--grpc-listen=0.0.0.0:0"},
		"set both or none":           {"--grpc-tls-cert=x.pem"},
		"STATUS_ADDRESS \"nowhere\"": {"--check-config", "--status-address=nowhere"},
	} {
		o := run(t.Context(), never, args...)
		require.Equal(t, 2, o.code, "%v: %s", args, o.err)
		require.Contains(t, o.err, want)
		require.NotContains(t, o.err, "it started")
	}
}

func TestEmbeddedQueueIsRefusedForAProgramApart(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "sqlite:/tmp/nothing/queue.db", "memory:"} {
		o := run(t.Context(), func(ctx context.Context, p *program.Program, s *settings) error {
			_, err := p.Broker(ctx, s.Broker, job.DefaultPolicies())
			return err
		}, "--broker-url="+url)
		require.Equal(t, 1, o.code)
		require.Contains(t, o.err, "belongs to one process")
		require.Contains(t, o.err, "studycast serve")
	}
	require.NoDirExists(t, "/tmp/nothing")
}

func TestReadyOnceItsPartsAre(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	admin := freePort(t)
	get := func() (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+admin+"/readyz", http.NoBody)
		require.NoError(t, err)
		req.Close = true
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(body)
	}
	var order []string
	tries := 0
	o := run(ctx, func(ctx context.Context, p *program.Program, _ *settings) error {
		code, text := get()
		require.Equal(t, http.StatusServiceUnavailable, code)
		require.Contains(t, text, "start: it is starting")
		err := p.Patiently(ctx, "store", func(context.Context) error {
			if tries++; tries < 3 {
				return &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
			}
			_, text := get()
			require.Contains(t, text, "store: dial: connection refused")
			return nil
		})
		require.NoError(t, err)
		for _, name := range []string{"first", "second"} {
			p.Defer(name, func() error {
				order = append(order, name)
				return nil
			})
		}
		_, err = p.ServeGRPC(ctx, func(grpc.ServiceRegistrar) {})
		require.NoError(t, err)
		p.Go("user", func(ctx context.Context) error {
			for {
				if code, _ := get(); code == http.StatusOK {
					break
				}
			}
			p.End()
			<-ctx.Done()
			return nil
		})
		return nil
	}, "--admin-listen="+admin)
	cancel()
	require.Equal(t, 0, o.code, o.err)
	require.Equal(t, 3, tries)
	require.Equal(t, []string{"second", "first"}, order)
}

func freePort(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestPatienceEndsWithAWrongConfigurationAndWithTheProgram(t *testing.T) {
	t.Parallel()
	o := run(t.Context(), func(ctx context.Context, p *program.Program, _ *settings) error {
		return p.Patiently(ctx, "store", func(context.Context) error { return errors.New("unknown database") })
	})
	require.Equal(t, 1, o.code)
	require.Contains(t, o.err, "unknown database")

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	o = run(ctx, func(ctx context.Context, p *program.Program, _ *settings) error {
		return p.Patiently(ctx, "store", func(context.Context) error {
			cancel()
			return job.ErrUnavailable
		})
	})
	require.Equal(t, 0, o.code, o.err)
}

func TestPartThatEndsByItselfEndsTheProgram(t *testing.T) {
	t.Parallel()
	stopped := false
	o := run(t.Context(), func(_ context.Context, p *program.Program, _ *settings) error {
		p.Defer("other", func() error {
			stopped = true
			return nil
		})
		p.Go("part", func(context.Context) error { return errors.New("broken") })
		return nil
	})
	require.Equal(t, 1, o.code)
	require.Contains(t, o.err, "tester: part: broken")
	require.True(t, stopped)
}

func TestPortInUseIsSaid(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	o := run(t.Context(), never, "--admin-listen="+l.Addr().String())
	require.Equal(t, 1, o.code)
	require.Contains(t, o.err, "ADMIN_LISTEN")
	require.Contains(t, o.err, "Choose another port")
}

func TestHelpEnds(t *testing.T) {
	t.Parallel()
	o := run(t.Context(), never, "--help")
	require.Equal(t, 0, o.code)
	require.True(t, strings.Contains(o.out, "--check-config") && strings.Contains(o.out, "$STATUS_ADDRESS"), o.out)
}

func TestVersionEnds(t *testing.T) {
	t.Parallel()
	require.Equal(t, outcome{code: 0, out: version.Version() + "\n"}, run(t.Context(), never, "--version"))
}
