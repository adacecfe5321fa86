package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	audio "github.com/studycast/studycast/audio-worker/app"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/pipeline"
	"github.com/studycast/studycast/core/lesson/script"
	"github.com/studycast/studycast/core/lesson/source"
	video "github.com/studycast/studycast/video-worker/app"
)

// makeCmd makes one lesson in this process.
type makeCmd struct {
	Source     string `arg:"" optional:"" name:"url-or-file" help:"Address of a page, or an HTML, PDF, Markdown or text file."`
	FromScript string `help:"Render this script.json instead of writing one." type:"existingfile" placeholder:"FILE"`
	Output     string `help:"Where to put it: a file ending in .mp4, .m4a or .mp3, or a folder for all files." short:"o" default:"." type:"path"`
	JSON       bool   `help:"Print the result as JSON."`

	choices       `embed:""`
	config.Lesson `embed:""`
}

// made is the result, for --json.
type made struct {
	Title   string        `json:"title"`
	Files   []lesson.File `json:"files"`
	Notes   []string      `json:"notes"`
	Seconds float64       `json:"seconds"`
}

// Run makes the lesson.
func (c *makeCmd) Run(r *run) error {
	if err := c.Check(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "studycast-make-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	in, err := c.input(dir)
	if err != nil {
		return err
	}
	p, err := c.pipeline(r, in.Options.Kind)
	if err != nil {
		return err
	}
	bar := newBars(r.err, !c.JSON)
	in.Progress = bar.add(string(in.Options.Kind))
	start := time.Now()
	out, err := p.Make(r.ctx, in)
	bar.done()
	if err != nil {
		return err
	}
	files, err := c.place(out.Files)
	if err != nil {
		return err
	}
	return c.tell(r, made{Title: out.Title, Files: files, Notes: out.Notes, Seconds: time.Since(start).Seconds()})
}

func (c *makeCmd) tell(r *run, m made) error {
	if c.JSON {
		return printJSON(r.out, m)
	}
	for _, n := range m.Notes {
		_, _ = fmt.Fprintln(r.out, "note:", n)
	}
	for _, f := range m.Files {
		_, _ = fmt.Fprintln(r.out, f.Path)
	}
	_, _ = fmt.Fprintf(r.out, "%q in %.1f s\n", m.Title, m.Seconds)
	return nil
}

func (c *makeCmd) pipeline(r *run, k lesson.Kind) (*pipeline.Pipeline, error) {
	log, err := r.log.Logger()
	if err != nil {
		return nil, err
	}
	if k == lesson.Audio {
		return audio.Pipeline(c.Lesson, log)
	}
	return video.Pipeline(c.Lesson, log)
}

func (c *makeCmd) input(dir string) (pipeline.Input, error) {
	in := pipeline.Input{Dir: dir, Options: lesson.Options{
		Kind: lesson.Kind(c.Kind), Length: lesson.Length(c.Length), Theme: lesson.Theme(c.Theme), Language: c.Language,
		Voices: c.Voice, Format: lesson.Format(c.Format),
	}}
	switch {
	case (c.Source == "") == (c.FromScript == ""):
		return in, fault.New(fault.Request, "Give either an address or file, or --from-script.")
	case c.FromScript != "":
		return in, c.scriptInto(&in)
	case strings.Contains(c.Source, "://"):
		in.URL = c.Source
		return in, nil
	}
	data, err := readBounded(c.Source)
	if err != nil {
		return in, err
	}
	in.Upload = &source.Raw{Data: data, Name: filepath.Base(c.Source)}
	return in, nil
}

func (c *makeCmd) scriptInto(in *pipeline.Input) error {
	f, err := os.Open(c.FromScript)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	in.Script, err = script.Load(f)
	if err != nil {
		return err
	}
	in.Options.Kind = in.Script.Kind
	return nil
}

// maxFile bounds a local document; the bound of a fetched one.
const maxFile = 10 << 20

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(fault.Request, err, "%s can't be read: give the address of a page (https://…) or a file that exists.", path)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fault.New(fault.Request, "%s is larger than 10 MiB: use a smaller file.", path)
	}
	return data, nil
}

// fileEnding tells a file from a folder with a dot in its name, like v1.12.0.
var fileEnding = regexp.MustCompile(`^\.[a-z][a-z0-9]{1,4}$`)

// place moves the files to where they were asked for.
func (c *makeCmd) place(files []lesson.File) ([]lesson.File, error) {
	ext := filepath.Ext(c.Output)
	if info, err := os.Stat(c.Output); !fileEnding.MatchString(ext) || err == nil && info.IsDir() {
		return moveAll(files, c.Output)
	}
	for _, f := range files {
		if filepath.Ext(f.Name) == ext {
			err := move(f.Path, c.Output)
			f.Path = c.Output
			return []lesson.File{f}, err
		}
	}
	var have []string
	for _, f := range files {
		if ext := filepath.Ext(f.Name); !slices.Contains(have, ext) {
			have = append(have, ext)
		}
	}
	return nil, fault.New(fault.Request, "No %s file is made of this: use one of %s, or a folder for all.", ext, strings.Join(have, " "))
}

func moveAll(files []lesson.File, dir string) ([]lesson.File, error) {
	var placed []lesson.File
	for _, f := range files {
		to := filepath.Join(dir, f.Name)
		if err := move(f.Path, to); err != nil {
			return nil, err
		}
		f.Path = to
		placed = append(placed, f)
	}
	return placed, nil
}

// move copies, since scratch and target may lie on different disks.
func move(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // the user's own output folder
		return err
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, src); err != nil {
		_ = dst.Close()
		return err
	}
	return dst.Close()
}

// printLine prints one value on one line.
func printLine(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
