package script

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

// maxScript bounds a script document, in bytes.
const maxScript = 2 << 20

// Load reads an edited script.json of at most 2 MiB. Unknown fields, more than
// one value and whatever Validate refuses are Request faults that name the
// place.
func Load(r io.Reader) (*lesson.Script, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxScript+1))
	if err != nil {
		return nil, fault.Wrap(fault.Request, err, "The script could not be read. Check the file.")
	}
	if len(data) > maxScript {
		return nil, fault.Invalid("script", "the document is larger than 2 MiB. Shorten the script.")
	}
	var s lesson.Script
	if err := decode(data, &s, true); err != nil {
		return nil, fault.Wrap(fault.Request, err, "The script is no valid script.json: %s. Mend it or make the lesson anew.", where(err))
	}
	if err := Validate(&s, nil); err != nil {
		return nil, err
	}
	return &s, nil
}

// decode reads exactly one JSON value.
func decode(data []byte, into any, strict bool) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if strict {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the script")
	}
	return nil
}

// where says in words what json found wrong.
func where(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return clip(syntax.Error()) + " at byte " + strconv.FormatInt(syntax.Offset, 10)
	case errors.As(err, &kind):
		return "field " + clip(kind.Field) + " must not be a " + clip(kind.Value)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it ends too early"
	}
	return clip(err.Error())
}
