package house

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	gateway "github.com/studycast/studycast/gateway/app"
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

// The types of the TypeScript client are those of the API today.
func TestTypeScriptTypesAreFresh(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(root, "tools/node_modules/.bin/openapi-typescript")
	require.FileExists(t, bin, "run `make generate` once: it installs openapi-typescript")
	doc, err := gateway.OpenAPI("dev")
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "schema.ts")
	cmd := exec.Command(bin, "-o", out)
	cmd.Stdin = bytes.NewReader(doc)
	msg, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", msg)
	fresh, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(fresh), "export interface paths")
	require.True(t, string(fresh) == read(t, "clients/typescript/src/schema.ts"), "the API has changed: run `make generate`")
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
