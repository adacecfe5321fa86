package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is the content of a configuration file: values by the names of the
// environment variables. A scalar is a string, a list a []any.
type File map[string]any

// ReadFile reads a configuration file: one YAML mapping from the names of
// environment variables to scalars or lists of scalars. All programs may share
// it: keys of other programs are passed over. A key that no program knows, one
// that comes twice or has no value is an error with its line.
func ReadFile(path string) (File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	f, err := ParseFile(text)
	if err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", path, err)
	}
	return f, nil
}

// ParseFile reads the text of a configuration file.
func ParseFile(text []byte) (File, error) {
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return File{}, nil
	case err != nil:
		return nil, err
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds more than one document: keep one")
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return File{}, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: use lines like LOG_LEVEL: debug", root.Line)
	}
	known := Everything()
	f := File{}
	var errs []error
	for i := 0; i+1 < len(root.Content); i += 2 {
		errs = append(errs, f.add(known, root.Content[i], root.Content[i+1]))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return f, nil
}

func (f File) add(known []Setting, key, value *yaml.Node) error {
	if err := recognize(known, key); err != nil {
		return err
	}
	if _, twice := f[key.Value]; twice {
		return fmt.Errorf("line %d: %s comes twice", key.Line, key.Value)
	}
	switch {
	case value.Kind == yaml.ScalarNode && value.Tag != "!!null":
		f[key.Value] = value.Value
		return nil
	case value.Kind == yaml.SequenceNode:
		list := []any{}
		for _, item := range value.Content {
			if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
				return fmt.Errorf("line %d: %s: use a list of plain values", item.Line, key.Value)
			}
			var v any
			if err := item.Decode(&v); err != nil {
				return fmt.Errorf("line %d: %s: %w", item.Line, key.Value, err)
			}
			list = append(list, v)
		}
		f[key.Value] = list
		return nil
	case value.Kind == yaml.ScalarNode:
		return fmt.Errorf("line %d: %s has no value: write one, \"\" for an empty one, or remove the line", value.Line, key.Value)
	}
	return fmt.Errorf("line %d: %s: use a plain value or a list", value.Line, key.Value)
}

// recognize refuses a key that no program knows, and says which was meant.
func recognize(known []Setting, key *yaml.Node) error {
	nearest, least := "", len(key.Value)/2+1
	for _, s := range known {
		if s.Env == key.Value {
			return nil
		}
		if d := distance(strings.ToUpper(key.Value), s.Env); d < least {
			nearest, least = s.Env, d
		}
	}
	if nearest == "" {
		return fmt.Errorf("line %d: unknown key %q: `studycast settings` lists all", key.Line, key.Value)
	}
	return fmt.Errorf("line %d: unknown key %q: did you mean %s?", key.Line, key.Value, nearest)
}

// distance counts the letters to be added, removed or changed to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// Print writes the settings of the struct v as a configuration file, secrets as
// ***, each with where its value comes from.
func Print(w io.Writer, v any, from func(Setting) string) error {
	for _, s := range Settings(v) {
		line, err := yaml.Marshal(map[string]any{s.Env: shown(s)})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "# %s\n%s", from(s), line); err != nil {
			return err
		}
	}
	return nil
}

func shown(s Setting) any {
	if s.Secret && s.Value != "" {
		return "***"
	}
	if d, ok := s.Value.(fmt.Stringer); ok {
		return d.String()
	}
	return s.Value
}
