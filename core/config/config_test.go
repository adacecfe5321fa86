package config_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
)

func TestListenersStayOnLoopbackUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1:8080", "[::1]:9090", "localhost:1", "127.0.0.1:0"} {
		require.NoError(t, config.Listen{Listen: addr}.Check(), addr)
		require.NoError(t, config.Admin{AdminListen: addr}.Check(), addr)
		require.NoError(t, config.GRPC{GRPCListen: addr}.Check(), addr)
	}
	mutual := config.TLS{GRPCTLSCert: "c", GRPCTLSKey: "k", GRPCTLSCA: "a"}
	for _, addr := range []string{"0.0.0.0:8080", ":8080", "192.168.1.4:80", "example.com:80"} {
		require.ErrorContains(t, config.Listen{Listen: addr}.Check(), "EXPOSE_NO_AUTH", addr)
		require.NoError(t, config.Listen{Listen: addr, ExposeNoAuth: true}.Check(), addr)
		require.ErrorContains(t, config.Admin{AdminListen: addr}.Check(), "EXPOSE_ADMIN", addr)
		require.NoError(t, config.Admin{AdminListen: addr, ExposeAdmin: true}.Check(), addr)
		require.ErrorContains(t, config.GRPC{GRPCListen: addr}.Check(), "EXPOSE_PLAINTEXT_GRPC", addr)
		require.NoError(t, config.GRPC{GRPCListen: addr, ExposePlaintextGRPC: true}.Check(), addr)
		require.NoError(t, config.GRPC{GRPCListen: addr, TLS: mutual}.Check(), addr)
		oneSided := config.TLS{GRPCTLSCert: "c", GRPCTLSKey: "k"}
		require.ErrorContains(t, config.GRPC{GRPCListen: addr, TLS: oneSided}.Check(), "GRPC_TLS_CA", addr)
	}
	require.ErrorContains(t, config.Admin{AdminListen: "8080"}.Check(), "use host:port")
}

func TestNetworkSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"": "", "memory:": "", "amqp://u:p@h:5672/v,amqp://u:p@i:5672/v": "",
		"amqp://u:p%zz@h": "BROKER_URL", "amqp:": "BROKER_URL", "redis://h": "unknown kind of broker",
	} {
		err := config.Broker{BrokerURL: url}.Check()
		if want == "" {
			require.NoError(t, err, url)
			continue
		}
		require.ErrorContains(t, err, want, url)
		require.NotContains(t, err.Error(), "p%zz", "no password in an error")
	}
	require.ErrorContains(t, config.Tracing{OTLPEndpoint: "localhost:4317"}.Check(), "OTEL_EXPORTER_OTLP_ENDPOINT")
	require.NoError(t, config.Tracing{OTLPEndpoint: "http://localhost:4317"}.Check())
	require.ErrorContains(t, config.Tracing{TraceRatio: 1.5}.Check(), "TRACE_RATIO")
	require.ErrorContains(t, config.Tracing{TraceRatio: math.NaN()}.Check(), "TRACE_RATIO")
	require.ErrorContains(t, config.Broker{BrokerTLSCert: "x"}.Check(), "BROKER_TLS_CERT and BROKER_TLS_KEY")
	require.ErrorContains(t, config.TLS{GRPCTLSKey: "x"}.Check(), "GRPC_TLS_CERT and GRPC_TLS_KEY")
	require.ErrorContains(t, config.TLS{GRPCTLSCA: "/nowhere/ca.pem"}.Check(), "/nowhere/ca.pem")
	for _, good := range []string{"a:1", "a:1, b:2", "dns:///status:7070", "unix:/run/x"} {
		require.NoError(t, config.StatusPeer{StatusAddress: good}.Check(), good)
	}
	require.ErrorContains(t, config.StatusPeer{StatusAddress: "a:1,b"}.Check(), `STATUS_ADDRESS "b"`)
	require.ErrorContains(t, config.DeadLetterPeer{}.Check(), "DEADLETTER_ADDRESS")
}

func TestCheckFindsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	var s struct {
		config.Common
		config.ForWorker
	}
	s.AdminListen, s.GRPCListen, s.StatusAddress = "0.0.0.0:1", "0.0.0.0:2", "nobody"
	err := config.Check(&s)
	for _, want := range []string{"EXPOSE_ADMIN", "EXPOSE_PLAINTEXT_GRPC", "STATUS_ADDRESS", "VIDEO_SLOTS", "policy of video"} {
		require.ErrorContains(t, err, want)
	}
}

func TestLessonNamesTheWrongSetting(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]config.Lesson{
		"SCRIPT_URL":               {ScriptURL: "example.com"},
		"SCRIPT_MODEL":             {ScriptURL: "https://example.com/v1"},
		"SPEECH_COMMAND":           {SpeechURL: "https://example.com/v1", SpeechCommand: []string{"piper"}},
		"SPEECH_VOICES names luna": {Cast: config.Cast{SpeechVoices: []string{"ada=nova", "luna=shimmer"}}},
	} {
		require.ErrorContains(t, l.Check(), want)
	}
	for want, pair := range map[string]string{"use pairs": "nova", "begins with a letter": "Ada=nova"} {
		require.ErrorContains(t, config.Cast{SpeechVoices: []string{pair}}.Check(), want)
	}
	l := config.Lesson{Cast: config.Cast{SpeechVoices: []string{"ada=nova", "ben=onyx"}}}
	require.NoError(t, l.Check())
	require.NoError(t, l.Cast.Check())
	require.Equal(t, []string{"ada", "ben"}, l.Names())
	voices, err := l.Voices()
	require.NoError(t, err)
	require.Equal(t, map[string]string{"ada": "nova", "ben": "onyx"}, voices)
}

func TestPoliciesReachTheJobHalf(t *testing.T) {
	t.Parallel()
	p := config.Policies{VideoTimeout: time.Minute, VideoRetries: 1, VideoBackoff: time.Second, AudioTimeout: time.Hour, AudioBackoff: time.Second, KeepSucceeded: 5, KeepFailed: 6}
	require.NoError(t, p.Check())
	require.Equal(t, time.Minute, p.Policies()[job.Video].AttemptTimeout)
	require.Equal(t, 0, p.Policies()[job.Audio].Retries)
	p.VideoRetries = 11
	require.ErrorContains(t, p.Check(), "policy of video: retries 11")
}

func TestDataFillsInTheEmbeddedAdapters(t *testing.T) {
	t.Parallel()
	in := config.Data{Folder: config.Folder{DataDir: "/srv/x"}}
	d := in.Filled()
	require.Equal(t, "sqlite:/srv/x/queue.db", d.BrokerURL)
	require.Equal(t, "sqlite:/srv/x/status.db", d.StoreURL)
	require.Equal(t, "sqlite:/srv/x/dead-letters.db", d.DeadLetterStoreURL)
	require.Equal(t, "file:/srv/x/artifacts", d.ArtifactsURL)
	require.Equal(t, "/srv/x/scratch", d.ScratchDir)
	in.BrokerURL, in.StoreURL = "memory:", "postgres://u:p@h/d"
	require.Equal(t, "memory:", in.Filled().BrokerURL)
	require.Equal(t, in.StoreURL, in.Filled().DeadLetterStoreURL, "one database for both")
}
