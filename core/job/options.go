package job

import (
	"regexp"
	"slices"
)

// Options are the choices of the user. An empty field means the default.
type Options struct {
	Length   string   // "short", "medium", "long"
	Theme    string   // "dark", "paper"; video only
	Language string   // BCP 47 tag; "" = that of the source
	Voices   []string // names of voices: the narrator's, or those of both hosts of a dialogue
	Format   string   // one of Formats of the kind
}

// Equal reports whether o and p are the same choices.
func (o Options) Equal(p Options) bool {
	return o.Length == p.Length && o.Theme == p.Theme && o.Language == p.Language &&
		slices.Equal(o.Voices, p.Voices) && o.Format == p.Format
}

// The formats; the first of a kind is its default.
const (
	Landscape = "landscape" // a video for a screen that is wider than high
	Portrait  = "portrait"  // a video for a phone held upright
	Dialogue  = "dialogue"  // audio with two hosts
	Monologue = "monologue" // audio with one narrator
)

// Formats lists the formats of a kind, its default first.
func Formats(k Kind) []string {
	switch k {
	case Video:
		return []string{Landscape, Portrait}
	case Audio:
		return []string{Dialogue, Monologue}
	}
	return nil
}

// Hosts is how many voices are heard in a lesson of kind k with these options.
func (o Options) Hosts(k Kind) int {
	if k == Audio && o.Format != Monologue {
		return 2
	}
	return 1
}

// MaxHosts is the most voices that Options may name.
const MaxHosts = 2

var (
	language  = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	voiceName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
)

// VoiceName reports whether a voice may have this name: small letters, digits
// and hyphens, at most 32, a letter first.
func VoiceName(s string) bool { return voiceName.MatchString(s) }

// check finds what is wrong with the options of a job of kind k. Whether a voice
// is there is known to whoever lists them.
func (o Options) check(k Kind, add func(path, format string, args ...any)) {
	oneOf(add, "options.length", o.Length, "short", "medium", "long")
	oneOf(add, "options.theme", o.Theme, "dark", "paper")
	if l := o.Language; l != "" && (len(l) > 35 || !language.MatchString(l)) {
		add("options.language", "%q is not a language tag: use one like en, de or pt-BR", clip(l))
	}
	if !k.Valid() {
		return
	}
	if o.Format != "" && !slices.Contains(Formats(k), o.Format) {
		oneOf(add, "options.format", o.Format, Formats(k)...)
		return
	}
	o.checkVoices(k, add)
}

func (o Options) checkVoices(k Kind, add func(path, format string, args ...any)) {
	if len(o.Voices) == 0 {
		return
	}
	for _, v := range o.Voices {
		if !VoiceName(v) {
			add("options.voices", "%q is not the name of a voice: GET /v1/voices lists them", clip(v))
			return
		}
	}
	switch n := o.Hosts(k); {
	case len(o.Voices) != n && n == 1:
		add("options.voices", "%d voices for one narrator: name one, or none for the default", len(o.Voices))
	case len(o.Voices) != n:
		add("options.voices", "%d voices for the two hosts of a dialogue: name two, none for the default, or use the format monologue", len(o.Voices))
	case n == 2 && o.Voices[0] == o.Voices[1]:
		add("options.voices", "both hosts have the voice %s: name two different ones", o.Voices[0])
	}
}
