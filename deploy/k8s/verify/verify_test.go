package verify

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// repository is where this module lies in it.
const repository = "../../.."

var (
	known Known
	tree  *Tree
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // much garbage, little memory
	if err := read(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func read() error {
	crds, err := CRDs(context.Background())
	if err != nil {
		return err
	}
	if known.Schemas, err = ReadSchemas(crds); err != nil {
		return err
	}
	if known.Settings, err = ReadSettings(repository); err != nil {
		return err
	}
	if known.Metrics, err = ReadMetrics(repository); err != nil {
		return err
	}
	tree, err = ReadTree(repository)
	return err
}

func TestOverlays(t *testing.T) {
	t.Parallel()
	overlays := tree.Names("overlays")
	slices.Sort(overlays)
	require.Equal(t, []string{"dev", "production", "staging"}, overlays)
	for _, name := range overlays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := tree.Build("overlays/" + name)
			require.NoError(t, err)
			require.Empty(t, known.Check(s).String())
			for _, o := range s.Objects {
				require.Contains(t, string(o.JSON), `"app.kubernetes.io/part-of":"studycast"`, o.String())
			}
			for _, program := range []string{"gateway", "status", "deadletter", "video-worker", "audio-worker"} {
				_, ok := s.Workload(program)
				require.True(t, ok, program)
			}
		})
	}
}
