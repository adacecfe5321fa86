package doctor_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/studycast/internal/doctor"
)

func TestSilentOnRabbitMQ(t *testing.T) {
	s := newSystem(t)
	before, files := inventory(t, s.vhost), tree(t, s.o.DataDir)
	r := examine(t, s.o)
	requireSilent(t, r)
	require.Equal(t, before, inventory(t, s.vhost), "nothing is left on the server")
	require.Equal(t, files, tree(t, s.o.DataDir), "nothing is left on the disk")
	for _, one := range r {
		if one.Name == "broker.delays" {
			require.Contains(t, one.Says, "4 delays")
		}
	}
	// Everything is also there for one process on RabbitMQ, whose services have
	// no addresses.
	apart := s.o
	apart.StatusAddress, apart.DeadLetterAddress, apart.StatusNamed, apart.DeadLettersNamed = "127.0.0.1:1", "127.0.0.1:1", false, false
	apart.Quick, apart.Skip = true, tools
	requireSilent(t, examine(t, apart), "broker.delays", "status", "deadletters", "ffmpeg", "voices")
}

// What only operators of the broker are told comes from rabbitmqctl as well.
func TestSilentWithoutManagementAPI(t *testing.T) {
	s := newSystem(t)
	s.o.Quick, s.o.Skip, s.o.BrokerManagementURL = true, tools, "http://127.0.0.1:1"
	requireSilent(t, examine(t, s.o), "broker.delays", "ffmpeg", "voices")

	s.o.Ctl, s.o.RabbitMQCtl = nil, []string{"false"}
	r := examine(t, s.o)
	require.True(t, r.Healthy())
	require.Equal(t, []string{"broker.bindings", "broker.timeout"}, with(r, doctor.Warning), "it says what it can't know")
	for _, one := range r {
		for _, p := range one.Problems {
			require.Contains(t, p.Remedy, "rabbitmqctl ", "and the command that tells it")
		}
	}
}

// A user of few rights is told what could not be tried.
func TestFewRights(t *testing.T) {
	s := newSystem(t)
	s.o.BrokerURL, s.o.Skip = user(t, s.vhost, "^$"), tools
	r := examine(t, s.o)
	require.True(t, r.Healthy())
	require.Equal(t, []string{"broker.semantics", "broker.delays", "broker.unroutable"}, with(r, doctor.Warning), "the management API tells the rest")

	s.o.BrokerManagementURL, s.o.Quick = "http://127.0.0.1:1", true
	require.Equal(t, []string{"broker.semantics", "broker.topology", "broker.unroutable"}, with(examine(t, s.o), doctor.Warning))
}

// with lists the checks that ended like this.
func with(r doctor.Report, s doctor.Status) (names []string) {
	for _, one := range r {
		if one.Status == s {
			names = append(names, one.Name)
		}
	}
	return names
}

func TestSilentOnEmbedded(t *testing.T) {
	o := doctor.Options{ForDoctor: settings(t), Gateway: "http://127.0.0.1:1"}
	requireSilent(t, examine(t, o), "gateway", "clocks")
	require.NoDirExists(t, o.DataDir, "nothing is made before the first start")

	o.Gateway = startSingle(t, o.ForDoctor)
	before := tree(t, o.DataDir)
	r := examine(t, o)
	requireSilent(t, r)
	require.Equal(t, before, tree(t, o.DataDir), "nothing is left behind")
	require.Contains(t, r[0].Says, "a running server owns it")
}

// Files of a server that was killed are read as they are.
func TestSilentOnWhatAKilledServerLeft(t *testing.T) {
	o := doctor.Options{ForDoctor: settings(t), Gateway: "http://127.0.0.1:1", Quick: true, Skip: tools}
	startSingle(t, o.ForDoctor)
	left := settings(t)
	require.NoError(t, os.CopyFS(left.DataDir, os.DirFS(o.DataDir)))
	o.ForDoctor = left
	// To open the artifact store sweeps what was being written there.
	require.NoError(t, os.RemoveAll(filepath.Join(left.DataDir, "artifacts")))
	before := tree(t, left.DataDir)
	requireSilent(t, examine(t, o), "broker.delays", "gateway", "clocks", "ffmpeg", "voices")
	require.Equal(t, before, tree(t, left.DataDir))
}

func TestUnknownCheckAndWrongSettings(t *testing.T) {
	o := doctor.Options{ForDoctor: settings(t), Quick: true, Skip: []string{"lungs"}}
	_, err := doctor.Examine(t.Context(), o)
	require.ErrorContains(t, err, `no check "lungs" here: use one of broker.file, `)
	o.Skip, o.VideoRetries = nil, -1
	_, err = doctor.Examine(t.Context(), o)
	require.ErrorContains(t, err, "retries -1")

	o = doctor.Options{ForDoctor: settings(t), Skip: []string{"ffmpeg", "voices", "broker.delays"}}
	requireSilent(t, examine(t, o), "ffmpeg", "voices", "broker.delays", "gateway", "clocks")
}

// No text holds a password.
func TestNoPasswordIsTold(t *testing.T) {
	s := newSystem(t)
	s.o.Quick, s.o.Skip = true, tools
	u, err := url.Parse(s.o.BrokerURL)
	require.NoError(t, err)
	u.User, u.Host = url.UserPassword("user", "geheim"), "127.0.0.1:1"
	s.o.BrokerURL = u.String()
	s.o.StoreURL = "postgres://user:geheim@127.0.0.1:1/db"
	s.o.DeadLetterStoreURL = "postgres://user:geheim@" + database.Address() + "/db"
	s.o.ArtifactsURL = "file:" + filepath.Join(t.TempDir(), "artifacts")
	r := examine(t, s.o)
	require.Equal(t, []string{"broker.connection", "status.store", "deadletters.store"}, with(r, doctor.Failure))
	for _, one := range r {
		for _, p := range one.Problems {
			require.NotContains(t, p.Wrong+p.Remedy+one.Says, "geheim")
			require.NotEmpty(t, p.Remedy)
		}
	}
}
