package doctor_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/studycast/internal/doctor"
)

// fault is one that an operator may meet, and what the doctor must say of it.
type fault struct {
	name   string
	check  string // the only one that finds it
	wrong  string // a part of what it says
	remedy string // a part of what it advises
	// plant makes the fault and returns how to take it back; it may change what
	// is examined.
	plant func(t *testing.T, s system, o *doctor.Options) (mend func())
}

// nothing is how to take a fault back that is in the options only.
func nothing() {}

var faults = []fault{
	{
		"wrong password", "broker.connection", "access refused", "rabbitmqctl change_password",
		func(_ *testing.T, _ system, o *doctor.Options) func() {
			o.BrokerURL = strings.Replace(o.BrokerURL, ":secret@", ":guess@", 1)
			return nothing
		},
	},
	{
		"delay queue with another delay", "broker.topology",
		`queue "video-generation.retry.300" exists with x-message-ttl = 999, but this version needs 300`, "rabbitmqctl delete_queue --vhost",
		func(t *testing.T, s system, _ *doctor.Options) func() {
			return replaceQueue(t, s, "video-generation.retry.300", map[string]any{
				"x-queue-type": "quorum", "x-message-ttl": 999, "x-dead-letter-exchange": "studycast.jobs", "x-dead-letter-routing-key": "video-generation",
				"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish",
			})
		},
	},
	{
		"missing delay queue", "broker.topology", `queue "audio-generation.retry.500" is missing`, "rabbitmqctl import_definitions",
		func(t *testing.T, s system, _ *doctor.Options) func() {
			return replaceQueue(t, s, "audio-generation.retry.500", nil)
		},
	},
	{
		"missing exchange of the unroutable", "broker.topology", `exchange "studycast.unroutable" is missing`, "BROKER_TOPOLOGY=declare",
		func(t *testing.T, s system, _ *doctor.Options) func() {
			manage(t, http.MethodDelete, "exchanges/"+s.vhost+"/studycast.unroutable", nil, nil)
			return func() { s.declare(t) }
		},
	},
	{
		"missing binding", "broker.bindings", `queue "video-generation" is not bound to exchange "studycast.jobs" with key "video-generation"`,
		"studycast topology --definitions",
		func(t *testing.T, s system, _ *doctor.Options) func() {
			manage(t, http.MethodDelete, "bindings/"+s.vhost+"/e/studycast.jobs/q/video-generation/video-generation", nil, nil)
			return func() { s.declare(t) }
		},
	},
	{
		"consumer timeout too short", "broker.timeout", "takes a job away from its worker after 1m0s", "set consumer_timeout = 360000 or more",
		func(t *testing.T, _ system, _ *doctor.Options) func() {
			set := func(ms int) {
				_, err := rabbit.Eval(t.Context(), fmt.Sprintf("application:set_env(rabbit, consumer_timeout, %d).", ms))
				require.NoError(t, err)
			}
			set(60_000)
			return func() { set(1_800_000) }
		},
	},
	{
		"policy that shortens delays", "broker.delays", "in place of 300ms", "rabbitmqctl list_policies",
		func(t *testing.T, s system, _ *doctor.Options) func() {
			manage(t, http.MethodPut, "policies/"+s.vhost+"/short", map[string]any{
				"pattern": ".*", "apply-to": "queues", "definition": map[string]any{"message-ttl": 50},
			}, nil)
			return func() { manage(t, http.MethodDelete, "policies/"+s.vhost+"/short", nil, nil) }
		},
	},
	{
		"queue that swallows the unroutable", "broker.unroutable", `exchange "studycast.jobs" did not give back a message`, "rabbitmqctl list_bindings",
		func(t *testing.T, s system, _ *doctor.Options) func() {
			manage(t, http.MethodPut, "queues/"+s.vhost+"/everything", map[string]any{"durable": true}, nil)
			manage(t, http.MethodPost, "bindings/"+s.vhost+"/e/studycast.unroutable/q/everything", map[string]any{}, nil)
			return func() { manage(t, http.MethodDelete, "queues/"+s.vhost+"/everything", nil, nil) }
		},
	},
	{
		"status store without tables", "status.store", "it has no tables", "start the service",
		func(t *testing.T, _ system, o *doctor.Options) func() {
			empty, err := database.Schema(t.Context())
			require.NoError(t, err)
			o.StoreURL = empty
			return nothing
		},
	},
	{
		"dead-letter store of a newer version", "deadletters.store", "its tables have version 999", "run the newer version of Studycast",
		func(t *testing.T, s system, _ *doctor.Options) func() {
			table := s.schema + ".dead_letters_version"
			require.NoError(t, database.Exec(t.Context(), "INSERT INTO "+table+" (version_id, is_applied) VALUES (999, true);"+
				"INSERT INTO "+table+"_floor (version) VALUES (999)"))
			return func() {
				require.NoError(t, database.Exec(t.Context(), "DELETE FROM "+table+" WHERE version_id = 999;"+
					"DELETE FROM "+table+"_floor WHERE version = 999"))
			}
		},
	},
	{
		"artifact store that can't be written", "artifacts", "artifact directory", "ARTIFACTS_URL",
		func(t *testing.T, _ system, o *doctor.Options) func() {
			path := filepath.Join(t.TempDir(), "artifacts")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			o.ArtifactsURL = "file:" + path
			return nothing
		},
	},
	{
		"low disk", "disk", "has 200 MiB free, 1024 are needed", "free space there (df -h ",
		func(_ *testing.T, _ system, o *doctor.Options) func() {
			o.Free = func(string) (uint64, error) { return 200 << 20, nil }
			return nothing
		},
	},
	{
		"no ffmpeg in PATH", "ffmpeg", "ffmpeg: not installed", "apt-get install ffmpeg",
		func(t *testing.T, _ system, o *doctor.Options) func() { return onlyPath(t, o, "ffmpeg") },
	},
	{
		"no English voice", "voices", "The voice flite is not installed", "apt-get install flite",
		func(t *testing.T, _ system, o *doctor.Options) func() { return onlyPath(t, o, "flite") },
	},
	{
		"service that is away", "status", "127.0.0.1:1: ", "start the status service",
		func(_ *testing.T, _ system, o *doctor.Options) func() {
			o.StatusAddress += ",127.0.0.1:1"
			return nothing
		},
	},
	{
		"no gateway at its address", "gateway", "connection refused", "--server",
		func(_ *testing.T, _ system, o *doctor.Options) func() {
			o.Gateway = "http://127.0.0.1:1"
			return nothing
		},
	},
	{
		"clock that is wrong", "clocks", "behind that of this machine", "timedatectl set-ntp true",
		func(_ *testing.T, _ system, o *doctor.Options) func() {
			o.Now = func() time.Time { return time.Now().Add(time.Minute) }
			return nothing
		},
	},
}

// Every planted fault is found by the check that is meant for it and by no
// other one, with its remedy; and once it is mended, the doctor is silent again.
func TestPlantedFaults(t *testing.T) {
	require.GreaterOrEqual(t, len(faults), 10)
	s := newSystem(t)
	for _, f := range faults {
		t.Run(strings.ReplaceAll(f.name, " ", "-"), func(t *testing.T) {
			o := s.o
			o.Skip = tools
			mend := f.plant(t, s, &o)
			r := examine(t, o)
			mend()
			require.Equal(t, []string{f.check}, append(with(r, doctor.Failure), with(r, doctor.Warning)...), "%+v", r)
			for _, one := range r {
				if one.Name == f.check {
					require.Contains(t, one.Problems[0].Wrong, f.wrong)
					require.Contains(t, one.Problems[0].Remedy, f.remedy)
				}
				if one.Status == doctor.Skipped && !strings.Contains(one.Says, "not asked for") {
					require.Contains(t, one.Says, "it means nothing while "+f.check[:strings.Index(f.check+".", ".")])
				}
			}
		})
	}
	requireSilent(t, examine(t, s.o))
}

// replaceQueue deletes a queue and makes it anew with other arguments; nil =
// not at all.
func replaceQueue(t *testing.T, s system, name string, arguments map[string]any) (mend func()) {
	t.Helper()
	path := "queues/" + s.vhost + "/" + name
	manage(t, http.MethodDelete, path, nil, nil)
	if arguments != nil {
		manage(t, http.MethodPut, path, map[string]any{"durable": true, "arguments": arguments}, nil)
	}
	return func() {
		if arguments != nil {
			manage(t, http.MethodDelete, path, nil, nil)
		}
		s.declare(t)
	}
}

// onlyPath takes one program out of the PATH and has the tools examined.
func onlyPath(t *testing.T, o *doctor.Options, without string) (mend func()) {
	t.Helper()
	o.Skip = nil
	dir := t.TempDir()
	for _, name := range []string{"prlimit", "unshare", "ffmpeg", "ffprobe", "flite", "espeak-ng"} {
		path, err := exec.LookPath(name)
		require.NoError(t, err, "install the Debian package of %s", name)
		if name != without {
			require.NoError(t, os.Symlink(path, filepath.Join(dir, name)))
		}
	}
	t.Setenv("PATH", dir)
	return nothing
}
