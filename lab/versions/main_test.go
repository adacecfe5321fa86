//go:build linux

package versions

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/local"
)

// bin holds today's programs.
var bin string

func TestMain(m *testing.M) {
	os.Exit(local.WithPrograms(&bin, m.Run, "gateway", "status", "deadletter", "audio-worker", "video-worker", "studycast"))
}

// neighbour returns a folder with the programs of the commit that
// STUDYCAST_NEIGHBOUR names, and skips the test when it names none, or one that
// is not there, as in a clone without history.
func neighbour(t *testing.T) string {
	t.Helper()
	ref := os.Getenv("STUDYCAST_NEIGHBOUR")
	if ref == "" {
		t.Skip("STUDYCAST_NEIGHBOUR names no commit: only the golden files are tried")
	}
	if built := os.Getenv("STUDYCAST_NEIGHBOUR_BIN"); built != "" {
		return built
	}
	root, err := exec.CommandContext(t.Context(), "git", "rev-parse", "--show-toplevel").Output()
	require.NoError(t, err, "the programs of another version are built from its history")
	git := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = strings.TrimSpace(string(root))
		return cmd
	}
	if err := git("cat-file", "-e", ref+"^{commit}").Run(); err != nil {
		t.Skipf("%s is not in this clone (fetch it: git fetch --depth 1 origin %s): only the golden files are tried", ref, ref)
	}
	source, into, archive := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "source.tar")
	said, err := git("archive", "-o", archive, ref).CombinedOutput()
	require.NoError(t, err, "%s", said)
	said, err = exec.CommandContext(t.Context(), "tar", "xf", archive, "-C", source).CombinedOutput()
	require.NoError(t, err, "%s", said)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", into+"/", "./gateway/cmd/gateway", "./services/status/cmd/status",
		"./services/deadletter/cmd/deadletter", "./video-worker/cmd/video-worker", "./audio-worker/cmd/audio-worker", "./studycast/cmd/studycast")
	build.Dir, build.Env = source, append(os.Environ(), "GOWORK="+filepath.Join(source, "go.work"))
	said, err = build.CombinedOutput()
	require.NoError(t, err, "build %s: %s", ref, said)
	return into
}
