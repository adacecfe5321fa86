//go:build linux

package browser

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/sandbox/port"
)

// programs are all programs apart, on a RabbitMQ and a PostgreSQL of their own,
// held by what is behind `make up`: it starts again what ends.
type programs struct {
	product
	t     *testing.T
	dir   string
	local string
}

// startPrograms builds the programs and starts them with settings, and ends them
// at the end of the test.
func startPrograms(t *testing.T, settings ...string) *programs {
	t.Helper()
	bin := binaries(t)
	row, err := port.Reserve(1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, row.Close()) })
	p := &programs{t: t, dir: filepath.Join(t.TempDir(), "system"), local: filepath.Join(bin, "local")}
	p.url, p.site = "http://"+row.Address(0), newSite(t)
	command := []string{"up", "--dir", p.dir, "--bin", bin, "--listen", row.Address(0)}
	for _, s := range settings {
		command = append(command, "--env", s)
	}
	t.Cleanup(func() { p.run(context.Background(), "down", "--dir", p.dir) })
	p.run(t.Context(), command...)
	return p
}

// binaries returns the folder of the programs: that of STUDYCAST_BIN, else one where
// they are built.
func binaries(t *testing.T) string {
	t.Helper()
	if bin := os.Getenv("STUDYCAST_BIN"); bin != "" {
		return bin
	}
	bin := t.TempDir()
	work, err := exec.CommandContext(t.Context(), "go", "env", "GOWORK").Output()
	require.NoError(t, err)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin+"/", "./gateway/cmd/gateway", "./services/status/cmd/status",
		"./services/deadletter/cmd/deadletter", "./video-worker/cmd/video-worker", "./audio-worker/cmd/audio-worker", "./lab/cmd/local")
	build.Dir = filepath.Dir(strings.TrimSpace(string(work)))
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return bin
}

func (p *programs) run(ctx context.Context, args ...string) {
	p.t.Helper()
	out, err := exec.CommandContext(ctx, p.local, args...).CombinedOutput()
	require.NoError(p.t, err, "%s", out)
}

// pid is the process of a program.
func (p *programs) pid(name string) int {
	p.t.Helper()
	var state struct {
		Programs []struct {
			Name string
			PID  int
		}
	}
	text, err := os.ReadFile(filepath.Join(p.dir, "state.json"))
	require.NoError(p.t, err)
	require.NoError(p.t, json.Unmarshal(text, &state))
	for _, program := range state.Programs {
		if program.Name == name {
			return program.PID
		}
	}
	require.FailNow(p.t, "no such program", "%s", text)
	return 0
}

// TestOnRabbitMQ is what students and an operator do on the programs apart: a
// lesson that survives the death of the gateway, plays and is saved; another
// that is cancelled; one that an operator replays; one that fails and is tried
// again. No student sees what another one has.
func TestOnRabbitMQ(t *testing.T) {
	t.Parallel()
	keys, file := keysOf(t, "ann", "ben", "olga operator")
	p := startPrograms(t, "API_KEYS_FILE="+file, "AUDIO_RETRIES=0")
	ann := p.window(t, keys[0])
	require.False(t, eval[bool](ann, `!!document.querySelector('a[href="/operate"]')`), "a student has nothing to operate")

	ann.midway(p.site)
	ann.click(card + " button")
	ann.state(stepLimit, "Cancelled")

	ann.choose("video")
	ann.another(p.site.URL + "/gated/?again")
	p.site.visitor(t)
	ann.state(stepLimit, "Working")
	gateway := p.pid("gateway-0")
	require.NoError(t, syscall.Kill(gateway, syscall.SIGKILL))
	require.Eventually(t, func() bool { return p.pid("gateway-0") != gateway }, stepLimit, stepLimit/1000)
	ann.do(chromedp.WaitVisible(chromedp.CSS(live)))
	ann.state(stepLimit, "Working")
	p.site.open()
	ann.state(lessonLimit, "Ready")
	ann.requireProgress()
	ann.requirePlaysAndSaves()

	lesson := eval[string](ann, `location.pathname`)
	ben := p.window(t, keys[1])
	ben.await(stepLimit, `document.body.innerText.includes('Nothing here yet')`)
	ben.do(chromedp.Navigate(p.url + lesson))
	ben.says("There is no such lesson")

	ann.visit("/")
	ann.fails(p, "/flaky/1/")
	require.Contains(t, ann.text(cardFault), "500")
	p.site.break500(false)
	olga := p.window(t, keys[2])
	olga.visit("/operate")
	olga.visit("/operate/dead-letters")
	olga.await(stepLimit, `document.querySelector('`+cell(1, "Letters")+`')?.textContent === '1'`)
	olga.click(cell(1, "Decide") + " button:first-of-type")
	olga.why("The site is back")
	olga.await(lessonLimit, `[...document.querySelectorAll('dl div')].some((e) => e.innerText.replace(/\s+/g, ' ') === 'recovered 1')`)
	ann.await(stepLimit, `document.querySelectorAll('article[data-state=succeeded]').length === 2`)

	ann.fails(p, "/flaky/2/")
	p.site.break500(false)
	ann.click(card + " button")
	ann.await(lessonLimit, `document.querySelectorAll('article[data-state=succeeded]').length === 3`)
}

// window signs somebody in.
func (p *programs) window(t *testing.T, key string) *tab {
	t.Helper()
	b := blank(t)
	b.do(chromedp.Navigate(p.url))
	b.signIn(key)
	b.do(chromedp.WaitVisible(chromedp.CSS(live)))
	b.await(stepLimit, `!document.querySelector('[role=dialog]')`)
	return b
}

// fails asks for an audio overview of a page that is broken now.
func (b *tab) fails(p *programs, path string) {
	b.t.Helper()
	p.site.break500(true)
	b.audio()
	b.another(p.site.URL + path)
	b.state(lessonLimit, "Failed")
}

// requirePlaysAndSaves plays the newest lesson, a video, and saves its file.
func (b *tab) requirePlaysAndSaves() {
	b.t.Helper()
	dir := b.t.TempDir()
	b.do(call(browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID, DownloadPath: dir,
	}))
	b.click(play)
	b.await(stepLimit, `document.querySelector('[aria-label=Player] video')`)
	v := b.player("video")
	v.rate(1)
	eval[bool](v.tab, "("+v.name+".pause(), true)")
	v.requireCaptions()
	b.click(`[aria-label=Files] a[href*="video.mp4"]`)
	var saved []string
	require.Eventually(b.t, func() bool {
		saved, _ = filepath.Glob(filepath.Join(dir, "*.mp4"))
		return len(saved) == 1
	}, lessonLimit, stepLimit/1000)
	out, err := exec.CommandContext(b.t.Context(), "ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", saved[0]).CombinedOutput()
	require.NoError(b.t, err, "%s", out)
	require.Equal(b.t, []string{"h264", "aac"}, strings.Fields(string(out))[:2], "captions and chapters follow")
}
