package client_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/studycast/studycast/client"
)

// An operator pauses a queue while something is mended; who did it and why is on
// record.
func ExampleClient_PauseQueue() {
	ctx := context.Background()
	c := client.New(os.Getenv("STUDYCAST_SERVER"), client.WithToken(os.Getenv("STUDYCAST_TOKEN")))
	defer c.Close()

	queue, err := c.PauseQueue(ctx, "video-generation", "the disk is full")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(queue.Name, queue.Pause.Reason)

	queue, err = c.ResumeQueue(ctx, "video-generation", "there is room again")
	fmt.Println(queue.Pause == nil, err)

	for record, err := range c.Audit(ctx, client.AuditFilter{Actions: []string{"queue.pause", "queue.resume"}}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(record.Action, record.Reason)
	}
	// Output:
	// video-generation the disk is full
	// true <nil>
	// queue.resume there is room again
	// queue.pause the disk is full
}

// What died of a site that was away is put back to work when it answers again:
// looked at first, then a few letters alone, then the rest.
func ExampleClient_StartReplay() {
	ctx := context.Background()
	c := client.New(os.Getenv("STUDYCAST_SERVER"), client.WithToken(os.Getenv("STUDYCAST_TOKEN")))
	defer c.Close()

	request := client.ReplayRequest{
		Selection: client.Selection{Filter: &client.DeadFilter{Fault: "source", DiedAfter: time.Now().Add(-time.Hour), Text: "rivers.example.org"}},
		Reason:    "the site is back",
	}
	plan, err := c.PlanReplay(ctx, request)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plan.Letters, "letters of", len(plan.Groups), "causes")
	if plan.Letters == 0 {
		return
	}
	started, err := c.StartReplay(ctx, request)
	if err != nil {
		fmt.Println(err)
		return
	}
	for replay, err := range c.WatchReplay(ctx, started.Replay.ID) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(replay.State, replay.Counts.Recovered, "of", replay.Letters)
	}
	// Output: 0 letters of 0 causes
}

// What was exported can be imported; lines that are no letters keep nothing else
// out.
func ExampleClient_ImportDeadLetters() {
	c := client.New(os.Getenv("STUDYCAST_SERVER"), client.WithToken(os.Getenv("STUDYCAST_TOKEN")))
	defer c.Close()

	done, err := c.ImportDeadLetters(context.Background(), strings.NewReader("not a letter\n"), "moved from another system")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(done.Stored, "stored,", done.Refused, "refused, first in line", done.BadLines[0].Line)
	// Output: 0 stored, 1 refused, first in line 1
}
