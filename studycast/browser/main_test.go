package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// chromium is the one browser of all tests; each opens a window of its own.
var chromium context.Context

// needed are the programs that the tests and the product run, with their Debian
// packages.
var needed = map[string]string{
	"chromium": "chromium", "ffmpeg": "ffmpeg", "ffprobe": "ffmpeg", "flite": "flite", "pdftotext": "poppler-utils", "prlimit": "util-linux",
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	for program, debian := range needed {
		if _, err := exec.LookPath(program); err != nil {
			return 1, fmt.Errorf("%s is missing: install the Debian package %s", program, debian)
		}
	}
	dir, err := os.MkdirTemp("", "studycast-browser-")
	if err != nil {
		return 1, err
	}
	stop, err := launch(dir)
	defer func() { err = errors.Join(err, stop(), gone(dir), os.RemoveAll(dir)) }()
	if err != nil {
		return 1, fmt.Errorf("start Chromium: %w", err)
	}
	return m.Run(), nil
}

// launch starts Chromium with all its files in dir and no way to the internet.
func launch(dir string) (stop func() error, err error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return func() error { return nil }, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.Env("HOME="+dir, "TMPDIR="+dir), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WSURLReadTimeout(stepLimit),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), chromedp.WindowSize(1280, 900))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator) // ended by chromedp.Cancel below
	chromium = ctx
	stop = func() error {
		limited, done := context.WithTimeout(ctx, stepLimit)
		defer done()
		err := chromedp.Cancel(limited)
		cancel()
		return err
	}
	return stop, chromedp.Do(ctx, chromedp.Navigate("about:blank"))
}

// gone waits until no process of the browser is left.
func gone(dir string) error {
	deadline := time.After(stepLimit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left := processes(dir)
		if len(left) == 0 {
			return nil
		}
		select {
		case <-deadline:
			return fmt.Errorf("Chromium left processes behind: %q", left)
		case <-tick.C:
		}
	}
}

// processes lists the command lines that name dir.
func processes(dir string) []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		// A process that is gone meanwhile is none of the wanted.
		line, _ := os.ReadFile(file)
		if strings.Contains(string(line), dir) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
