//go:build linux

package letters

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/local"
)

// fullDisk names, for a wrapped program, the folder that lies on a full disk.
const fullDisk = "LETTERS_FULL_DISK"

// wrapper starts a program, with a file system of its own over the folder when
// it is told to: a small one, filled to the brim. Nobody else sees it, no right
// is needed for it, and it is gone with the program.
const wrapper = `#!/bin/sh
program=%q
[ -n "$` + fullDisk + `" ] || exec "$program" "$@"
exec unshare --map-root-user --mount sh -c '
	mount -t tmpfs -o size=256k full "$` + fullDisk + `" || exit 1
	head -c 1M /dev/zero >"$` + fullDisk + `/filler" 2>/dev/null
	exec setpriv --pdeathsig KILL "$@"
' sh "$program" "$@"
`

// wrapped returns a folder of all binaries, some of which heed fullDisk.
func wrapped(t *testing.T, roles ...local.Role) string {
	t.Helper()
	for _, tool := range []string{"unshare", "setpriv"} {
		_, err := exec.LookPath(tool)
		require.NoError(t, err, "install the Debian package util-linux")
	}
	out, err := exec.Command("unshare", "--map-root-user", "--mount", "true").CombinedOutput()
	require.NoError(t, err, "a full disk needs user namespaces (sysctl kernel.unprivileged_userns_clone=1, "+
		"kernel.apparmor_restrict_unprivileged_userns=0) or root: %s", out)
	dir := t.TempDir()
	entries, err := os.ReadDir(bin)
	require.NoError(t, err)
	for _, e := range entries {
		require.NoError(t, os.Symlink(filepath.Join(bin, e.Name()), filepath.Join(dir, e.Name())))
	}
	for _, role := range roles {
		path := filepath.Join(dir, string(role))
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, wrapper, filepath.Join(bin, string(role))), 0o700))
	}
	return dir
}
