//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"text/tabwriter"
	"time"

	"github.com/studycast/studycast/lab/local/background"
)

// downCmd ends the system of a folder.
type downCmd struct {
	folder `embed:""`
}

// Run says what it did.
func (c *downCmd) Run(ctx context.Context) error {
	begun := time.Now()
	found, killed, err := background.Down(ctx, c.Dir)
	if err != nil {
		return err
	}
	switch found {
	case background.Nothing:
		fmt.Printf("Nothing is up in %s.\n", short(c.Dir))
		return nil
	case background.Stale:
		fmt.Println("The supervisor was not there any more: it was killed, or never got ready.")
	case background.Running:
	}
	if killed != nil {
		fmt.Println(killed)
	}
	if there(c.Dir) {
		fmt.Printf("Studycast is down after %.1f s: no process is left; %s holds something else and stays.\n", time.Since(begun).Seconds(), short(c.Dir))
		return nil
	}
	fmt.Printf("Studycast is down after %.1f s: no process is left, %s is removed with its logs and its data.\n", time.Since(begun).Seconds(), short(c.Dir))
	return nil
}

// statusCmd says what runs.
type statusCmd struct {
	folder `embed:""`
}

// Run prints a line per process; the exit code is 1 unless all are ready.
func (c *statusCmd) Run(ctx context.Context) error {
	s, found, err := background.Find(c.Dir)
	if err != nil {
		return err
	}
	switch found {
	case background.Nothing:
		fmt.Printf("Nothing is up in %s.\n", short(c.Dir))
		return exitCode(1)
	case background.Stale:
		fmt.Printf("Nothing runs, but %s is left of a system that did not end in order: `make down` removes it.\n", short(c.Dir))
		return exitCode(1)
	case background.Running:
	}
	if !s.Ready {
		fmt.Printf("The system in %s is starting.\n", short(c.Dir))
		return exitCode(1)
	}
	fmt.Printf("The supervisor is process %d, since %s.\n", s.PID, s.Started.Local().Format(time.DateTime))
	if err := tell(s, c.Dir); err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "PROGRAM\tPROCESS\tREADY\tADMIN")
	all := true
	for _, p := range s.Programs {
		said := "-"
		if p.Admin != "" {
			ready := isReady(ctx, p.Admin)
			said, all = fmt.Sprint(ready), all && ready
		}
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", p.Name, p.PID, said, p.Admin)
	}
	if err := w.Flush(); err != nil || all {
		return err
	}
	return exitCode(1)
}

func isReady(ctx context.Context, admin string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}
