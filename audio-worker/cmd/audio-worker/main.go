// Command audio-worker makes audio overviews from the jobs of its queue.
package main

import (
	"os"

	"github.com/studycast/studycast/audio-worker/app"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/program"
	"github.com/studycast/studycast/core/studio"
)

func main() {
	os.Exit(studio.RunWorker(
		program.Info{Program: config.AudioWorker, Description: "The audio-worker of Studycast: makes audio overviews."},
		func(w config.Workers) int { return w.AudioSlots }, app.New))
}
