// Package pdf reads the text of a PDF with poppler's pdftotext, a child process
// under guard, and finds its structure from the size and the place of lines:
// headings, paragraphs across columns and pages, running heads, captions.
package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/process"
	"github.com/studycast/studycast/core/lesson/source/outline"
)

// maxPages is how many pages of a PDF are read.
const maxPages = 200

// Read writes the text of a PDF into b. Dir is an empty scratch folder; Read
// leaves nothing in it. A PDF that cannot be read is a Request fault.
func Read(ctx context.Context, data []byte, dir string, b *outline.Builder) error {
	work, err := os.MkdirTemp(dir, "pdf-*")
	if err != nil {
		return fmt.Errorf("pdf: make scratch folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	out, err := layout(ctx, data, work)
	if err != nil {
		return err
	}
	d := parse(out)
	if d.words() == 0 {
		return fault.New(fault.Request, "This PDF holds no text, only pictures of pages (a scan). "+
			"Run it through text recognition (OCR) first, or paste the text.")
	}
	if len(d.pages) == maxPages {
		b.Note(fmt.Sprintf("Only the first %d pages of the PDF were read.", maxPages))
	}
	d.write(b)
	return nil
}

// layout runs pdftotext and returns its page layout as XHTML.
func layout(ctx context.Context, data []byte, work string) ([]byte, error) {
	in, out := filepath.Join(work, "in.pdf"), filepath.Join(work, "out.html")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		return nil, fmt.Errorf("pdf: write scratch file: %w", err)
	}
	err := process.Run(ctx, process.Cmd{
		Name: "pdftotext",
		Args: []string{"-bbox-layout", "-enc", "UTF-8", "-l", strconv.Itoa(maxPages), "in.pdf", "out.html"},
		Dir:  work,
		Limits: process.Limits{
			CPU: 30 * time.Second, Memory: 1 << 30, File: 128 << 20, Files: 64, Wall: 45 * time.Second,
		},
	})
	if err != nil {
		return nil, explain(ctx, err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("pdf: read scratch file: %w", err)
	}
	return bytes.ToValidUTF8(text, nil), nil
}

// explain turns a failure of pdftotext into a fault: a bad file is the
// student's, a missing program ours.
func explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("pdf: %w", err)
	}
	if errors.Is(err, process.ErrNotInstalled) {
		return fault.Wrap(fault.Internal, err, "PDFs cannot be read: pdftotext is missing on the server (Debian package poppler-utils).")
	}
	var failed *process.Error
	if errors.As(err, &failed) {
		said := strings.ToLower(failed.Stderr)
		switch {
		case strings.Contains(said, "password"), strings.Contains(said, "encrypt"), strings.Contains(said, "not allowed"):
			return fault.Wrap(fault.Request, err, "This PDF is protected by a password. Remove the protection, or paste the text.")
		case errors.Is(err, context.DeadlineExceeded), strings.Contains(failed.Exit, "signal"):
			return fault.Wrap(fault.Request, err, "This PDF is too complicated to read. Export it again as a plain PDF, or paste the text.")
		}
	}
	return fault.Wrap(fault.Request, err, "This PDF is damaged and cannot be read. Open it, save it again, and upload the new file.")
}
