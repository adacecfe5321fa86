package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/fault"
)

// editable is what of a request may be changed. Its YAML has the field names of
// the API.
type editable struct {
	Source  client.Source
	Options client.Options
}

// page is editable as YAML: a source is one of three, options are all shown.
type page struct {
	Source struct {
		URL    string `yaml:"url,omitempty"`
		Upload string `yaml:"upload,omitempty"`
		Text   string `yaml:"text,omitempty"`
	} `yaml:"source"`
	Options options `yaml:"options"`
}

// options are client.Options as YAML.
type options struct {
	Length   string   `yaml:"length"`
	Theme    string   `yaml:"theme"`
	Language string   `yaml:"language"`
	Voices   []string `yaml:"voices,flow"`
	Format   string   `yaml:"format"`
}

func (e editable) yaml() (string, error) {
	var p page
	p.Source.URL, p.Source.Upload, p.Source.Text = e.Source.URL, e.Source.Upload, e.Source.Text
	p.Options = options(e.Options)
	text, err := yaml.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("write the request as YAML: %w", err)
	}
	return string(text), nil
}

// readEditable reads what yaml wrote; a field that it does not know is refused.
func readEditable(text []byte) (editable, error) {
	var p page
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&p); errors.Is(err, io.EOF) {
		return editable{}, errors.New("it is empty")
	} else if err != nil {
		return editable{}, err
	}
	return editable{
		Source:  client.Source{URL: p.Source.URL, Upload: p.Source.Upload, Text: p.Source.Text},
		Options: client.Options(p.Options),
	}, nil
}

// fields are the names of --set. A source is one of three: setting one takes the
// others away.
var fields = map[string]func(*editable, string){
	"source.url":       func(e *editable, v string) { e.Source = client.Source{URL: v} },
	"source.upload":    func(e *editable, v string) { e.Source = client.Source{Upload: v} },
	"source.text":      func(e *editable, v string) { e.Source = client.Source{Text: v} },
	"options.length":   func(e *editable, v string) { e.Options.Length = v },
	"options.theme":    func(e *editable, v string) { e.Options.Theme = v },
	"options.language": func(e *editable, v string) { e.Options.Language = v },
	"options.voices":   func(e *editable, v string) { e.Options.Voices = names(v) },
	"options.format":   func(e *editable, v string) { e.Options.Format = v },
}

// names reads a list like ada,cal.
func names(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func fieldNames() []string { return slices.Sorted(maps.Keys(fields)) }

// set makes a change like options.length=short.
func (e *editable) set(change string) error {
	name, value, ok := strings.Cut(change, "=")
	set := fields[name]
	if !ok || set == nil {
		return fault.New(fault.Request, "--set %s: give FIELD=VALUE, the field one of %s.", change, strings.Join(fieldNames(), ", "))
	}
	set(e, value)
	return nil
}

const editHelp = `# Change the source or the options, save and close. Nothing is done before
# you have seen the difference and said yes.
# A source is one of url, upload and text. An empty option means its default.
`

// edited opens the request in the operator's editor, again until it can be read.
func edited(r *run, before editable) (editable, error) {
	text, err := before.yaml()
	if err != nil {
		return before, err
	}
	text = editHelp + text
	for last := text; ; {
		changed, err := edit(r, text)
		if err != nil {
			return before, err
		}
		after, err := readEditable([]byte(changed))
		if err == nil {
			return after, nil
		}
		if changed == text || changed == last { // nobody mends it
			return before, fault.Wrap(fault.Request, err, "The request can't be read (%s): nothing was done.", err)
		}
		last = changed
		text = "# This could not be read: " + plain(err.Error()) + "\n" + strings.TrimPrefix(changed, firstComment(changed))
	}
}

// firstComment is the line that tells what could not be read the time before.
func firstComment(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	if strings.HasPrefix(line, "# This could not be read: ") {
		return line + "\n"
	}
	return ""
}

// edit has a text changed by the operator's editor.
func edit(r *run, text string) (changed string, err error) {
	f, err := os.CreateTemp("", "studycast-edit-*.yaml") // mode 0600: requests are their owners'
	if err != nil {
		return "", fmt.Errorf("make a file to edit: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("write the file to edit: %w", err)
	}
	editor := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi")
	// By the shell, as git does it: the variable may hold arguments. Standard
	// output is that of the command, so the editor draws on standard error.
	cmd := exec.CommandContext(r.ctx, "sh", "-c", editor+` "$@"`, editor, f.Name()) //nolint:gosec // the operator's own command, on the operator's machine
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r.in, r.err, r.err
	if err := cmd.Run(); err != nil {
		return "", fault.Wrap(fault.Request, err, "The editor %q failed: set EDITOR to one that works, or use --set.", editor)
	}
	data, err := os.ReadFile(f.Name())
	if err != nil {
		return "", fmt.Errorf("read the edited file: %w", err)
	}
	return string(data), nil
}
