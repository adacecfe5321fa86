package studio_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/pipeline"
	"github.com/studycast/studycast/core/lesson/script"
	"github.com/studycast/studycast/core/lesson/speech"
	"github.com/studycast/studycast/core/studio"
	"github.com/studycast/studycast/core/worker"
)

const page = `<html lang="en"><head><title>Tides</title></head><body><article><h1>Tides</h1>
<p>The moon pulls the sea towards it, and the sea rises on that side of the earth. Twice a day the water comes and goes at every coast.</p>
<p>The sun pulls as well, but less, because it is so far away. When both pull in one line the tide is highest, and it is called a spring tide.</p>
</article></body></html>`

// broken is a voice that is out of order.
type broken struct{}

func (broken) Name() string { return "broken" }

func (broken) Speak(context.Context, speech.Utterance, string) (speech.Clip, error) {
	return speech.Clip{}, errors.New("no voice")
}

// silent renders nothing: no lesson comes so far.
type silent struct{ pipeline.Renderer }

func (silent) Stages() []pipeline.Stage { return []pipeline.Stage{{Name: "encode", Share: 1}} }

// keeping is the cache of a job in a store, as a worker has it.
type keeping struct {
	t     *testing.T
	store artifact.Store
	id    job.ID
}

func (k keeping) Get(string) ([]byte, bool) { return nil, false }

func (k keeping) Put(key string, data []byte) {
	_, err := k.store.Put(k.t.Context(), artifact.StageKey(k.id, key), strings.NewReader(string(data)), "application/octet-stream")
	require.NoError(k.t, err)
}

// failing is a store that can't be read.
type failing struct{ artifact.Store }

func (failing) Open(context.Context, string) (*artifact.File, error) {
	return nil, artifact.ErrUnavailable
}

// What an attempt finished before it failed is told as kept, for as long as the
// job asks for the same; nothing else is.
func TestKept(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(site.Close)
	store, err := backend.OpenArtifacts("file:"+t.TempDir(), backend.ArtifactOptions{})
	require.NoError(t, err)
	_, port, _ := strings.Cut(strings.TrimPrefix(site.URL, "http://"), ":")
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	var c config.Lesson
	c.AllowLoopback, c.SourcePorts = true, []int{n}
	p := &pipeline.Pipeline{
		Reader:   studio.NewReader(c, nil),
		Writer:   script.NewOffline(),
		Narrator: func(c speech.Cache) *speech.Narrator { return speech.New(speech.Options{Engine: broken{}, Cache: c}) },
		Renderer: silent{},
	}
	const upload = "0199f1a2-aaaa-7b10-9b1f-0c7d6a1e2f30"
	_, err = store.Put(t.Context(), artifact.UploadKey("ann", upload), strings.NewReader(page), "text/html")
	require.NoError(t, err)
	text := job.Source{Text: "# Tides\n\n" + strings.Repeat("The moon pulls the sea towards it. Twice a day the water comes and goes at every coast. ", 4)}
	for name, c := range map[string]struct {
		source job.Source
		kept   []string
	}{
		"page": {job.Source{URL: site.URL}, []string{"fetch", "extract", "script"}},
		"text": {text, []string{"extract", "script"}},
	} {
		id := job.ID("job-" + name)
		r := job.Request{Kind: job.Audio, Source: c.source, Options: job.Options{Length: "short"}}
		kept := studio.Kept(store)
		reused, again, err := kept(t.Context(), id, "ann", r)
		require.NoError(t, err)
		require.Empty(t, reused, "nothing ran yet")
		require.Equal(t, append(c.kept, "narrate", "encode", "publish"), again)

		a := &worker.Attempt{Dir: t.TempDir(), Cache: keeping{t, store, id}, Progress: func(string, float64) {}}
		a.Job.ID, a.Job.Request = id, r
		_, err = studio.Handler(p).Handle(t.Context(), a)
		require.ErrorContains(t, err, "narrate")

		reused, again, err = kept(t.Context(), id, "ann", r)
		require.NoError(t, err)
		require.Equal(t, c.kept, reused)
		require.Equal(t, []string{"narrate", "encode", "publish"}, again)
		edited := r
		edited.Options.Length = "long"
		reused, again, err = kept(t.Context(), id, "ann", edited)
		require.NoError(t, err)
		require.Equal(t, c.kept[:len(c.kept)-1], reused)
		require.Equal(t, []string{"script", "narrate", "encode", "publish"}, again)
		edited = r
		edited.Options.Format, edited.Options.Voices = job.Dialogue, []string{"ada", "ben"}
		reused, _, err = kept(t.Context(), id, "ann", edited)
		require.NoError(t, err)
		require.Equal(t, c.kept, reused, "the default by its name is the default")
		edited.Options.Voices = []string{"cal", "ben"}
		reused, _, err = kept(t.Context(), id, "ann", edited)
		require.NoError(t, err)
		require.Equal(t, c.kept[:len(c.kept)-1], reused, "another cast has another script")
		edited.Source = job.Source{URL: site.URL + "/moved"}
		reused, _, err = kept(t.Context(), id, "ann", edited)
		require.NoError(t, err)
		require.Empty(t, reused)
		reused, _, err = kept(t.Context(), "another", "ann", r)
		require.NoError(t, err)
		require.Empty(t, reused, "of another job")
		edited.Source = job.Source{Upload: upload}
		reused, again, err = kept(t.Context(), id, "ann", edited)
		require.NoError(t, err)
		require.Empty(t, reused)
		require.Equal(t, []string{"extract", "script", "narrate", "encode", "publish"}, again)
		_, _, err = studio.Kept(failing{store})(t.Context(), id, "ann", r)
		require.ErrorIs(t, err, artifact.ErrUnavailable)
	}
}
