package client

import "context"

// Hosts of a lesson, of Voice.Suits and Voice.DefaultFor.
const (
	Narrator   = "narrator" // of a video or a monologue
	FirstHost  = "first"    // of a dialogue
	SecondHost = "second"
)

// Formats of a lesson, of Options.Format; the first of a kind is its default.
const (
	Landscape = "landscape" // a video of 1280×720
	Portrait  = "portrait"  // a video of 720×1280, for a phone
	Dialogue  = "dialogue"  // audio with two hosts
	Monologue = "monologue" // audio with one narrator
)

// Voice is somebody who can be heard in a lesson.
type Voice struct {
	Name       string   `json:"name"`                // for Options.Voices
	Language   string   `json:"language,omitempty"`  // BCP 47 tag of what it speaks best; "" = not known
	Gender     string   `json:"gender,omitempty"`    // "female" or "male"; "" = not known
	Character  string   `json:"character,omitempty"` // how it sounds
	Suits      []string `json:"suits"`               // Narrator, FirstHost, SecondHost
	DefaultFor []string `json:"default_for"`         // whom it is when nobody is chosen
	Available  bool     `json:"available"`           // false: a job with it is refused
}

// Voices lists the voices that a job may name.
func (c *Client) Voices(ctx context.Context) ([]Voice, error) {
	page, err := read[struct {
		Voices []Voice `json:"voices"`
	}](ctx, c, get("/v1/voices", nil))
	return page.Voices, err
}
