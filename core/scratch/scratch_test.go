package scratch_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/scratch"
)

// childEnv makes the test binary a process that opens a folder and waits to be
// killed.
const childEnv = "SCRATCH_TEST_PARENT"

func TestMain(m *testing.M) {
	if parent := os.Getenv(childEnv); parent != "" {
		d, err := scratch.Open(parent)
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println(d.Path())
		select {}
	}
	os.Exit(m.Run())
}

// child starts such a process and returns it with its folder.
func child(t *testing.T, parent string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+parent)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	path := strings.TrimSpace(line)
	require.DirExists(t, path)
	return cmd, path
}

func open(t *testing.T, parent string) *scratch.Dir {
	t.Helper()
	d, err := scratch.Open(parent)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func TestFolderOfAKilledProcessIsRemoved(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	killed, deadDir := child(t, parent)
	_, livingDir := child(t, parent)
	require.NoError(t, os.MkdirAll(filepath.Join(deadDir, "attempt-1"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(deadDir, "attempt-1", "frames"), []byte("x"), 0o600))
	require.NoError(t, killed.Process.Kill())
	_ = killed.Wait()

	d := open(t, parent)
	require.NoDirExists(t, deadDir)
	require.NoFileExists(t, deadDir+".lock")
	require.DirExists(t, livingDir, "its process lives")
	require.DirExists(t, d.Path())
}

func TestCloseRemovesEverything(t *testing.T) {
	t.Parallel()
	parent := filepath.Join(t.TempDir(), "made", "too")
	d, err := scratch.Open(parent)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(d.Path(), "f"), nil, 0o600))
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	left, err := filepath.Glob(filepath.Join(parent, "run-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestOwnFolderForEachOpen(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	a := open(t, parent)
	b := open(t, parent)
	require.NotEqual(t, a.Path(), b.Path())
	require.DirExists(t, a.Path(), "one process may hold several")
}

func TestStraysAreSweptAndStrangersSpared(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(parent, "run-no-lock"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(parent, "run-no-dir.lock"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(parent, "notes.txt"), nil, 0o600))
	open(t, parent)
	require.NoDirExists(t, filepath.Join(parent, "run-no-lock"))
	require.NoFileExists(t, filepath.Join(parent, "run-no-dir.lock"))
	require.FileExists(t, filepath.Join(parent, "notes.txt"))
}

func TestManyOpenAtOnce(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				d, err := scratch.Open(parent)
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				if _, err := os.Stat(d.Path()); err != nil {
					t.Errorf("swept while alive: %v", err)
				}
				if err := d.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}
		})
	}
	all.Wait()
}

func TestUnusableParent(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := scratch.Open(file)
	require.ErrorContains(t, err, "scratch folder")
}
