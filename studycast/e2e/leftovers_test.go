package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// logBuffer collects what a process writes. It is safe for concurrent use.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Len()
}

// leftovers lists the processes that work on files below dir: children of the
// program get their scratch folder as working folder and in their arguments.
func leftovers(dir string) []string {
	var found []string
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		// A process that is gone meanwhile is none of the wanted.
		cwd, err := os.Readlink(link)
		if err != nil {
			continue
		}
		cmdline, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "cmdline"))
		line := string(bytes.ReplaceAll(cmdline, []byte{0}, []byte(" ")))
		if strings.HasPrefix(cwd, dir) || strings.Contains(line, dir) {
			found = append(found, line)
		}
	}
	return found
}

// children lists the processes of a running server other than itself.
func (s *server) children() []string {
	var found []string
	for _, line := range leftovers(s.dir) {
		if !strings.HasPrefix(line, program+" serve") {
			found = append(found, line)
		}
	}
	return found
}

func requireNoChildren(t *testing.T, dir string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(leftovers(dir)) == 0 }, childLimit, tick,
		"processes are left behind: %q", leftovers(dir))
}

// temporary lists the temporary files below dir: in the system's temp folder,
// in the scratch folder of the workers and in that of the artifact store. The
// gate locks stay for ever and are empty.
func temporary(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	for _, place := range []string{"tmp", "data/scratch", "data/artifacts/.tmp"} {
		root := filepath.Join(dir, place)
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if path != root && e.Name() != "gate.lock" {
				found = append(found, path)
			}
			return nil
		})
		require.True(t, err == nil || os.IsNotExist(err), "%v", err)
	}
	return found
}

// attempts lists the folders of attempts; a running server keeps those around
// them.
func attempts(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "data/scratch/run-*/attempt-*"))
	require.NoError(t, err)
	return found
}
