package house

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The checked-in code is what buf makes of the proto files today.
func TestGeneratedCodeIsFresh(t *testing.T) {
	t.Parallel()
	bin, err := filepath.Abs(filepath.Join(root, "tools/node_modules/.bin"))
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(bin, "buf"), "run `make generate` once: it installs buf")
	out := t.TempDir()
	cmd := exec.Command(filepath.Join(bin, "buf"), "generate", "--output", out)
	cmd.Dir = root
	msg, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", msg)
	fresh := files(t, filepath.Join(out, "proto/gen"))
	require.NotEmpty(t, fresh)
	require.Equal(t, fresh, files(t, filepath.Join(root, "proto/gen")), "run `make generate`")
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		all[rel] = string(data)
		return err
	}))
	return all
}
