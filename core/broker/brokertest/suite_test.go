package brokertest

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The tests wait more than they work: two at once, as on a machine with
	// two cores, would take half a minute.
	if err := flag.Set("test.parallel", "24"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// recorder is a testing.TB whose failures are only written down.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (r *recorder) add(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, text)
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failures) > 0
}

func (r *recorder) Helper()                           {}
func (r *recorder) Log(...any)                        {}
func (r *recorder) Logf(string, ...any)               {}
func (r *recorder) Error(args ...any)                 { r.add(fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) { r.add(fmt.Sprintf(format, args...)) }
func (r *recorder) Fail()                             { r.add("failed") }
func (r *recorder) FailNow()                          { r.Fail(); runtime.Goexit() }
func (r *recorder) Fatal(args ...any)                 { r.Error(args...); runtime.Goexit() }
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...); runtime.Goexit() }

// record runs one case and returns what failed.
func record(t *testing.T, h Harness, c Case) []string {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runCase(r, h, c)
	}()
	<-done
	return r.failures
}

func caseNamed(t *testing.T, name string) Case {
	t.Helper()
	cases := Cases()
	i := slices.IndexFunc(cases, func(c Case) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0, "there is no case %q", name)
	return cases[i]
}

func mistakes() []mistake {
	return slices.Concat(publishMistakes(), consumeMistakes(), settleMistakes(), durableMistakes())
}

// Each mistake is noticed by the cases that are about it.
func TestMistakesAreNoticed(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes() {
		for _, name := range m.noted {
			c := caseNamed(t, name)
			t.Run(m.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				failures := record(t, &brokenHarness{spoil: m.spoil, replay: m.replay}, c)
				require.NotEmpty(t, failures, "case %s passes although %s", name, m.name)
			})
		}
	}
}

// No case can only pass: each one fails for at least one mistake.
func TestEveryCaseCanFail(t *testing.T) {
	t.Parallel()
	noted := make(map[string]bool)
	for _, m := range mistakes() {
		for _, name := range m.noted {
			noted[name] = true
		}
	}
	for _, c := range Cases() {
		require.True(t, noted[c.Name], "no broken adapter fails case %s", c.Name)
	}
}

// Without a mistake the same harness passes: it is the mistakes that fail.
func TestWithoutMistakeNothingFails(t *testing.T) {
	t.Parallel()
	for _, c := range Cases() {
		if c.Durable {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, record(t, &brokenHarness{}, c))
		})
	}
}

// A case that is written but not in the list would test nobody.
func TestEveryCaseIsListed(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, c := range Cases() {
		name := runtime.FuncForPC(reflect.ValueOf(c.run).Pointer()).Name()
		listed = append(listed, name[strings.LastIndex(name, ".")+1:])
	}
	written := writtenCases(t)
	require.Greater(t, len(written), 30)
	require.ElementsMatch(t, written, listed)
}

func writtenCases(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "case") && !strings.HasSuffix(file, "_test.go") {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
