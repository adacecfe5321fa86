package house

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	audio "github.com/studycast/studycast/audio-worker/app"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/pipeline"
	video "github.com/studycast/studycast/video-worker/app"
)

// The stages that operators are told of are those that lessons have, and after
// them the one of every worker.
func TestStagesAreThoseOfTheWorkers(t *testing.T) {
	t.Parallel()
	for kind, open := range map[job.Kind]func(config.Lesson, *slog.Logger) (*pipeline.Pipeline, error){
		job.Video: video.Pipeline, job.Audio: audio.Pipeline,
	} {
		p, err := open(config.Lesson{}, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		require.Equal(t, job.Stages(kind), append(p.Stages(), "publish"), string(kind))
	}
}
