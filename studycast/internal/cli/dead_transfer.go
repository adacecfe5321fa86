package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/fault"
)

// deadExportCmd writes letters.
type deadExportCmd struct {
	State  []string `help:"Only letters in these states, separated by commas: open, replaying, replayed, recovered, discarded." enum:"open,replaying,replayed,recovered,discarded"`
	Reason string   `help:"Why; kept on record with your name." required:"" placeholder:"TEXT"`

	letterFilter `embed:""`
	server       `embed:""`
}

// Help is shown below the usage.
func (*deadExportCmd) Help() string {
	return "Writes to standard output, oldest first: studycast dead export --reason archive > letters.jsonl. " +
		"When it fails, what was written ends anywhere."
}

// Run writes the lines, and how many there are to standard error.
func (c *deadExportCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	lines := &lineCounter{w: r.out}
	written, err := cl.ExportDeadLetters(r.ctx, lines, c.filter(c.State...), c.Reason)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.err, "%s, %s\n", counted(lines.n, "letter"), size(written))
	return err
}

// lineCounter counts the lines that pass through.
type lineCounter struct {
	w io.Writer
	n int
}

func (l *lineCounter) Write(p []byte) (int, error) {
	n, err := l.w.Write(p)
	l.n += bytes.Count(p[:n], []byte{'\n'})
	return n, err
}

// deadImportCmd stores letters.
type deadImportCmd struct {
	File string `arg:"" help:"File of JSON lines; - for standard input."`

	act `embed:""`
}

// Help is shown below the usage.
func (*deadImportCmd) Help() string {
	return "Letters that are there already are left as they are: importing again changes nothing.\n\n" + exitHelp
}

// Run stores the letters and prints what became of the lines.
func (c *deadImportCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	in := r.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fault.Wrap(fault.Request, err, "%s can't be read: give a file that dead export wrote, or - for standard input.", c.File)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	done, err := cl.ImportDeadLetters(r.ctx, in, c.Reason)
	if err != nil {
		return err
	}
	if err := printImported(r, done, c.JSON); err != nil {
		return err
	}
	if done.Refused > 0 {
		return &exit{code: exitPartly}
	}
	return nil
}

func printImported(r *run, done client.Imported, asJSON bool) error {
	if asJSON {
		return printJSON(r.out, done)
	}
	_, err := fmt.Fprintf(r.out, "%s stored, %d there already, %s refused\n", counted(done.Stored, "letter"), done.Present, counted(done.Refused, "line"))
	for _, b := range done.BadLines {
		if err == nil {
			_, err = fmt.Fprintf(r.out, "line %d: %s\n", b.Line, plain(b.Why))
		}
	}
	return err
}
