// Package voice lists the voices that a lesson may have: three of the product,
// and those that the operator's speech endpoint or command adds. What an engine
// calls them is its own matter.
package voice

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

// Host is whom a voice may be.
type Host string

// The hosts.
const (
	Narrator Host = "narrator" // of a video or a monologue
	First    Host = "first"    // of a dialogue
	Second   Host = "second"
)

// Voice is somebody who can be heard in a lesson.
type Voice struct {
	Name       string
	Language   string // BCP 47 tag of what it speaks best; "" = not known
	Gender     string // "female" or "male"; "" = not known
	Character  string // how it sounds
	Suits      []Host
	DefaultFor []Host // whom it is when nobody is chosen
	Available  bool   // on this deployment
}

// The voices of the product. rms, which Ben is offline, is understood best.
var product = []Voice{
	{
		Name: "ada", Language: "en-US", Gender: "female", Character: "bright and brisk",
		Suits: []Host{First, Second, Narrator}, DefaultFor: []Host{First},
	},
	{
		Name: "ben", Language: "en-US", Gender: "male", Character: "calm and the clearest",
		Suits: []Host{Narrator, Second, First}, DefaultFor: []Host{Narrator, Second},
	},
	{
		Name: "cal", Language: "en-GB", Gender: "male", Character: "lively, with a Scottish accent",
		Suits: []Host{Second, First, Narrator}, DefaultFor: []Host{},
	},
}

// Product lists the names of the voices that every deployment knows.
func Product() []string {
	names := make([]string, len(product))
	for i, v := range product {
		names[i] = v.Name
	}
	return names
}

// List returns the voices of a deployment: those of the product, then the added
// ones. named are the voices that the operator gave names of the endpoint's or
// the command's own, in any order; a voice of the product that is not among them
// is only there when none was named, or when it is a default.
func List(named []string) []Voice {
	all := make([]Voice, 0, len(product)+len(named))
	for _, v := range product {
		v.Available = len(named) == 0 || len(v.DefaultFor) > 0 || slices.Contains(named, v.Name)
		all = append(all, v)
	}
	for _, n := range slices.Compact(slices.Sorted(slices.Values(named))) {
		if !slices.Contains(Product(), n) {
			all = append(all, Voice{
				Name: n, Character: "a voice of this server", Suits: []Host{Narrator, First, Second}, DefaultFor: []Host{}, Available: true,
			})
		}
	}
	return all
}

// Default returns who is heard when nobody is chosen, by the number of hosts.
func Default(hosts int) []string {
	if hosts == 1 {
		return []string{"ben"}
	}
	return []string{"ada", "ben"}
}

// Cast returns the voices of a lesson, one a host.
func Cast(o lesson.Options) []string {
	if len(o.Voices) > 0 {
		return o.Voices
	}
	return Default(o.Hosts())
}

// Available lists the names of the voices that are there.
func Available(all []Voice) []string {
	var names []string
	for _, v := range all {
		if v.Available {
			names = append(names, v.Name)
		}
	}
	return names
}

// Check reports whether all has the voices that were chosen. The error is a
// Request fault that names those that may be chosen instead.
func Check(all []Voice, chosen []string) error {
	there := Available(all)
	for _, c := range chosen {
		if !slices.Contains(there, c) {
			return fault.Invalid("options.voices", "there is no voice %q here: use %s", c, strings.Join(there, ", "))
		}
	}
	return nil
}

// Speaker returns the speaker with a voice: Ada has the voice ada.
func Speaker(name string) lesson.Speaker {
	first, size := utf8.DecodeRuneInString(name)
	return lesson.Speaker{Name: string(unicode.ToUpper(first)) + strings.ReplaceAll(name[size:], "-", " "), Voice: name}
}
