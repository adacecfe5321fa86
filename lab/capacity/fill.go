package capacity

import (
	"errors"
	"strings"
)

const (
	from = "<!-- tables: made by `make generate` -->\n"
	to   = "<!-- end of the tables -->"
)

// Fill puts Tables into a document, between its marks.
func Fill(doc []byte) ([]byte, error) {
	before, rest, ok := strings.Cut(string(doc), from)
	_, after, ended := strings.Cut(rest, to)
	if !ok || !ended {
		return nil, errors.New("the document has no marks for the tables")
	}
	return []byte(before + from + "\n" + Tables() + "\n" + to + after), nil
}
