//go:build linux

package traces

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree is the spans of a trace.
type tree struct {
	t     *testing.T
	spans []span
}

// treeOf returns the spans of a trace in the order of their starts.
func treeOf(t *testing.T, all []span, trace string) tree {
	t.Helper()
	var mine []span
	for _, s := range all {
		if s.trace() == trace {
			mine = append(mine, s)
		}
	}
	slices.SortFunc(mine, func(a, b span) int { return int(int64(a.GetStartTimeUnixNano()) - int64(b.GetStartTimeUnixNano())) })
	require.NotEmpty(t, mine, "no span of trace %s came", trace)
	return tree{t, mine}
}

// below returns the spans of a program right below one, by the end of their name.
func (t tree) below(parent span, program, name string) []span {
	var found []span
	for _, s := range t.spans {
		if s.parent() == parent.id() && s.program == program && strings.HasSuffix(s.GetName(), name) {
			found = append(found, s)
		}
	}
	return found
}

// child returns the first of them, which must be there.
func (t tree) child(parent span, program, name string) span {
	t.t.Helper()
	found := t.below(parent, program, name)
	require.NotEmpty(t.t, found, "no %q of %s below %q:\n%s", name, program, parent.GetName(), t)
	return found[0]
}

// root returns the span without a parent among those of the trace.
func (t tree) root() span {
	t.t.Helper()
	roots := t.roots()
	require.Len(t.t, roots, 1, "one trace has one beginning:\n%s", t)
	return roots[0]
}

func (t tree) roots() []span {
	known := map[string]bool{}
	for _, s := range t.spans {
		known[s.id()] = true
	}
	var found []span
	for _, s := range t.spans {
		if !known[s.parent()] {
			found = append(found, s)
		}
	}
	return found
}

// String draws the tree.
func (t tree) String() string {
	var b strings.Builder
	for _, r := range t.roots() {
		t.draw(&b, r, "", t.spans[0].GetStartTimeUnixNano())
	}
	return b.String()
}

func (t tree) draw(b *strings.Builder, s span, indent string, began uint64) {
	at := float64(int64(s.GetStartTimeUnixNano()-began)) / 1e6
	fmt.Fprintf(b, "%9.1f ms %8.1f ms  %-14s %s%s\n", at, float64(s.GetEndTimeUnixNano()-s.GetStartTimeUnixNano())/1e6, s.program, indent, s.GetName())
	for _, c := range t.spans {
		if c.parent() == s.id() {
			t.draw(b, c, indent+"  ", began)
		}
	}
}

// attempt returns the tree of an attempt that began a trace of its own, and
// requires that it is linked to the trace of its job's submit.
func attempt(t *testing.T, all []span, job, submit, number string) (tree, span) {
	t.Helper()
	for _, s := range all {
		if s.about["studycast.job.id"] != job || s.about["studycast.attempt"] != number || !strings.HasPrefix(s.GetName(), "attempt ") {
			continue
		}
		own := treeOf(t, all, s.trace())
		require.NotEqual(t, submit, s.trace(), "attempt %s has a trace of its own", number)
		root := own.root()
		require.True(t, strings.HasPrefix(root.GetName(), "process "), root.GetName())
		require.Empty(t, root.GetParentSpanId())
		require.Len(t, root.GetLinks(), 1)
		require.Equal(t, submit, hex.EncodeToString(root.GetLinks()[0].GetTraceId()), "attempt %s is linked to its submit", number)
		require.Equal(t, root.id(), s.parent())
		return own, s
	}
	require.FailNow(t, "missing", "attempt %s of job %s left no span", number, job)
	return tree{}, span{}
}
