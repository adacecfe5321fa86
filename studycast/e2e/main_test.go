// Package e2e tries the real binary as operators and students meet it: real
// processes, real files, kill -9.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the program under test, built once with the race detector.
var program string

// needed are the tools that the product runs, with their Debian packages.
var needed = map[string]string{
	"ffmpeg": "ffmpeg", "ffprobe": "ffmpeg", "flite": "flite", "pdftotext": "poppler-utils", "prlimit": "util-linux",
}

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for name, debian := range needed {
		if _, err := exec.LookPath(name); err != nil {
			fmt.Fprintf(os.Stderr, "%s is missing: install the Debian package %s\n", name, debian)
			return 1
		}
	}
	dir, err := os.MkdirTemp("", "studycast-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program = filepath.Join(dir, "studycast")
	build := exec.Command("go", "build", "-race", "-o", program, "../cmd/studycast")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program under test: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
