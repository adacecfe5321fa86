package media

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/lesson/process"
)

// needed is what of ffmpeg the lessons use, by the option that lists it.
var needed = []struct {
	list  string
	names []string
}{
	{"encoders", []string{"libx264", "aac", "libmp3lame", "mov_text"}},
	{"demuxers", []string{"matroska", "s16le", "mp4", "webvtt", "ffmetadata"}},
	{"muxers", []string{"mp4", "ipod", "mp3"}},
	{"filters", []string{"aresample", "scale"}}, // put in by ffmpeg itself for -ar and -pix_fmt
}

// Tools is what Examine found.
type Tools struct {
	Version string   // of ffmpeg
	Missing []string // parts of ffmpeg that lessons need and it lacks: "encoder libx264"
}

// Examine looks whether ffmpeg and ffprobe are there and hold what lessons
// need, and makes and reads a second of sound with them. Files go to dir. The
// error is process.ErrNotInstalled for a program that PATH does not hold.
func Examine(ctx context.Context, dir string) (t Tools, err error) {
	said, err := ask(ctx, dir, "ffmpeg", "-version")
	if err != nil {
		return t, err
	}
	first, _, _ := strings.Cut(said, "\n")
	t.Version = strings.TrimPrefix(first, "ffmpeg version ")
	t.Version, _, _ = strings.Cut(t.Version, " ")
	for _, n := range needed {
		if said, err = ask(ctx, dir, "ffmpeg", "-hide_banner", "-"+n.list); err != nil {
			return t, err
		}
		has := listed(said)
		for _, name := range n.names {
			if !slices.Contains(has, name) {
				t.Missing = append(t.Missing, strings.TrimSuffix(n.list, "s")+" "+name)
			}
		}
	}
	if len(t.Missing) > 0 {
		return t, nil
	}
	return t, encodeSecond(ctx, dir)
}

// encodeSecond makes a second of silence as lessons make their sound.
func encodeSecond(ctx context.Context, dir string) error {
	const rate = 16000
	out := filepath.Join(dir, "second.m4a")
	defer remove(out)
	err := process.Run(ctx, process.Cmd{
		Name: "ffmpeg", Dir: dir, Args: narrationArgs(rate, out), Stdin: bytes.NewReader(make([]byte, 2*rate)),
	})
	if err != nil {
		return err
	}
	info, err := Probe(ctx, out)
	if err != nil {
		return err
	}
	if i := index(info, "audio"); i < 0 || info.Streams[i].Codec != "aac" {
		return fmt.Errorf("ffprobe finds no sound in what ffmpeg made: %+v", info.Streams)
	}
	return nil
}

// ask runs a program and returns what it says.
func ask(ctx context.Context, dir, name string, args ...string) (string, error) {
	out := &capped{max: probeLimit}
	err := process.Run(ctx, process.Cmd{Name: name, Dir: dir, Args: args, Stdout: out})
	return out.buf.String(), err
}

// listed reads the names off a list of ffmpeg's: flags, then names joined by
// commas, then a description.
func listed(said string) (names []string) {
	for line := range strings.Lines(said) {
		if fields := strings.Fields(line); len(fields) > 1 {
			names = append(names, strings.Split(fields[1], ",")...)
		}
	}
	return names
}
