package house

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
)

const root = "../../.."

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(data)
}

// The drawing in docs/architecture.md and the table in core/job say the same.
func TestDrawnStatesAreTheTable(t *testing.T) {
	t.Parallel()
	doc := read(t, "docs/architecture.md")
	drawing := regexp.MustCompile("(?s)```mermaid\nstateDiagram-v2\n(.*?)```").FindStringSubmatch(doc)
	require.NotNil(t, drawing, "docs/architecture.md draws no state diagram")
	var drawn []string
	for _, m := range regexp.MustCompile(`(?m)^\s*(\S+) --> (\S+?)(?:\s*:.*)?$`).FindAllStringSubmatch(drawing[1], -1) {
		if m[2] != "[*]" {
			drawn = append(drawn, strings.Replace(m[1], "[*]", "", 1)+" -> "+m[2])
		}
	}
	table := []string{}
	for _, from := range append([]job.State{""}, job.States()...) {
		for _, to := range job.States() {
			if job.CanMove(from, to) {
				table = append(table, string(from)+" -> "+string(to))
			}
		}
	}
	sort.Strings(drawn)
	sort.Strings(table)
	require.Equal(t, table, drawn)
}

// Links in the documents lead to files that exist.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	more, err := filepath.Glob(filepath.Join(root, "docs", "*", "*.md"))
	require.NoError(t, err)
	docs = append(append(docs, more...), filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md"))
	links := 0
	for _, doc := range docs {
		data, err := os.ReadFile(doc)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`).FindAllStringSubmatch(string(data), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			require.FileExists(t, filepath.Join(filepath.Dir(doc), m[1]), "%s links to it", doc)
		}
	}
	require.Positive(t, links)
}

// Every module asks for the same Go.
func TestGoLinesAreEqual(t *testing.T) {
	t.Parallel()
	mods, err := filepath.Glob(filepath.Join(root, "*", "go.mod"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(mods), 8)
	line := regexp.MustCompile(`(?m)^go (\S+)$`)
	want := line.FindStringSubmatch(read(t, "go.work"))[1]
	for _, mod := range mods {
		data, err := os.ReadFile(mod)
		require.NoError(t, err)
		require.Equal(t, want, line.FindStringSubmatch(string(data))[1], mod)
	}
}

// Every package says what it is.
func TestPackagesHaveComments(t *testing.T) {
	t.Parallel()
	comment := regexp.MustCompile(`(?m)^// (Package|Command) \S+ [^\n]+`)
	for _, p := range workspace(t) {
		if strings.HasPrefix(p.Path, "proto/gen") {
			continue
		}
		files, err := filepath.Glob(filepath.Join(root, p.Path, "*.go"))
		require.NoError(t, err)
		found := false
		code := false
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			code = true
			data, err := os.ReadFile(f)
			require.NoError(t, err)
			head, _, _ := strings.Cut(string(data), "\npackage ")
			found = found || comment.MatchString(head)
		}
		require.True(t, found || !code, "%s has no package comment", p.Path)
	}
}

// Tests sleep in the fake time of testing/synctest only, if at all.
func TestNoTestSleepsInRealTime(t *testing.T) {
	t.Parallel()
	for _, p := range workspace(t) {
		if slices.Contains(p.Tests, "testing/synctest") {
			continue
		}
		tests, err := filepath.Glob(filepath.Join(root, p.Path, "*_test.go"))
		require.NoError(t, err)
		for _, test := range tests {
			data, err := os.ReadFile(test)
			require.NoError(t, err)
			require.False(t, strings.Contains(string(data), "time."+"Sleep("), "%s sleeps: wait on a condition", test)
		}
	}
}
