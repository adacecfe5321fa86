package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// workspace lists the packages of all modules.
func workspace(t *testing.T) []Package {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "work")
	cmd.Dir = "../../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	var pkgs []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		require.NoError(t, err)
		pkgs = append(pkgs, Package{
			Path: strings.TrimPrefix(p.ImportPath, Root), Imports: p.Imports,
			Tests: append(p.TestImports, p.XTestImports...),
		})
	}
}

func TestImportsKeepToTheTable(t *testing.T) {
	t.Parallel()
	broken, seen := Check(workspace(t))
	require.Greater(t, seen, 500, "the test saw hardly any import: it proves nothing")
	require.Empty(t, broken)
}

// Each planted import breaks one rule and must be found.
func TestPlantedImportsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, imp string }{
		{"core/job", "github.com/google/uuid"},
		{"core/fault", Root + "core/job"},
		{"core/worker", Root + "core/broker/sqlitebroker"},
		{"core/broker/membroker", Root + "core/broker/sqlitebroker"},
		{"core/worker", Root + "core/lesson"},
		{"core/lesson/script", Root + "core/job"},
		{"gateway/internal/rest", Root + "services/status/app"},
		{"video-worker/app", Root + "audio-worker/app"},
		{"core/backend", Root + "studycast/internal/cli"},
		{"client", "github.com/google/uuid"},
		{"client", Root + "core/job"},
		{"gateway/app", Root + "client"},
		{"studycast/internal/single", Root + "gateway/internal/rest"},
		{"core/worker", Root + "proto/gen/studycast/job/v1"},
		{"lab/load", Root + "gateway/app"},
		{"gateway/app", Root + "lab/load"},
		{"studycast/internal/cli", Root + "core/sandbox/rabbitmq"},
	} {
		broken, _ := Check([]Package{{Path: c.from, Imports: []string{"fmt", c.imp}}})
		require.Len(t, broken, 1, "%s importing %s", c.from, c.imp)
	}
	broken, _ := Check([]Package{{Path: "core/backend", Imports: []string{Root + "core/broker/sqlitebroker"}}})
	require.Empty(t, broken)
}
