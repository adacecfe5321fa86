//go:build linux

package observe

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/studycast/studycast/core/sandbox/child"
	"github.com/studycast/studycast/core/sandbox/port"
)

// folder is what is under test.
const folder = "../../deploy/observability"

// Times of the test: what takes minutes in earnest is seen within seconds.
const (
	interval = "1s"  // of scrapes and of rules
	window   = "10s" // in place of $__rate_interval, and of what rules look at

	windowTime = 10 * time.Second
)

// prometheus is a running server.
type prometheus struct{ url string }

// startPrometheus runs one with the configuration of deploy/observability, but
// for the targets, which are given by job, and the times.
func startPrometheus(t *testing.T, targets map[string][]string) *prometheus {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	require.NoError(t, err, "install the Debian package prometheus")
	dir := t.TempDir()
	config := configure(t, dir, targets)
	row, err := port.Reserve(1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, row.Close()) })
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = log.Close() })
	cmd := exec.Command(program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+row.Address(0), "--log.level=warn")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	server, err := child.Start(cmd)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Kill()) })
	p := &prometheus{url: "http://" + row.Address(0)}
	require.Eventually(t, func() bool {
		select {
		case <-server.Ended():
			text, _ := os.ReadFile(log.Name())
			require.FailNow(t, "prometheus ended", string(text))
		default:
		}
		resp, err := http.Get(p.url + "/-/ready")
		return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	}, patience, tick, "prometheus is not ready")
	return p
}

// configure writes configuration and rules into a folder.
func configure(t *testing.T, dir string, targets map[string][]string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "prometheus.yaml"))
	require.NoError(t, err)
	var c struct {
		RuleFiles []string         `yaml:"rule_files"`
		Scrape    []map[string]any `yaml:"scrape_configs"`
	}
	require.NoError(t, yaml.Unmarshal(text, &c))
	require.Len(t, c.Scrape, len(targets), "a job without targets, or targets without a job")
	for _, job := range c.Scrape {
		name, _ := job["job_name"].(string)
		require.Contains(t, targets, name)
		delete(job, "dns_sd_configs")
		job["static_configs"] = []any{map[string]any{"targets": targets[name]}}
	}
	text, err = yaml.Marshal(map[string]any{
		"global":     map[string]string{"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
		"rule_files": c.RuleFiles, "scrape_configs": c.Scrape,
	})
	require.NoError(t, err)
	config := filepath.Join(dir, "prometheus.yaml")
	require.NoError(t, os.WriteFile(config, text, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "rules"), 0o700))
	files, err := filepath.Glob(filepath.Join(folder, "rules", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "rules", filepath.Base(name)), shorten(text), 0o600))
	}
	return config
}

// shorten makes rules see within seconds what takes them days.
func shorten(rules []byte) []byte {
	rules = regexp.MustCompile(`interval: \d+m`).ReplaceAll(rules, []byte("interval: "+interval))
	rules = regexp.MustCompile(`\[30d:1h\]`).ReplaceAll(rules, []byte("[30s:1s]"))
	return regexp.MustCompile(`\[\d+[mhd]\]`).ReplaceAll(rules, []byte("["+window+"]"))
}

// get asks the API and decodes the data of the answer.
func (p *prometheus) get(t *testing.T, path string, query url.Values, data any) {
	t.Helper()
	resp, err := http.Get(p.url + path + "?" + query.Encode())
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var a struct {
		Status, Error string
		Data          json.RawMessage
	}
	require.NoError(t, json.Unmarshal(text, &a), string(text))
	require.Equal(t, "success", a.Status, "%s: %s", query.Get("query"), a.Error)
	require.NoError(t, json.Unmarshal(a.Data, data))
}

// points counts the numbers of the answer to a query about the time since.
func (p *prometheus) points(t *testing.T, query string, since time.Time) int {
	t.Helper()
	var data struct {
		Result []struct{ Values [][2]any }
	}
	p.get(t, "/api/v1/query_range", url.Values{
		"query": {query}, "step": {interval},
		"start": {stamp(since)}, "end": {stamp(time.Now())},
	}, &data)
	n := 0
	for _, series := range data.Result {
		for _, point := range series.Values {
			text, _ := point[1].(string)
			if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(v) {
				n++
			}
		}
	}
	return n
}

func stamp(at time.Time) string { return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64) }
