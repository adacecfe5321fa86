package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// column is a column of a table.
type column struct {
	title string
	least int  // how far it may be cut when the table is too wide; 0 = never
	spare bool // left out first when the table is too wide
}

// cell is one text of a table.
type cell struct {
	text  string
	style style
}

// table is printed as wide as it is, or cut to a screen.
type table struct {
	columns []column
	rows    [][]cell
}

// gap is between two columns.
const gap = 2

// cutMark ends a text that was cut.
const cutMark = "…"

func newTable(columns ...column) *table { return &table{columns: columns} }

// add adds a row. Its cells are strings, cells or whatever fmt can print.
func (t *table) add(values ...any) {
	row := make([]cell, len(values))
	for i, v := range values {
		c, ok := v.(cell)
		if !ok {
			c.text = fmt.Sprint(v)
		}
		c.text = plain(c.text)
		row[i] = c
	}
	t.rows = append(t.rows, row)
}

// drop takes a column out.
func (t *table) drop(i int) {
	t.columns = slices.Delete(t.columns, i, i+1)
	for n, row := range t.rows {
		t.rows[n] = slices.Delete(row, i, i+1)
	}
}

// print writes the table. On a screen it fits, as far as its columns allow.
func (t *table) print(w io.Writer, s screen) error {
	widths := t.widths(s.width)
	titles := make([]cell, len(t.columns))
	for i, c := range t.columns {
		titles[i] = cell{c.title, bold}
	}
	var out strings.Builder
	for _, row := range append([][]cell{titles}, t.rows...) {
		writeRow(&out, s, row, widths)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func writeRow(out *strings.Builder, s screen, row []cell, widths []int) {
	blank := 0 // not written before it is known that something follows
	for i, c := range row {
		if widths[i] == 0 {
			continue
		}
		text := runewidth.Truncate(c.text, widths[i], cutMark)
		if text != "" {
			out.WriteString(strings.Repeat(" ", blank))
			out.WriteString(s.paint(c.style, text))
			blank = 0
		}
		blank += widths[i] - runewidth.StringWidth(text) + gap
	}
	out.WriteByte('\n')
}

// widths returns how wide each column is; 0 = it is left out.
func (t *table) widths(most int) []int {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = runewidth.StringWidth(c.title)
		for _, row := range t.rows {
			widths[i] = max(widths[i], runewidth.StringWidth(row[i].text))
		}
	}
	if most == 0 {
		return widths
	}
	for i := len(widths) - 1; i >= 0 && total(t.narrowest(widths)) > most; i-- {
		if t.columns[i].spare {
			widths[i] = 0
		}
	}
	t.cut(widths, most)
	return widths
}

// narrowest returns the widths after all cuts that are allowed.
func (t *table) narrowest(widths []int) []int {
	least := slices.Clone(widths)
	for i, c := range t.columns {
		if c.least > 0 {
			least[i] = min(least[i], c.least)
		}
	}
	return least
}

// cut narrows the widest of the columns that may be cut until the table fits or
// none is left.
func (t *table) cut(widths []int, most int) {
	for over := total(widths) - most; over > 0; over-- {
		widest := -1
		for i, c := range t.columns {
			if c.least > 0 && widths[i] > c.least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// total is the width of a table.
func total(widths []int) int {
	sum := -gap
	for _, w := range widths {
		if w > 0 {
			sum += w + gap
		}
	}
	return sum
}

// sheet is one thing told line by line: a name and a value.
type sheet struct {
	rows [][2]string
}

// add adds a line; one without a value is left out.
func (s *sheet) add(name, value string) {
	if value != "" {
		s.rows = append(s.rows, [2]string{name, plain(value)})
	}
}

// print writes the lines, their values below each other.
func (s *sheet) print(w io.Writer) error {
	widest := 0
	for _, row := range s.rows {
		widest = max(widest, runewidth.StringWidth(row[0]))
	}
	var out strings.Builder
	for _, row := range s.rows {
		out.WriteString(runewidth.FillRight(row[0], widest+gap))
		out.WriteString(row[1])
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}
