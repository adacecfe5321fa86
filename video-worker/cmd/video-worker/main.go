// Command video-worker makes educational videos from the jobs of its queue.
package main

import (
	"os"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/program"
	"github.com/studycast/studycast/core/studio"
	"github.com/studycast/studycast/video-worker/app"
)

func main() {
	os.Exit(studio.RunWorker(
		program.Info{Program: config.VideoWorker, Description: "The video-worker of Studycast: makes educational videos."},
		func(w config.Workers) int { return w.VideoSlots }, app.New))
}
