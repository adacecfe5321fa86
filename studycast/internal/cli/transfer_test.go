package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

func TestExport(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "POST /v1/dead-letters:export", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n")
	e := d.run("dead", "export", "--state", "open,discarded", "--kind", "video", "--reason", "archive")
	require.Zero(t, e.code, e.err)
	require.Equal(t, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n", e.out, "nothing but the letters")
	require.Equal(t, "2 letters, 22 B\n", e.err)
	_, body := d.last()
	require.JSONEq(t, `{"filter":{"state":["open","discarded"],"kind":"video"},"reason":"archive"}`, body)
	require.Equal(t, exitUsage, d.run("dead", "export").code)
}

func TestImport(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "POST /v1/dead-letters:import", `{"stored":3,"present":1,"refused":0,"bad_lines":[]}`)
	path := filepath.Join(t.TempDir(), "letters.jsonl")
	require.NoError(t, os.WriteFile(path, []byte("{}\n"), 0o600))
	require.Equal(t, "3 letters stored, 1 there already, 0 lines refused\n", d.ok(t, "dead", "import", path, "--reason", "back again"))
	call, body := d.last()
	require.Equal(t, "POST /v1/dead-letters:import?reason=back+again", call)
	require.Equal(t, "{}\n", body)
	e := d.at(screen{}, strings.NewReader("from a pipe\n"), "dead", "import", "-", "--reason", "x")
	require.Zero(t, e.code, e.err)
	_, body = d.last()
	require.Equal(t, "from a pipe\n", body)
	require.Equal(t, exitFailed, d.run("dead", "import", path+"x", "--reason", "x").code)
}

func TestImportOfBadLines(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "POST /v1/dead-letters:import", `{"stored":1,"present":0,"refused":2,"bad_lines":[{"line":2,"why":"no \u001b JSON"}]}`)
	e := d.at(screen{}, strings.NewReader("x"), "dead", "import", "-", "--reason", "x")
	require.Equal(t, exitPartly, e.code)
	require.Equal(t, "1 letter stored, 0 there already, 2 lines refused\nline 2: no \ufffd JSON\n", e.out)
	require.Empty(t, e.err)
	e = d.at(screen{}, strings.NewReader("x"), "dead", "import", "-", "--reason", "x", "--json")
	require.Equal(t, exitPartly, e.code)
	var done client.Imported
	require.NoError(t, json.Unmarshal([]byte(e.out), &done))
	require.Equal(t, 2, done.BadLines[0].Line)
}
