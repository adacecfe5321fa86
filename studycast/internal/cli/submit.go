package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/fault"
)

// submitCmd asks a server for a lesson.
type submitCmd struct {
	Source string `arg:"" name:"url-or-file" help:"Address of a page, or a file to upload."`
	Key    string `help:"Idempotency key: the same key gives the same job." placeholder:"KEY"`
	Fresh  bool   `help:"Make it anew, also when somebody else gets the same lesson just now."`
	Watch  bool   `help:"Follow the job until it is final." short:"w"`
	JSON   bool   `help:"Print the job as JSON."`

	choices `embed:""`
	server  `embed:""`
}

// Run submits and prints the id.
func (c *submitCmd) Run(r *run) error {
	cl := c.client()
	defer cl.Close()
	req := client.Request{Key: c.Key, Fresh: c.Fresh, Kind: c.Kind, Options: client.Options{
		Length: c.Length, Theme: c.Theme, Language: c.Language, Voices: c.Voice, Format: c.Format,
	}}
	if strings.Contains(c.Source, "://") {
		req.Source.URL = c.Source
	} else {
		id, err := upload(r, cl, c.Source)
		if err != nil {
			return err
		}
		req.Source.Upload = id
	}
	j, err := cl.Submit(r.ctx, req)
	if err != nil {
		return err
	}
	if c.Watch {
		return watch(r, cl, j.ID, c.JSON)
	}
	return printJob(r, j, c.JSON)
}

func upload(r *run, cl *client.Client, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fault.Wrap(fault.Request, err, "%s can't be read: give the address of a page (https://…) or a file that exists.", path)
	}
	defer func() { _ = f.Close() }()
	types := map[string]string{".html": "text/html", ".htm": "text/html", ".pdf": "application/pdf", ".md": "text/markdown", ".txt": "text/plain"}
	mediaType, ok := types[strings.ToLower(filepath.Ext(path))]
	if !ok {
		return "", fault.New(fault.Request, "%s: only .html, .pdf, .md and .txt files can be uploaded.", path)
	}
	return cl.Upload(r.ctx, filepath.Base(path), mediaType, f)
}
