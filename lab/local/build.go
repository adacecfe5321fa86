//go:build linux

package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mains are the folders of all programs, below that of the workspace.
var mains = []string{
	"gateway/cmd/gateway", "services/status/cmd/status", "services/deadletter/cmd/deadletter",
	"video-worker/cmd/video-worker", "audio-worker/cmd/audio-worker", "studycast/cmd/studycast",
	"lab/cmd/lab-worker", "lab/cmd/loadgen",
}

// Build builds programs of the workspace around the current folder into a
// folder: those named, like "gateway" or "lab-worker", or all, those of lab
// too. race adds the race detector.
func Build(ctx context.Context, into string, race bool, only ...string) error {
	into, err := filepath.Abs(into)
	if err != nil {
		return err
	}
	root, err := workspace(ctx)
	if err != nil {
		return err
	}
	args := []string{"build", "-o", into + string(filepath.Separator)}
	if race {
		args = append(args, "-race")
	}
	for _, dir := range mains {
		if len(only) == 0 || slices.Contains(only, filepath.Base(dir)) {
			args = append(args, "./"+dir)
		}
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// WithPrograms runs tests with the folder of the programs in *bin: that of
// STUDYCAST_BIN, else one of its own, into which it builds those named, or all,
// and which it removes. It returns what run returns, or 1 after a line that says
// why the programs can't be built. It is what TestMain calls.
func WithPrograms(bin *string, run func() int, only ...string) int {
	if *bin = os.Getenv("STUDYCAST_BIN"); *bin != "" {
		return run()
	}
	dir, err := os.MkdirTemp("", "studycast-bin-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		*bin = dir
		err = Build(context.Background(), dir, false, only...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the programs under test:", err)
		return 1
	}
	return run()
}

func workspace(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOWORK").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOWORK: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == "off" {
		return "", errors.New("the programs can be built in a workspace only: unset GOWORK and work in the repository")
	}
	return filepath.Dir(file), nil
}
