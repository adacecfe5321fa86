package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
)

func TestFileIsReadStrictly(t *testing.T) {
	t.Parallel()
	f, err := config.ParseFile([]byte("# shared by all programs\nLOG_LEVEL: debug\nVIDEO_SLOTS: 2\nDRAIN_GRACE: 30s\n" +
		"ALLOW_LOOPBACK: true\nSOURCE_PORTS: [80, 443]\nSPEECH_COMMAND:\n  - piper\n  - -m\nSCRIPT_KEY: \"\"\n"))
	require.NoError(t, err)
	require.Equal(t, config.File{
		"LOG_LEVEL": "debug", "VIDEO_SLOTS": "2", "DRAIN_GRACE": "30s", "ALLOW_LOOPBACK": "true",
		"SOURCE_PORTS": []any{80, 443}, "SPEECH_COMMAND": []any{"piper", "-m"}, "SCRIPT_KEY": "",
	}, f)
	for text, want := range map[string]string{
		"BROKR_URL: x":                        `line 1: unknown key "BROKR_URL": did you mean BROKER_URL?`,
		"\nlog_level: debug":                  `line 2: unknown key "log_level": did you mean LOG_LEVEL?`,
		"ENTIRELY_DIFFERENT_THING: 1":         "`studycast settings` lists all",
		"CONFIG_FILE: other.yaml":             "unknown key",
		"LOG_LEVEL: debug\nLOG_LEVEL: info":   "LOG_LEVEL comes twice",
		"LOG_LEVEL:":                          "LOG_LEVEL has no value",
		"LOG_LEVEL: {a: b}":                   "use a plain value or a list",
		"SOURCE_PORTS: [[80]]":                "use a list of plain values",
		"- LOG_LEVEL":                         "use lines like LOG_LEVEL: debug",
		"LOG_LEVEL: a\n---\nLOG_LEVEL: b":     "more than one document",
		"LOG_LEVEL: [":                        "line 1",
		"BROKR_URL: x\nSTATUS_ADDR: y":        "STATUS_ADDRESS",
		"LOG_LEVEL: &a debug\nLOG_FORMAT: *a": "use a plain value",
	} {
		_, err := config.ParseFile([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "null\n"} {
		f, err := config.ParseFile([]byte(empty))
		require.NoError(t, err)
		require.Empty(t, f)
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "studycast.yaml")
	_, err := config.ReadFile(path)
	require.ErrorContains(t, err, path)
	require.NoError(t, os.WriteFile(path, []byte("X: 1"), 0o600))
	_, err = config.ReadFile(path)
	require.ErrorContains(t, err, path+": line 1")
}

func TestPrintHidesSecretsAndReadsBack(t *testing.T) {
	t.Parallel()
	var s config.ForWorker
	s.BrokerURL, s.DrainGrace, s.SourcePorts = "amqp://u:password@h", 20*time.Second, []int{80}
	var b strings.Builder
	require.NoError(t, config.Print(&b, &s, func(config.Setting) string { return "default" }))
	require.NotContains(t, b.String(), "password")
	require.Contains(t, b.String(), "# default\nBROKER_URL: '***'\n")
	require.Contains(t, b.String(), "DRAIN_GRACE: 20s\n")
	f, err := config.ParseFile([]byte(b.String()))
	require.NoError(t, err)
	require.Equal(t, "20s", f["DRAIN_GRACE"])
	require.Equal(t, "", f["SCRIPT_KEY"], "what is not set is no secret")
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte("LOG_LEVEL: debug\nSOURCE_PORTS: [80, 443]\n"))
	f.Add([]byte("---\n...\n"))
	f.Add([]byte("a: &x [*x]"))
	known := map[string]bool{}
	for _, s := range config.Everything() {
		known[s.Env] = true
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := config.ParseFile(text)
		if err != nil {
			require.Nil(t, file)
			return
		}
		for key := range file {
			require.True(t, known[key], key)
		}
	})
}
