package media

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/span"
)

// AudioInput is what an audio overview is made from.
type AudioInput struct {
	Script   *lesson.Script
	Timeline *lesson.Timeline
	Metadata []byte // ffmetadata with title, artist and chapters; empty: none
	Dir      string // own scratch folder, where the files are left
}

// Audio mixes the dialogue over its music and encodes it: audio.m4a and
// audio.mp3 in in.Dir. It checks what it made. When ctx ends it returns within
// two seconds, with no child left. A fault is Internal; the error of an ended
// ctx is passed on.
func (e *Encoder) Audio(ctx context.Context, in AudioInput, p lesson.Progress) ([]lesson.File, error) {
	var files []lesson.File
	err := span.Stage(ctx, "encode", func(ctx context.Context) (err error) {
		files, err = e.audio(ctx, in, p)
		return err
	})
	return files, explain(ctx, "audio overview", err)
}

// product is one of the files of an audio overview.
type product struct {
	name, mediaType, codec string
	faststart              bool
	args                   []string
}

var products = []product{
	{
		name: "audio.m4a", mediaType: "audio/mp4", codec: "aac", faststart: true,
		args: []string{"-c:a", "aac", "-aac_coder", "fast", "-b:a", "96k", "-movflags", "+faststart", "-f", "ipod"},
	},
	{
		name: "audio.mp3", mediaType: "audio/mpeg", codec: "mp3",
		args: []string{"-c:a", "libmp3lame", "-b:a", "96k", "-f", "mp3"},
	},
}

func (e *Encoder) audio(ctx context.Context, in AudioInput, p lesson.Progress) ([]lesson.File, error) {
	if err := checkTimeline(in.Timeline); err != nil {
		return nil, err
	}
	metadata := filepath.Join(in.Dir, "metadata-in.txt")
	defer remove(metadata)
	if err := os.WriteFile(metadata, in.Metadata, 0o600); err != nil {
		return nil, err
	}
	m := newMix(in.Timeline)
	p(0.05)
	// One child a file: ffmpeg encodes both on a single thread, one after the other.
	g, all := errgroup.WithContext(ctx)
	feeds := make([]*feed, len(products))
	for i, prod := range products {
		feeds[i] = newFeed(all)
		g.Go(func() error { return e.encodeAudio(all, in, prod, m.rate, metadata, feeds[i]) })
	}
	g.Go(func() error {
		defer func() {
			for _, f := range feeds {
				close(f.blocks)
			}
		}()
		return m.write(all, feeds, func(done float64) { p(0.05 + 0.9*done) })
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	files := make([]lesson.File, len(products))
	for i, prod := range products {
		files[i] = lesson.File{Name: prod.name, Path: filepath.Join(in.Dir, prod.name), MediaType: prod.mediaType}
	}
	p(1)
	return files, nil
}

// encodeAudio makes and checks one file from the mix.
func (e *Encoder) encodeAudio(ctx context.Context, in AudioInput, prod product, rate int, metadata string, pcm io.Reader) error {
	out := filepath.Join(in.Dir, prod.name)
	args := append(common(), input("s16le", "pipe:0", "-ar", strconv.Itoa(rate), "-ac", "2")...)
	if len(bytes.TrimSpace(in.Metadata)) > 0 {
		args = append(args, input("ffmetadata", metadata)...)
		args = append(args, "-map", "0:a", "-map_metadata", "1", "-map_chapters", "1")
	}
	args = append(args, languageArgs(in.Script.Language, false)...)
	if rate != rateCD && rate != rateDVD {
		args = append(args, "-ar", strconv.Itoa(rateDVD))
	}
	if err := e.ffmpeg(ctx, in.Dir, append(append(args, prod.args...), out), pcm); err != nil {
		return err
	}
	info, err := Probe(ctx, out)
	if err != nil {
		return err
	}
	return Check(info, Want{
		Duration: in.Timeline.Total, Audio: prod.codec, Channels: 2, Chapters: chapters(in.Metadata), FastStart: prod.faststart,
	})
}
