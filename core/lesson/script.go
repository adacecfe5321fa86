package lesson

// ScriptVersion is the version of the Script document, kept in script.json.
const ScriptVersion = 1

// Kind is what is made of a document.
type Kind string

// The kinds of lesson.
const (
	Video Kind = "video" // an educational video: slides and one narrator
	Audio Kind = "audio" // an audio overview: a dialogue of two hosts, or one narrator
)

// Length is the target length of a lesson.
type Length string

// The lengths that can be asked for: about 1, 3 and 6 minutes.
const (
	Short  Length = "short"
	Medium Length = "medium"
	Long   Length = "long"
)

// Seconds returns the length asked for, in seconds; 0 for an unknown length.
func (l Length) Seconds() float64 {
	switch l {
	case Short:
		return 60
	case Medium:
		return 180
	case Long:
		return 360
	}
	return 0
}

// Theme is the look of the slides.
type Theme string

// The themes.
const (
	Dark  Theme = "dark"
	Paper Theme = "paper"
)

// Format is the form of a lesson.
type Format string

// The formats: two of a video, two of audio. The first of each is the default.
const (
	Landscape Format = "landscape" // slides of 16:9
	Portrait  Format = "portrait"  // slides of 9:16, for a phone held upright
	Dialogue  Format = "dialogue"  // two hosts
	Monologue Format = "monologue" // one narrator
)

// Options are the choices of the student. The zero value of a field means the
// default of the product.
type Options struct {
	Kind     Kind   `json:"kind"`
	Length   Length `json:"length"`             // default Medium
	Theme    Theme  `json:"theme"`              // default Dark
	Language string `json:"language,omitempty"` // BCP 47; "" = that of the document
	// Voices are names of package voice, one a host; none = the default ones.
	Voices []string `json:"voices,omitempty"`
	Format Format   `json:"format,omitempty"` // "" = the default of Kind
}

// Hosts is how many are heard in the lesson.
func (o Options) Hosts() int {
	if o.Kind == Audio && o.Format != Monologue {
		return 2
	}
	return 1
}

// Formats lists the formats of a kind, its default first.
func (k Kind) Formats() []Format {
	switch k {
	case Video:
		return []Format{Landscape, Portrait}
	case Audio:
		return []Format{Dialogue, Monologue}
	}
	return nil
}

// Script is what will be said and shown. It is an artifact (script.json): it
// can be read, edited and rendered again.
type Script struct {
	Version  int       `json:"version"` // ScriptVersion
	Kind     Kind      `json:"kind"`
	Length   Length    `json:"length"`
	Title    string    `json:"title"`
	Site     string    `json:"site"` // for the source line
	URL      string    `json:"url,omitempty"`
	Language string    `json:"language"`
	Writer   string    `json:"writer"`   // "offline" or "remote: <model>"
	Speakers []Speaker `json:"speakers"` // one, or two for a dialogue
	Scenes   []Scene   `json:"scenes"`
	Notes    []string  `json:"notes,omitempty"` // "written offline: the script endpoint did not answer in 90 s"
}

// Speaker is a named voice in the script.
type Speaker struct {
	Name  string `json:"name"`  // as shown in the transcript: "Ada"
	Voice string `json:"voice"` // name of the voice for the speech stage: "ada", "ben"
}

// SceneKind says what a scene is for.
type SceneKind string

// The kinds of scene, in the order in which they come.
const (
	TitleScene SceneKind = "title" // greeting and what it is about
	IdeaScene  SceneKind = "idea"  // one idea
	RecapScene SceneKind = "recap" // what was learned, and a question to check it
)

// Scene is one slide of a video, or one chapter of a dialogue.
type Scene struct {
	Kind    SceneKind `json:"kind"`
	Heading string    `json:"heading"` // short: it is a slide's heading and a chapter's title
	Bullets []Bullet  `json:"bullets,omitempty"`
	Figure  string    `json:"figure,omitempty"` // id of a figure of the document
	Lines   []Line    `json:"lines"`
}

// Bullet is a whole thought that fits a slide.
type Bullet struct {
	Text    string   `json:"text"`
	Sources []string `json:"sources,omitempty"` // ids of the sentences it rests on
}

// Line is one sentence as it is spoken.
type Line struct {
	Speaker int    `json:"speaker"` // index into Script.Speakers
	Text    string `json:"text"`
	// Bullet is the number of bullets shown once this line begins (0 to
	// len(Bullets)); it never falls within a scene.
	Bullet    int        `json:"bullet,omitempty"`
	Sources   []string   `json:"sources,omitempty"`   // ids of the sentences it rests on
	Citations []Citation `json:"citations,omitempty"` // the same, resolved, so that a script can be read alone
}

// Citation is a source sentence as the transcript shows it.
type Citation struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Link string `json:"link,omitempty"`
}
