package version_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/version"
)

const pkg = "github.com/studycast/studycast/core/version"

func TestABuildWithoutAVersionSaysSo(t *testing.T) {
	t.Parallel()
	require.Equal(t, "dev", version.Version())
	require.NotEmpty(t, version.Revision())
}

func TestTheLinkerSetsBoth(t *testing.T) {
	t.Parallel()
	said, err := exec.CommandContext(t.Context(), "go", "run", "-ldflags",
		"-X "+pkg+".version=v1.2.3 -X "+pkg+".revision=abc", filepath.Join("testdata", "say.go")).CombinedOutput()
	require.NoError(t, err, string(said))
	require.Equal(t, "v1.2.3 abc\n", string(said))
}
