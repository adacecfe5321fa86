// Package render is what a video adds to the common stages: draw and encode.
package render

import (
	"context"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/media"
	"github.com/studycast/studycast/core/lesson/pipeline"
)

// Video renders slides and narration into video.mp4 and poster.jpg.
type Video struct{ Encoder *media.Encoder }

// Stages returns the stages of this kind: the slides are laid out, then drawn
// while the encoder takes them.
func (Video) Stages() []pipeline.Stage {
	return []pipeline.Stage{{Name: "draw", Share: 1}, {Name: "encode", Share: 49}}
}

// Render makes the files in w.Dir.
func (v Video) Render(ctx context.Context, w pipeline.Work) ([]lesson.File, error) {
	w.Progress("draw", 0)
	var figures []lesson.Figure
	if w.Document != nil {
		figures = w.Document.Figures
	}
	return v.Encoder.Video(ctx, media.VideoInput{
		Figures: figures, Script: w.Script, Timeline: w.Timeline, Theme: w.Theme, Format: w.Format,
		Captions: w.Captions, Metadata: w.Metadata, Dir: w.Dir,
	}, func(done float64) { w.Progress("encode", done) })
}
