package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/job"
)

// Cast names the voices of the speech endpoint or command. Workers speak with
// them, and the gateway offers them: give both the same.
type Cast struct {
	SpeechVoices []string `help:"Voices of the speech endpoint or command: its own names of ada, ben and cal, and of further ones that students may choose. Give the gateway the same." env:"SPEECH_VOICES" placeholder:"ada=nova,ben=onyx,luna=shimmer"`
}

// Check checks the form and the names.
func (c Cast) Check() error {
	_, err := c.Voices()
	return err
}

// Voices returns the engine's names by ours.
func (c Cast) Voices() (map[string]string, error) {
	m := map[string]string{}
	for _, pair := range c.SpeechVoices {
		name, own, ok := strings.Cut(pair, "=")
		if !ok || name == "" || own == "" {
			return nil, fmt.Errorf("SPEECH_VOICES %q: use pairs like ada=nova,ben=onyx", pair)
		}
		if !job.VoiceName(name) {
			return nil, fmt.Errorf("SPEECH_VOICES %q: a name has small letters, digits and hyphens, at most 32, and begins with a letter", name)
		}
		m[name] = own
	}
	return m, nil
}

// Names lists our names of the voices, sorted; none when one is malformed.
func (c Cast) Names() []string {
	m, _ := c.Voices() // Check tells
	return slices.Sorted(maps.Keys(m))
}
