package jsonl

import (
	"context"
	"errors"
	"io"

	"github.com/studycast/studycast/services/deadletter/store"
)

// exportPage is how many letters are looked up at once.
const exportPage = 200

// Export writes the letters of a filter whole, oldest first, and returns how
// many it wrote.
func Export(ctx context.Context, letters store.Letters, f store.Filter, w io.Writer) (written int, err error) {
	f.OldestFirst, f.Limit = true, exportPage
	for {
		page, err := letters.List(ctx, f)
		if err != nil {
			return written, err
		}
		for _, brief := range page {
			wrote, err := One(ctx, letters, brief.ID, w)
			if err != nil {
				return written, err
			}
			if wrote {
				written++
			}
		}
		if len(page) < exportPage {
			return written, nil
		}
		f.After = page[len(page)-1].ID
	}
}

// One writes a letter whole; false when retention was quicker.
func One(ctx context.Context, letters store.Letters, id string, w io.Writer) (bool, error) {
	l, err := letters.Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	line, err := Encode(l)
	if err != nil {
		return false, err
	}
	_, err = w.Write(line)
	return err == nil, err
}
