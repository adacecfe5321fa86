package script

import (
	"slices"
	"strings"

	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// phrases are the framing lines of one language. An empty phrase is left out.
// In every format %s is a heading in a form that fits; {from}, {a} and {b} are
// replaced by where the page is from and the names of the hosts.
type phrases struct {
	overview, recap, and string
	from                 string   // " from example.org", when the page has a site
	more                 []string // headings for further parts of a topic
	off                  []string // headings of sections that are not about the subject
	closing              []string // headings of sections that sum up

	welcome map[shape]string // video: the first line
	greet   map[shape]string // audio: the second host names topic and site
	hello   [2]string        // audio: the hosts introduce themselves
	short   string           // audio: asks for the gist
	agenda  string           // what is coming; %s is an enumeration
	first   map[shape]string // opens the first topic of a video
	next    map[shape][]string
	last    map[shape]string
	ask     map[shape][]string // audio: asks for a topic
	follow  map[prose.Cue][]string
	begin   string   // asks for the first topic
	about   []string // asks for something by its name
	react   []string
	goOn    []string // the listening host says a word, the other goes on
	called  []string // the same, after a term was named

	sumUp    string   // video: opens the recap
	sumUpAsk string   // audio: the same, as a question
	points   []string // "First, %s"; the last one closes the row
	only     string   // the same for a single point; "" for the first of points
	check    string   // leads to the question
	checkTag string   // marks the question on the slide
	think    string   // gives time before the answer
	answer   string   // "The answer: %s"
	whatIs   [2]string
	explain  string
	name     string
	gist     string    // asks about the lesson as a whole
	bye      [2]string // audio: both hosts say goodbye
	byeOpen  string    // the first of them, when the question was left open
}

var tables = map[string]*phrases{"en": englishPhrases, "de": germanPhrases, "fr": frenchPhrases, "es": spanishPhrases}

func phrasesFor(tag string) *phrases {
	if p, ok := tables[tag]; ok {
		return p
	}
	return neutralPhrases
}

// offTopic reports whether a section with this heading is about the page and
// not about its subject.
func (p *phrases) offTopic(h string) bool {
	h = strings.ToLower(strings.Trim(prose.Unnumber(strings.TrimSpace(h)), " :.¶#"))
	for _, o := range append(englishPhrases.off, p.off...) {
		if h == o || strings.HasPrefix(h, o+" (") {
			return true
		}
	}
	return false
}

// sumsUp reports whether a section with this heading sums the page up.
func (p *phrases) sumsUp(h string) bool {
	h = strings.ToLower(strings.Trim(prose.Unnumber(strings.TrimSpace(h)), " :.¶#"))
	return slices.Contains(englishPhrases.closing, h) || slices.Contains(p.closing, h)
}

// join returns "A, B and C".
func (p *phrases) join(items []string) string {
	if len(items) == 1 {
		return items[0]
	}
	n := len(items) - 1
	sep := " " + p.and + " "
	if p.and == "" {
		sep = ", "
	}
	if strings.Contains(strings.Join(items, " "), sep) && p.and != "" {
		sep = "," + sep // "neap tides, and how tides are predicted"
	}
	return strings.Join(items[:n], ", ") + sep + items[n]
}

var neutralPhrases = &phrases{overview: "1", recap: "✓"}

var englishPhrases = &phrases{
	overview: "In short", recap: "Recap", and: "and", from: " from %s", more: []string{"More on %s", "Further points on %s"},
	off: strings.Split("references|see also|external links|further reading|notes|notes and references|footnotes|bibliography|sources|citations|works cited|license|licence|licensing|contributing|contributors|changelog|change log|release notes|"+
		"acknowledgements|acknowledgments|acknowledgement|table of contents|contents|on this page|in this article|related|related articles|related posts|related topics|related content|related coverage|related reading|related topics|comments|leave a comment|leave a reply|credits|sponsors|backers|"+
		"authors|author|about the author|about the authors|contact|contact us|share|share this|badges|support us|donate|thanks|copyright|newsletter|subscribe|more from|you may also like|recommended|most popular|trending|tags|categories|navigation|"+
		"privacy|cookies|legal|disclaimer|feedback|security policy|code of conduct|maintainers|star history|stargazers|read more|gallery|image credits|about this page|bugs|reporting bugs|author information|conflict of interest|funding|history of this page|community|roadmap|todo", "|"),
	closing: strings.Split("what to remember|summary|in summary|conclusion|conclusions|concluding remarks|key takeaways|takeaways|the takeaway|key points|in short|in brief|wrapping up|wrap-up|tl;dr|final thoughts|recap|the bottom line|bottom line|to sum up|summing up|what we learned|what you learned", "|"),
	welcome: map[shape]string{
		label:     "Welcome to this lesson on %s.",
		clause:    "Welcome. In this lesson we see %s.",
		question:  "Welcome. This lesson asks a question. %s",
		title:     "Welcome. The topic of this lesson: %s.",
		statement: "Welcome. The topic of this lesson: %s.",
	},
	hello: [2]string{"Hello, and welcome. I am {a}.", "And I am {b}."},
	greet: map[shape]string{
		label:     "Today we talk about %s, with a page{from} in front of us.",
		clause:    "Today we find out %s, with a page{from} in front of us.",
		question:  "We have a page{from} in front of us, and it asks a question. %s",
		title:     "We have a page{from} in front of us. Its title: %s.",
		statement: "We have a page{from} in front of us. Its title: %s.",
	},
	short:  "What is it about, in a nutshell?",
	agenda: "We will look at %s.",
	first: map[shape]string{
		label: "Let us start with %s.", clause: "First, let us see %s.", question: "The first question: %s",
		title: "The first point: %s.", statement: "The first point: %s.",
	},
	next: map[shape][]string{
		label:     {"Now to %s.", "Let us turn to %s.", "The next topic: %s.", "Let us move on to %s.", "Now let us look at %s."},
		clause:    {"Now let us see %s.", "Next, let us look at %s.", "Let us find out %s."},
		question:  {"The next question: %s", "Now a question. %s", "Another question: %s"},
		title:     {"The next point: %s.", "Another point: %s.", "We go on with this point: %s."},
		statement: {"The next point: %s.", "Another point: %s.", "What comes next: %s.", "And the next step: %s."},
	},
	last: map[shape]string{
		label: "Finally, let us look at %s.", clause: "Finally, let us see %s.", question: "A last question: %s",
		title: "The last point: %s.", statement: "The last point: %s.",
	},
	ask: map[shape][]string{
		label: {
			"Tell us about %s. What should we know?", "Let us turn to %s. What matters here?", "What does the page say about %s?",
			"Next on my list: %s. What can you tell us?", "What should we know about %s?", "Let us talk about %s. Where do we start?", "I would like to hear about %s. What is the story there?",
		},
		clause:    {"Can you explain %s?", "Now I would like to know %s. Can you tell us?", "Next: %s. What does the page say?", "Shall we see %s?"},
		question:  {"%s"},
		title:     {"One part of the page is called: %s. What is behind that?", "The next heading reads: %s. What does it tell us?", "Another heading caught my eye: %s. What is that about?"},
		statement: {"The page makes a claim: %s. What does that mean?", "The next point: %s. Can you explain that?", "Here is another claim: %s. How so?", "The page goes on: %s. What is meant by that?"},
	},
	follow: map[prose.Cue][]string{
		prose.Plain:       {"What else is there to know?", "And what comes on top of that?", "What else does the page say?", "Is there more to it?"},
		prose.Example:     {"Can you give us an example?", "Is there an example of that?"},
		prose.Contrast:    {"Is that the whole story?", "Is there another side to it?"},
		prose.Cause:       {"What is the reason behind it?", "And what lies behind that?"},
		prose.Consequence: {"And what follows from that?", "What does that lead to?"},
		prose.Listing:     {"Is there a list worth knowing?", "Can you give us a list?"},
		prose.Figures:     {"Can you give us some numbers?", "Do we have figures as well?"},
		prose.Advice:      {"What is the practical advice?", "What should one do in practice?"},
	},
	begin:  "Where do we start?",
	about:  []string{"And what about %s?", "What can you tell us about %s?", "What does the page say about %s?", "And %s?"},
	react:  []string{"I see.", "Good to know.", "That makes sense.", "Interesting.", "Right."},
	goOn:   []string{"I see. Please go on.", "That makes sense. And then?", "Right, I follow. Tell us more.", "Interesting. What comes next?", "Okay. Go on, please."},
	called: []string{"So that is %s. Please go on.", "Aha, %s. Tell us more.", "So we call that %s. Go on, please."},

	sumUp: "Let us recap.", sumUpAsk: "Time to sum up. What should we take away?",
	points:   []string{"First, %s", "Second, %s", "Third, %s", "And finally, %s"},
	only:     "Above all, %s",
	check:    "Now check yourself with a question.",
	checkTag: "Check yourself: %s",
	think:    "Take a moment to think before you hear the answer.",
	answer:   "The answer: %s",
	whatIs:   [2]string{"What is %s?", "What are %s?"},
	explain:  "Can you explain %s?",
	name:     "What are two things to remember about %s?",
	gist:     "In one sentence, what was this lesson about?",
	bye:      [2]string{"If you knew that, you listened well. Thank you, and goodbye.", "Goodbye, and happy learning."},
	byeOpen:  "If you know the answer, you listened well. Thank you, and goodbye.",
}

// every uses one phrase for headings of every shape; a question keeps its own
// mark.
func every(format string) map[shape]string {
	return map[shape]string{label: format, clause: format, title: format, statement: format, question: strings.TrimSuffix(format, ".")}
}

func rows(formats ...string) map[shape][]string {
	asked := make([]string, len(formats))
	for i, f := range formats {
		asked[i] = strings.TrimSuffix(strings.Replace(f, "%s. ", "%s ", 1), "%s.") + map[bool]string{true: "%s"}[strings.HasSuffix(f, "%s.")]
	}
	return map[shape][]string{label: formats, clause: formats, title: formats, statement: formats, question: asked}
}

func more(formats ...string) map[prose.Cue][]string {
	return map[prose.Cue][]string{prose.Plain: formats}
}
