package page

import (
	"strings"

	"golang.org/x/net/html"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source/outline"
)

// Limits that tell a table of data from a grid that arranges a page.
const (
	maxRows = 100 // rows read of one table
	maxCell = 300 // bytes of text in an average cell
)

// table adds a table of data row by row; a layout table is walked like a div.
func (w *walker) table(n *html.Node, kind lesson.BlockKind) {
	rows, data := rowsOf(n)
	if !data {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			w.blocks(c, kind)
			w.flush(kind)
		}
		return
	}
	for c := range n.ChildNodes() {
		if c.Data == "caption" {
			w.block(c, lesson.Caption)
		}
	}
	for i, row := range rows {
		if i == maxRows {
			w.b.Note("Only the first rows of a long table were read.")
			return
		}
		w.b.Add(lesson.TableRow, w.row(row))
	}
}

// row joins the cells of a row; the joints are gaps, as the page shows none of
// them.
func (w *walker) row(cells []*html.Node) outline.Run {
	var run outline.Run
	for _, cell := range cells {
		inner := w.inlineRun(cell)
		text := strings.TrimRight(inner.Text, " ;")
		if text == "" {
			continue
		}
		if run.Text != "" {
			run.Gaps = append(run.Gaps, len(run.Text))
			run.Text += "; "
			run.Gaps = append(run.Gaps, len(run.Text))
		}
		for _, g := range inner.Gaps {
			run.Gaps = append(run.Gaps, len(run.Text)+g)
		}
		for _, o := range inner.Lost {
			run.Lost = append(run.Lost, len(run.Text)+o)
		}
		run.Text += text
	}
	return run
}

// rowsOf returns the cells of each row, and whether this is a table of data.
func rowsOf(table *html.Node) ([][]*html.Node, bool) {
	if role, _ := attr(table, "role"); role == "presentation" || role == "none" {
		return nil, false
	}
	var rows [][]*html.Node
	wide, cells, size := 0, 0, 0
	for d := range table.Descendants() {
		switch d.Data {
		case "table", "h1", "h2", "h3", "h4", "pre", "blockquote", "figure":
			if d.Type == html.ElementNode {
				return nil, false
			}
		case "tr":
			rows = append(rows, nil)
		case "td", "th":
			if len(rows) == 0 {
				continue
			}
			last := len(rows) - 1
			rows[last] = append(rows[last], d)
			if len(rows[last]) == 2 {
				wide++
			}
			cells++
			size += len(textOf(d))
		}
	}
	return rows, len(rows) >= 2 && wide*2 >= len(rows) && size <= maxCell*max(1, cells)
}
