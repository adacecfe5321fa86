package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/studycast/studycast/client"
)

const rivers = `# Rivers

A river carries water, sand and stones from the hills to the sea. The moving stones rub against the bed and grind it away.
Over many thousand years this work cuts a deep valley into the rock. A slow river drops the sand that it carries.
The sand builds flat land on both sides of the water.
`

// Ask for a lesson, follow it to its end, read its captions.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	c := client.New(os.Getenv("STUDYCAST_SERVER"), client.WithToken(os.Getenv("STUDYCAST_TOKEN")))
	defer c.Close()

	job, err := c.Submit(ctx, client.Request{
		Kind:    client.Audio,
		Source:  client.Source{Text: rivers},
		Options: client.Options{Length: "short"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for job, err = range c.Watch(ctx, job.ID) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Fprintf(os.Stderr, "%s %s %.0f %%\n", job.State, job.Stage, job.Progress)
	}
	fmt.Println(job.State)

	captions, err := c.Artifact(ctx, job.ID, "captions.vtt")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = captions.Close() }()
	line, err := bufio.NewReader(captions).ReadString('\n')
	fmt.Printf("%q %v\n", line, err)
	// Output:
	// succeeded
	// "WEBVTT\n" <nil>
}

// With a key of your own the same request gives the same job, from any process.
func ExampleClient_Submit() {
	ctx := context.Background()
	c := client.New(os.Getenv("STUDYCAST_SERVER"))
	defer c.Close()

	request := client.Request{
		Kind:   client.Video,
		Source: client.Source{URL: "https://en.wikipedia.org/wiki/River"},
		RunAt:  time.Now().Add(24 * time.Hour).Truncate(time.Second),
		Labels: map[string]string{"course": "geo-1"},
		Key:    "geo-1-rivers",
	}
	first, err := c.Submit(ctx, request)
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := c.Submit(ctx, request)
	fmt.Println(first.State, again.ID == first.ID, err)

	cancelled, err := c.Cancel(ctx, first.ID)
	fmt.Println(cancelled.State, err)
	// Output:
	// scheduled true <nil>
	// cancelled <nil>
}

// A program that shows no progress waits.
func ExampleClient_Wait() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	c := client.New(os.Getenv("STUDYCAST_SERVER"))
	defer c.Close()

	job, err := c.Submit(ctx, client.Request{
		Kind: client.Audio, Source: client.Source{Text: rivers}, Options: client.Options{Length: "short"}, Key: "rivers",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	job, err = c.Wait(ctx, job.ID)
	fmt.Println(job.State, err)

	if err := c.Delete(ctx, job.ID); err != nil {
		fmt.Println(err)
	}
	// Output:
	// succeeded <nil>
}

// The list goes over all pages.
func ExampleClient_List() {
	ctx := context.Background()
	c := client.New(os.Getenv("STUDYCAST_SERVER"))
	defer c.Close()

	for range 3 {
		_, err := c.Submit(ctx, client.Request{
			Kind: client.Audio, Source: client.Source{Text: rivers}, RunAt: time.Now().Add(time.Hour),
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	for job, err := range c.List(ctx, client.Filter{States: []string{client.Scheduled}, PageSize: 2}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		job, err = c.Cancel(ctx, job.ID)
		fmt.Println(job.State, err)
	}
	// Output:
	// cancelled <nil>
	// cancelled <nil>
	// cancelled <nil>
}

// Each job of a batch is accepted or refused by itself.
func ExampleClient_SubmitBatch() {
	ctx := context.Background()
	c := client.New(os.Getenv("STUDYCAST_SERVER"))
	defer c.Close()

	tomorrow := time.Now().Add(24 * time.Hour)
	results, err := c.SubmitBatch(ctx, client.Batch{Jobs: []client.Request{
		{Kind: client.Audio, Source: client.Source{Text: rivers}, RunAt: tomorrow},
		{Kind: "film", Source: client.Source{Text: rivers}, RunAt: tomorrow},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		if r.Problem != nil {
			fmt.Println(r.Status, r.Problem.Errors[0].Location)
			continue
		}
		fmt.Println(r.Status, r.Job.State)
		if _, err := c.Cancel(ctx, r.Job.ID); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 202 scheduled
	// 422 body.kind
}

// A webhook's handler believes what Studycast has signed.
func ExampleReadNotice() {
	secret := "whsec_c3R1ZHljYXN0IHRlc3Qgc2VjcmV0" // NewWebhook returned it
	handler := func(w http.ResponseWriter, r *http.Request) {
		notice, err := client.ReadNotice(r, secret)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		fmt.Println(notice.Type, notice.Job.ID)
	}
	forged := httptest.NewRequest(http.MethodPost, "/studycast", strings.NewReader(`{"type":"job.succeeded"}`))
	answer := httptest.NewRecorder()
	handler(answer, forged)
	fmt.Println(answer.Code)
	// Output: 401
}

// A document becomes the source of a job.
func ExampleClient_Upload() {
	ctx := context.Background()
	c := client.New(os.Getenv("STUDYCAST_SERVER"))
	defer c.Close()

	id, err := c.Upload(ctx, "rivers.md", "text/markdown", strings.NewReader(rivers))
	if err != nil {
		fmt.Println(err)
		return
	}
	job, err := c.Submit(ctx, client.Request{
		Kind: client.Video, Source: client.Source{Upload: id}, RunAt: time.Now().Add(time.Hour),
	})
	fmt.Println(job.State, job.Source.Upload == id, err)

	_, err = c.Cancel(ctx, job.ID)
	fmt.Println(err)
	// Output:
	// scheduled true <nil>
	// <nil>
}

// A player seeks in a file by its parts.
func ExampleClient_ArtifactRange() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	c := client.New(os.Getenv("STUDYCAST_SERVER"))
	defer c.Close()

	job, err := c.Submit(ctx, client.Request{
		Kind: client.Audio, Source: client.Source{Text: rivers}, Options: client.Options{Length: "short"},
	})
	if err == nil {
		job, err = c.Wait(ctx, job.ID)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	part, err := c.ArtifactRange(ctx, job.ID, "captions.vtt", 3, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = part.Close() }()
	text, err := io.ReadAll(part)
	fmt.Printf("%s %v\n", text, err)
	// Output: VTT <nil>
}

// What the server refuses says which field is wrong and what to do.
func ExampleProblem() {
	c := client.New(os.Getenv("STUDYCAST_SERVER"))
	defer c.Close()

	_, err := c.Submit(context.Background(), client.Request{Kind: "film", Source: client.Source{Text: rivers}})
	var p *client.Problem
	if errors.As(err, &p) && p.Type == client.ProblemInvalidRequest {
		fmt.Println(p.Status, p.Errors[0].Location)
	}
	// Output: 422 body.kind
}
