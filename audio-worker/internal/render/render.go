// Package render is what an audio overview adds to the common stages: mix and
// encode.
package render

import (
	"context"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/media"
	"github.com/studycast/studycast/core/lesson/pipeline"
)

// Audio mixes the voices with the music into audio.m4a and audio.mp3.
type Audio struct{ Encoder *media.Encoder }

// Stages returns the one stage of this kind: the mix is encoded as it is made.
func (Audio) Stages() []pipeline.Stage { return []pipeline.Stage{{Name: "encode", Share: 60}} }

// Render makes the files in w.Dir.
func (a Audio) Render(ctx context.Context, w pipeline.Work) ([]lesson.File, error) {
	w.Progress("encode", 0)
	return a.Encoder.Audio(ctx, media.AudioInput{
		Script: w.Script, Timeline: w.Timeline, Metadata: w.Metadata, Dir: w.Dir,
	}, func(done float64) { w.Progress("encode", done) })
}
