package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// products are the folders of what runs at users' places.
var products = []string{"core", "services", "gateway", "video-worker", "audio-worker", "studycast"}

// methods are those of a logger, with the place of their first field.
var methods = map[string]int{
	"Debug": 1, "Info": 1, "Warn": 1, "Error": 1, "Log": 3, "LogAttrs": 3, "With": 0,
	"DebugContext": 2, "InfoContext": 2, "WarnContext": 2, "ErrorContext": 2,
}

var logger = regexp.MustCompile(`(?i)^(log|logger|slog)$`)

// line is a call of a logger.
type line struct {
	place  string
	method string
	fields []string
}

// Every field of every line is in the table of docs/observability.md, under
// that name only, and every row of the table is a field of some line.
func TestLogFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	table := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(read(t, "docs/observability.md"), -1) {
		table[m[1]] = true
	}
	require.Greater(t, len(table), 20, "the table of fields is not found")
	used := map[string]bool{"time": true, "level": true, "msg": true, "trace_id": true, "span_id": true}
	lines := logged(t)
	require.Greater(t, len(lines), 100, "calls of loggers")
	for _, l := range lines {
		for _, f := range l.fields {
			require.True(t, table[f], "%s: the field %q is not in docs/observability.md: is there a name for it already?", l.place, f)
			used[f] = true
		}
	}
	for f := range table {
		require.True(t, used[f], "no line has the field %q", f)
	}
	for _, never := range []string{"owner", "author", "url_of_user", "address", "title", "text"} {
		require.False(t, table[never], "%s is the user's own", never)
	}
}

// A line about a job is logged with a context, which knows the trace.
func TestLinesAboutJobsAreInATrace(t *testing.T) {
	t.Parallel()
	about := 0
	for _, l := range logged(t) {
		if l.method == "With" || !slices.Contains(l.fields, "job") {
			continue
		}
		about++
		require.True(t, strings.HasSuffix(l.method, "Context") || strings.HasPrefix(l.method, "Log"), "%s: use %sContext", l.place, l.method)
	}
	require.Greater(t, about, 12)
}

// The reader of calls sees what it should.
func TestFieldsOfLinesAreFound(t *testing.T) {
	t.Parallel()
	const code = `package p
func f(ctx any) {
	r.log.With("job", 1).WarnContext(ctx, "x", "error", err, slog.Int("attempt", 2))
	http.Error(w, "no line", 500)
	o.Logger.LogAttrs(ctx, slog.LevelInfo, "x", slog.String("kind", k))
	p.Log.Info("the "+p.Name, append(attrs, "admin", a)...)
}`
	file := token.NewFileSet()
	parsed, err := parser.ParseFile(file, "p.go", code, 0)
	require.NoError(t, err)
	found := map[string]bool{}
	for _, l := range lines(file, parsed) {
		for _, f := range l.fields {
			found[f] = true
		}
	}
	require.Equal(t, []string{"admin", "attempt", "error", "job", "kind"}, slices.Sorted(maps.Keys(found)))
}

// logged returns the calls of loggers in all programs.
func logged(t *testing.T) []line {
	t.Helper()
	var all []line
	for _, folder := range products {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && slices.Contains([]string{"node_modules", "sandbox", "testdata"}, d.Name()) {
				return filepath.SkipDir
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.Dir(path), "test") {
				return nil
			}
			file := token.NewFileSet()
			parsed, err := parser.ParseFile(file, path, nil, 0)
			if err == nil {
				all = append(all, lines(file, parsed)...)
			}
			return err
		})
		require.NoError(t, err)
	}
	return all
}

// lines finds the calls of loggers, which are known by their names, and of the
// functions that make fields.
func lines(file *token.FileSet, parsed *ast.File) []line {
	var all []line
	ast.Inspect(parsed, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		to, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		l := line{place: file.Position(call.Pos()).String(), method: to.Sel.Name}
		first, isMethod := methods[to.Sel.Name]
		switch {
		case name(to.X) == "slog" && slices.Contains([]string{"String", "Int", "Int64", "Bool", "Float64", "Duration", "Time", "Any", "Group"}, to.Sel.Name):
			l.method, l.fields = "With", keys(call.Args[:1])
		case isMethod && isLogger(to.X) && len(call.Args) >= first:
			l.fields = keys(call.Args[first:])
		case to.Sel.Name == "TakesCalls": // of core/program, which logs it
			l.fields = keys(call.Args)
		default:
			return true
		}
		all = append(all, l)
		return true
	})
	return all
}

// isLogger reports whether an expression is a logger: something called log, or
// what With of one returns.
func isLogger(x ast.Expr) bool {
	if call, ok := x.(*ast.CallExpr); ok {
		to, ok := call.Fun.(*ast.SelectorExpr)
		return ok && to.Sel.Name == "With" && isLogger(to.X)
	}
	return logger.MatchString(name(x))
}

// name is the last word of an expression.
func name(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

// keys returns the names of fields among the arguments of a call: the first, the
// third and so on, not counting those that are whole fields.
func keys(args []ast.Expr) []string {
	var found []string
	isKey := true
	for _, a := range args {
		if call, ok := a.(*ast.CallExpr); ok && isKey {
			if name(call.Fun) == "append" && len(call.Args) > 1 {
				found = append(found, keys(call.Args[1:])...)
			}
			continue
		}
		if text, ok := a.(*ast.BasicLit); ok && isKey && text.Kind == token.STRING {
			if s, err := strconv.Unquote(text.Value); err == nil {
				found = append(found, s)
			}
		}
		isKey = !isKey
	}
	return found
}
