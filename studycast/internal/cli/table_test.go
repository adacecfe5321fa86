package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"
)

func TestTableFits(t *testing.T) {
	t.Parallel()
	tb := newTable(column{title: "ID"}, column{title: "EXTRA", spare: true}, column{title: "TEXT", least: 10}, column{title: "MORE", least: 5})
	tb.add("12345", "extra words", "河は水を運ぶ and goes on for rather long", "\x1b[2Jshort")
	tb.add("1", "", "", "x")
	for width := 30; width < 90; width++ {
		var out bytes.Buffer
		require.NoError(t, tb.print(&out, screen{width: width}))
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			require.LessOrEqual(t, runewidth.StringWidth(line), width, line)
			require.NotContains(t, line, "\x1b")
			require.Equal(t, strings.TrimRight(line, " "), line, "no blanks at the end")
		}
		require.Contains(t, out.String(), "12345", "an id is never cut")
		require.Equal(t, width >= 5+2+11+2+10+2+5, strings.Contains(out.String(), "EXTRA"), width)
	}
	var out bytes.Buffer
	require.NoError(t, tb.print(&out, screen{}))
	require.NotContains(t, out.String(), cutMark)
	require.Contains(t, out.String(), "rather long  \ufffd[2Jshort\n")
	out.Reset()
	require.NoError(t, tb.print(&out, screen{width: 10}))
	require.Contains(t, out.String(), "12345", "what can't fit is printed all the same")
}

func TestColourIsOnlyPaint(t *testing.T) {
	t.Parallel()
	tb := newTable(column{title: "A"}, column{title: "B"})
	tb.add(cell{"red", bad}, cell{"", good})
	var out bytes.Buffer
	require.NoError(t, tb.print(&out, screen{width: 80, colour: true}))
	require.Equal(t, "\x1b[1mA\x1b[0m    \x1b[1mB\x1b[0m\n\x1b[31mred\x1b[0m\n", out.String())
	out.Reset()
	require.NoError(t, tb.print(&out, screen{width: 80}))
	require.Equal(t, "A    B\nred\n", out.String())
}
