package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/media"
	"github.com/studycast/studycast/studycast/internal/demo"
)

// demoCmd does the main job once, from nothing to files.
type demoCmd struct {
	URL    string `help:"A page to use instead of the bundled article." placeholder:"URL"`
	Out    string `help:"Folder for the files." default:"out" type:"path"`
	Length string `help:"How long: short, medium or long." enum:"short,medium,long" default:"medium"`
	Server string `help:"Ask this server instead of starting one. For the bundled article it must run on this machine with ALLOW_LOOPBACK." placeholder:"URL"`

	settings `embed:""`
}

// Run submits a video and an audio job and leaves their files in the folder.
func (c *demoCmd) Run(r *run) error {
	begun := time.Now()
	if err := os.MkdirAll(c.Out, 0o755); err != nil { //nolint:gosec // the user's own output folder
		return err
	}
	page := c.URL
	if page == "" {
		url, stop, err := demo.Serve(r.ctx)
		if err != nil {
			return err
		}
		defer stop()
		page, c.AllowLoopback = url, true
	}
	ask := c.inProcess
	if c.Server != "" {
		ask = c.fromServer
	}
	made, err := ask(r, page)
	if err != nil {
		return err
	}
	return c.tell(r, made, time.Since(begun))
}

// fromServer has the lessons made by a server that runs.
func (c *demoCmd) fromServer(r *run, page string) ([]*demoLesson, error) {
	_, _ = fmt.Fprintf(r.out, "Studycast runs on %s.\nMaking a video and an audio overview of %s\n", c.Server, page)
	return c.lessons(r.ctx, r, c.Server, page)
}

// inProcess starts everything in this process for the time of the demo.
func (c *demoCmd) inProcess(r *run, page string) ([]*demoLesson, error) {
	data, err := os.MkdirTemp("", "studycast-demo-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(data) }()
	logFile, err := os.Create(filepath.Join(c.Out, "demo.log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = logFile.Close() }()
	c.DataDir, c.Listen.Listen, c.AdminListen, c.GRPCListen = data, "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.Auth = config.Auth{} // its server is for this run alone
	if err := config.Check(&c.settings); err != nil {
		return nil, err
	}
	s, url, err := (&serveCmd{settings: c.settings}).start(r.ctx, slog.New(slog.NewTextHandler(logFile, nil)), r.version)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.ctx)
	served := make(chan error, 1)
	go func() { served <- s.Run(ctx) }()
	_, _ = fmt.Fprintf(r.out, "Studycast runs in one process on %s (embedded queue and store).\nMaking a video and an audio overview of %s\n", url, page)
	made, err := c.lessons(ctx, r, url, page)
	cancel()
	return made, errors.Join(err, <-served)
}

// demoLesson is a finished job of the demo.
type demoLesson struct {
	job   client.Job
	took  time.Duration
	files []string
}

// lessons submits both jobs, follows them side by side and fetches the files.
func (c *demoCmd) lessons(ctx context.Context, r *run, url, page string) ([]*demoLesson, error) {
	cl := client.New(url)
	defer cl.Close()
	b := newBars(r.err, true)
	defer b.done()
	made := []*demoLesson{{}, {}}
	g, ctx := errgroup.WithContext(ctx)
	for i, kind := range []string{"video", "audio"} {
		move := b.add(kind)
		g.Go(func() error {
			start := time.Now()
			j, err := cl.Submit(ctx, client.Request{
				Kind: kind, Source: client.Source{URL: page}, Options: client.Options{Length: c.Length},
			})
			if err != nil {
				return err
			}
			for j, err = range cl.Watch(ctx, j.ID) {
				if err != nil {
					return err
				}
				move(stageOf(j), j.Progress)
			}
			if j.State != "succeeded" {
				return failed(j)
			}
			made[i].job, made[i].took = j, time.Since(start)
			made[i].files, err = download(ctx, cl, j, c.Out)
			return err
		})
	}
	return made, g.Wait()
}

func failed(j client.Job) error {
	if j.Fault == nil {
		return fault.New(fault.Request, "The %s is %s.", j.Kind, j.State)
	}
	return fault.New(fault.Request, "No %s was made: %s", j.Kind, j.Fault.Text)
}

// download puts the files into dir; texts get the kind before their name.
func download(ctx context.Context, cl *client.Client, j client.Job, dir string) ([]string, error) {
	var paths []string
	for _, a := range j.Artifacts {
		name := a.Name
		if stem := name[:len(name)-len(filepath.Ext(name))]; stem != j.Kind && stem != "poster" {
			name = j.Kind + "." + name
		}
		path := filepath.Join(dir, name)
		if err := fetch(ctx, cl, j.ID, a.Name, path); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func fetch(ctx context.Context, cl *client.Client, id, name, path string) error {
	body, err := cl.Artifact(ctx, id, name)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, body); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func (c *demoCmd) tell(r *run, made []*demoLesson, took time.Duration) error {
	_, _ = fmt.Fprintln(r.out)
	for _, l := range made {
		_, _ = fmt.Fprintf(r.out, "%s: %q, made in %.1f s\n", l.job.Kind, l.job.Title, l.took.Seconds())
		for _, n := range l.job.Notes {
			_, _ = fmt.Fprintln(r.out, "  note:", n)
		}
		for _, path := range l.files {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(r.out, "  %-28s %8s  %s\n", relative(path), size(info.Size()), length(r.ctx, path))
		}
	}
	_, _ = fmt.Fprintf(r.out, "Done in %.1f s.\n", took.Seconds())
	return nil
}

// relative shortens a path below the working folder.
func relative(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// length measures a media file; other files have none.
func length(ctx context.Context, path string) string {
	switch filepath.Ext(path) {
	case ".mp4", ".m4a", ".mp3":
	default:
		return ""
	}
	info, err := media.Probe(ctx, path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d:%02d min", int(info.Duration.Minutes()), int(info.Duration.Seconds())%60)
}
