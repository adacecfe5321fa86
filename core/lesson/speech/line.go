package speech

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/speech/pcm"
	"github.com/studycast/studycast/core/lesson/speech/sayas"
)

// The sound of one line.
const (
	targetLUFS  = -15.7 // of every line: with the gaps, the lesson comes to -16 and needs no filter
	ceilingDB   = -1.5  // peaks, in dBFS: leaves room for what a codec adds
	clauseGap   = 0.12  // seconds between the clauses of a line that was split
	silentLine  = 0.30  // seconds of a line with nothing to say
	patience    = 500 * time.Millisecond
	maxPatience = 5 * time.Second // no longer wait before the second try, whatever Retry-After says
)

// say returns what is spoken for a displayed text.
func say(text, language string) string {
	if language == english {
		return sayas.English(text)
	}
	return sayas.Plain(text)
}

// voiceOf is one engine speaking one lesson.
type voiceOf struct {
	n        *Narrator
	engine   Engine
	language string
	dir      string
}

// line speaks what is said of one line and returns it trimmed and levelled. A
// line without anything to say is an empty clip.
func (v voiceOf) line(ctx context.Context, said, voice string) (Clip, error) {
	parts := split(said, maxUtterance)
	var whole Clip
	for _, part := range parts {
		clip, err := v.utterance(ctx, Utterance{Text: part, Voice: voice, Language: v.language})
		if err != nil {
			return Clip{}, err
		}
		if len(clip.Samples) == 0 {
			continue
		}
		samples, cut := pcm.Trim(clip.Samples, clip.Rate)
		if len(whole.Samples) == 0 {
			whole = Clip{Rate: clip.Rate, Samples: samples, Voice: clip.Voice}
			if len(parts) == 1 {
				whole.Words = shift(clip.Words, -seconds(cut, clip.Rate))
			}
			continue
		}
		whole.Samples = append(whole.Samples, pcm.Silence(whole.Rate, clauseGap)...)
		whole.Samples = append(whole.Samples, pcm.Resample(samples, clip.Rate, whole.Rate)...)
	}
	if len(whole.Samples) > 0 {
		whole.Samples = pcm.Level(whole.Samples, whole.Rate, targetLUFS, ceilingDB)
	}
	return whole, nil
}

// utterance speaks one part: from the cache, else by the engine, and once more
// with a simpler text when that fails.
func (v voiceOf) utterance(ctx context.Context, u Utterance) (Clip, error) {
	key := v.key(u)
	if clip, ok := v.cached(key); ok {
		return clip, nil
	}
	clip, err := v.try(ctx, u)
	if err != nil && ctx.Err() == nil && !errors.Is(err, errFutile) && fault.From(err).Kind != fault.Request {
		if err := wait(ctx, err); err != nil {
			return Clip{}, err
		}
		if fault.From(err).Kind != fault.Dependency {
			u.Text = sayas.Simple(u.Text)
		}
		clip, err = v.try(ctx, u)
	}
	if err != nil {
		return Clip{}, err
	}
	v.keep(key, clip)
	return clip, nil
}

// try speaks once under the timeout of a sentence.
func (v voiceOf) try(ctx context.Context, u Utterance) (Clip, error) {
	ctx, cancel := context.WithTimeout(ctx, v.n.o.SentenceTimeout)
	defer cancel()
	clip, err := v.engine.Speak(ctx, u, v.dir)
	if err != nil {
		return Clip{}, err
	}
	if clip.Rate < pcm.MinRate || clip.Rate > pcm.MaxRate {
		return Clip{}, fmt.Errorf("%s: a sample rate of %d Hz", v.engine.Name(), clip.Rate)
	}
	if kept, _ := pcm.Trim(clip.Samples, clip.Rate); len(kept) == 0 && v.mustSound(u.Text) {
		return Clip{}, fmt.Errorf("%s: %w", v.engine.Name(), errEmpty)
	}
	return clip, nil
}

// mustSound reports whether silence for a text is a failure: a voice of one
// alphabet may have nothing to say for another.
func (v voiceOf) mustSound(text string) bool { return sayas.ASCII(text) != "" }

// wait gives an endpoint the time it asked for, within bounds; a program of
// our own needs none.
func wait(ctx context.Context, failed error) error {
	f := fault.From(failed)
	if f.Kind != fault.Dependency {
		return nil
	}
	timer := time.NewTimer(min(max(f.Delay, patience), maxPatience))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (v voiceOf) key(u Utterance) string {
	print := ""
	if f, ok := v.engine.(Fingerprinter); ok {
		print = f.Fingerprint()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "1 %q %q %q %q %q", v.engine.Name(), print, u.Voice, u.Language, u.Text))
	return hex.EncodeToString(sum[:])
}

func (v voiceOf) cached(key string) (Clip, bool) {
	if v.n.o.Cache == nil {
		return Clip{}, false
	}
	data, ok := v.n.o.Cache.Get(key)
	if !ok {
		return Clip{}, false
	}
	var clip Clip
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&clip); err != nil || clip.Rate < pcm.MinRate || clip.Rate > pcm.MaxRate {
		return Clip{}, false
	}
	return clip, true
}

func (v voiceOf) keep(key string, clip Clip) {
	if v.n.o.Cache == nil {
		return
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(clip); err == nil {
		v.n.o.Cache.Put(key, b.Bytes())
	}
}
