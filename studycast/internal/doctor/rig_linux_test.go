package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
	"github.com/studycast/studycast/core/statusclient"
	deadletter "github.com/studycast/studycast/services/deadletter/app"
	status "github.com/studycast/studycast/services/status/app"
	"github.com/studycast/studycast/studycast/internal/doctor"
	"github.com/studycast/studycast/studycast/internal/single"
)

// The servers of all tests.
var (
	rabbit   *rabbitmq.Node
	database *postgres.Server
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	var err error
	if rabbit, err = rabbitmq.NewWith(rabbitmq.Options{
		Root: os.Getenv("STUDYCAST_RABBITMQ_ROOT"), Plugins: []string{"rabbitmq_management"},
	}); err == nil {
		defer func() { code = max(code, complain(rabbit.Close())) }()
		err = rabbit.Start(context.Background())
	}
	if err == nil {
		if database, err = postgres.Start(); err == nil {
			defer func() { code = max(code, complain(database.Stop())) }()
		}
	}
	if err != nil {
		return complain(err)
	}
	return m.Run()
}

func complain(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// tools are the checks that take the most processor.
var tools = []string{"ffmpeg", "voices"}

// patience bounds waits for what should take milliseconds.
const patience = 30 * time.Second

// policies make delays that a test can wait for.
var policies = config.Policies{
	VideoTimeout: 5 * time.Minute, VideoRetries: 2, VideoBackoff: 300 * time.Millisecond,
	AudioTimeout: 3 * time.Minute, AudioRetries: 2, AudioBackoff: 500 * time.Millisecond,
	KeepSucceeded: 10, KeepFailed: 10,
}

// manage asks the management API of the server for something, as its operator.
func manage(t *testing.T, method, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, rabbit.Management()+"/api/"+path, bytes.NewReader(body))
	require.NoError(t, err)
	req.SetBasicAuth("guest", "guest")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Less(t, resp.StatusCode, 300, "%s %s: %s", method, path, text)
	if out != nil {
		require.NoError(t, json.Unmarshal(text, out))
	}
}

// vhost makes an empty virtual host and a user for it.
func vhost(t *testing.T, configure string) (name, address string) {
	t.Helper()
	name = "v" + uuid.NewString()
	manage(t, http.MethodPut, "vhosts/"+name, struct{}{}, nil)
	return name, user(t, name, configure)
}

// user makes a user of a virtual host and returns where it connects.
func user(t *testing.T, vhost, configure string) string {
	t.Helper()
	name := "u" + uuid.NewString()
	manage(t, http.MethodPut, "users/"+name, map[string]string{"password": "secret", "tags": "management"}, nil)
	manage(t, http.MethodPut, "permissions/"+vhost+"/"+name, map[string]string{"configure": configure, "write": ".*", "read": ".*"}, nil)
	return rabbit.UserURL(name, "secret", vhost)
}

// inventory lists what a virtual host holds.
func inventory(t *testing.T, vhost string) string {
	t.Helper()
	var all string
	for _, path := range []string{"queues/" + vhost + "?columns=name", "exchanges/" + vhost + "?columns=name,arguments", "bindings/" + vhost} {
		var some []map[string]any
		manage(t, http.MethodGet, path, nil, &some)
		all += fmt.Sprint(some)
	}
	return all
}

// tree lists the files below a folder.
func tree(t *testing.T, dir string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	}))
	return names
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

// serve runs a part until the end of the test.
func serve(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			require.NoError(t, err)
		}
	})
}

// settings are those of a system in a folder of the test's own.
func settings(t *testing.T) config.ForDoctor {
	t.Helper()
	o := config.ForDoctor{
		Data: config.Data{Folder: config.Folder{DataDir: filepath.Join(t.TempDir(), "data")}}, Policies: policies,
		StatusPeer: config.StatusPeer{StatusAddress: "127.0.0.1:1"}, DeadLetterPeer: config.DeadLetterPeer{DeadLetterAddress: "127.0.0.1:1"},
	}
	o.SpeechModel, o.SourcePorts = "tts-1", []int{80, 443}
	return o
}

// startSingle runs everything in one process and returns where it answers.
func startSingle(t *testing.T, c config.ForDoctor) string {
	t.Helper()
	l := listen(t)
	s, err := single.New(t.Context(), single.Options{
		Data: c.Data, Policies: c.Policies, Workers: config.Workers{VideoSlots: 1, AudioSlots: 1}, Lesson: c.Lesson, Listener: l,
	})
	require.NoError(t, err)
	serve(t, s.Run)
	address := "http://" + l.Addr().String()
	requireReady(t, address)
	return address
}

// requireReady waits until a gateway says that all of its parts are ready.
func requireReady(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/readyz", nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, patience, 5*time.Millisecond)
}

// system is a healthy one on RabbitMQ and PostgreSQL.
type system struct {
	vhost, schema string
	o             doctor.Options
}

// newSystem starts all programs: one process with everything, and a replica of
// each service by itself.
func newSystem(t *testing.T) system {
	t.Helper()
	c := settings(t)
	name, address := vhost(t, ".*")
	store, err := database.Schema(t.Context())
	require.NoError(t, err)
	c.BrokerURL, c.StoreURL, c.DeadLetterStoreURL = address, store, store
	c.BrokerManagementURL = rabbit.Management()
	gateway := startSingle(t, c)
	c.StatusAddress = startStatus(t, store)
	c.DeadLetterAddress = startDeadLetters(t, c)
	u, err := url.Parse(store)
	require.NoError(t, err)
	return system{name, u.Query().Get("search_path"), doctor.Options{
		ForDoctor: c, Gateway: gateway, StatusNamed: true, DeadLettersNamed: true, Ctl: rabbit.Ask,
	}}
}

// declare makes what is missing on the server, as a program that starts does.
func (s system) declare(t *testing.T) {
	t.Helper()
	b, err := backend.OpenBroker(t.Context(), s.o.BrokerURL, policies.Policies(), backend.BrokerOptions{Name: "mend"})
	require.NoError(t, err)
	require.NoError(t, b.Close(t.Context()))
}

func startStatus(t *testing.T, store string) string {
	t.Helper()
	l := listen(t)
	app, err := status.New(t.Context(), status.Options{StoreURL: store, Policies: policies.Policies(), Listener: l})
	require.NoError(t, err)
	serve(t, app.Run)
	return l.Addr().String()
}

func startDeadLetters(t *testing.T, c config.ForDoctor) string {
	t.Helper()
	d, err := backend.OpenBroker(t.Context(), c.BrokerURL, policies.Policies(), backend.BrokerOptions{Name: "deadletter"})
	require.NoError(t, err)
	b := broker.New(d, broker.Options{})
	t.Cleanup(func() { require.NoError(t, b.Close(context.Background())) })
	conn, err := rpc.Dial(c.StatusAddress, rpc.DialOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	l := listen(t)
	app, err := deadletter.New(t.Context(), deadletter.Options{
		StoreURL: c.DeadLetterStoreURL, Broker: b, Queues: job.Queues(), Status: statusclient.New(conn, statusclient.Options{}), Listener: l,
	})
	require.NoError(t, err)
	serve(t, app.Run)
	require.Eventually(t, func() bool { return app.Ready() == nil }, patience, 5*time.Millisecond)
	return l.Addr().String()
}

func examine(t *testing.T, o doctor.Options) doctor.Report {
	t.Helper()
	report, err := doctor.Examine(t.Context(), o)
	require.NoError(t, err)
	return report
}

// requireSilent expects that every check is content, but those named, which say
// that they mean nothing here.
func requireSilent(t *testing.T, r doctor.Report, skipped ...string) {
	t.Helper()
	var not []string
	for _, one := range r {
		if one.Name == "broker.delays" && one.Status == doctor.Warning {
			t.Logf("a busy machine: %+v", one)
			continue
		}
		require.NotContains(t, []doctor.Status{doctor.Failure, doctor.Warning}, one.Status, "%+v", one)
		require.NotEmpty(t, one.Says, one.Name)
		if one.Status == doctor.Skipped {
			not = append(not, one.Name)
		}
	}
	require.ElementsMatch(t, skipped, not)
}
