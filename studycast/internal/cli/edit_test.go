package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func editDesk(t *testing.T) *desk {
	t.Helper()
	return newDesk(t,
		"GET /v1/dead-letters/"+aLetter, wholeLetter,
		"GET /v1/dead-letters/undecodable", `{"id":"undecodable","undecodable":"no message"}`,
		"POST /v1/dead-letters/"+aLetter+":replay", `{"dead_letter":{"id":"`+aLetter+`","state":"replaying"},"job":{"id":"`+aJob+`","state":"queued"},"stages":{"reused":[],"again":["fetch","script"]}}`,
	)
}

func TestEditBySet(t *testing.T) {
	t.Parallel()
	d := editDesk(t)
	edit := []string{"dead", "edit", aLetter, "--reason", "too long", "--set", "options.length=short", "--set", "source.text=A river carries water, and sand."}
	out := d.ok(t, append(edit, "--yes")...)
	golden(t, "dead_edit", out)
	_, body := d.last()
	require.JSONEq(t, `{"reason":"too long","source":{"text":"A river carries water, and sand."},"options":{"length":"short"}}`, body)

	out = d.ok(t, "dead", "edit", aLetter, "--reason", "x", "--set", "options.theme=", "--yes", "--json")
	require.True(t, strings.HasPrefix(out, "{"), "the difference goes to standard error: %s", out)
	_, body = d.last()
	require.JSONEq(t, `{"reason":"x","options":{"theme":""}}`, body)
}

func TestEditChangesNothingUnasked(t *testing.T) {
	t.Parallel()
	d := editDesk(t)
	for args, code := range map[string]int{
		"--set options.length=short":                  exitUnconfirmed,
		"--set options.length=short --dry-run":        exitOK,
		"--set options.length=short --dry-run --json": exitOK,
		"--set options.length=medium --yes":           exitUnconfirmed, // as it was
		"--set options.colour=red --yes":              exitFailed,
		"--set length --yes":                          exitFailed,
	} {
		e := d.run(append([]string{"dead", "edit", aLetter, "--reason", "x"}, strings.Fields(args)...)...)
		require.Equal(t, code, e.code, "%s: %s", args, e.err)
	}
	require.Equal(t, exitUsage, d.run("dead", "edit", aLetter, "--set", "options.length=short").code, "a reason is needed")
	e := d.run("dead", "edit", "undecodable", "--reason", "x", "--yes")
	require.Equal(t, exitFailed, e.code)
	require.Contains(t, e.err, "can't be decoded")
	require.Zero(t, d.changes())
}

// editor makes a shell command of a script the operator's editor.
func editor(t *testing.T, script string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "editor")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\nset -e\n"+script), 0o700))
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", path+" --some 'argument'")
	t.Setenv("TMPDIR", t.TempDir())
}

func TestEditInTheEditor(t *testing.T) {
	editor(t, `sed -i 's/length: medium/length: short/; s/theme: dark/theme: ""/' "$3"`)
	d := editDesk(t)
	d.ok(t, "dead", "edit", aLetter, "--reason", "x", "--yes")
	_, body := d.last()
	require.JSONEq(t, `{"reason":"x","options":{"length":"short","theme":""}}`, body)
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// What can't be read is opened again, with what is wrong in its first line.
func TestEditAgain(t *testing.T) {
	editor(t, `if grep -q "could not be read" "$3"; then sed -i 's/^tone:.*//; s/length: medium/length: long/' "$3"; else echo "tone: warm" >>"$3"; fi`)
	d := editDesk(t)
	d.ok(t, "dead", "edit", aLetter, "--reason", "x", "--yes")
	_, body := d.last()
	require.JSONEq(t, `{"reason":"x","options":{"length":"long"}}`, body)
}

func TestEditGivenUp(t *testing.T) {
	for script, code := range map[string]int{
		`true`: exitUnconfirmed, // closed as it was
		`if ! grep -q "could not be read" "$3"; then echo "tone: warm" >>"$3"; fi`: exitFailed, // and closed as it was then
		`: >"$3"`: exitFailed,
		`exit 1`:  exitFailed,
	} {
		editor(t, script)
		d := editDesk(t)
		e := d.run("dead", "edit", aLetter, "--reason", "x", "--yes")
		require.Equal(t, code, e.code, "%s: %s", script, e.err)
		require.Zero(t, d.changes())
	}
}
