// Command audio-worker makes audio overviews from the jobs of its queue.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/studycast/studycast/audio-worker/app"
	"github.com/studycast/studycast/core/studio"
)

func main() {
	var f studio.WorkerFlags
	kong.Parse(&f, kong.Name("audio-worker"), kong.Description("The audio-worker of Studycast: makes audio overviews."))
	if err := studio.RunWorker("audio-worker", f.AudioSlots, f, app.New); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "audio-worker:", err)
		os.Exit(1)
	}
}
