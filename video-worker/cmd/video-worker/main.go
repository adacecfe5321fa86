// Command video-worker makes educational videos from the jobs of its queue.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/studycast/studycast/core/studio"
	"github.com/studycast/studycast/video-worker/app"
)

func main() {
	var f studio.WorkerFlags
	kong.Parse(&f, kong.Name("video-worker"), kong.Description("The video-worker of Studycast: makes educational videos."))
	if err := studio.RunWorker("video-worker", f.VideoSlots, f, app.New); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "video-worker:", err)
		os.Exit(1)
	}
}
