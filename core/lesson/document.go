// Package lesson holds the values that pass between the stages of a lesson:
// a Document read from a source, a Script written from it, a Timeline of what
// was spoken when. It knows nothing of jobs, queues or files.
package lesson

// Document is the readable part of a source, in reading order. Every sentence
// keeps where it came from.
type Document struct {
	Title    string    `json:"title"`
	Site     string    `json:"site"`     // what the site calls itself, else its host or the file name
	URL      string    `json:"url"`      // final address after redirects; "" for an upload
	Language string    `json:"language"` // BCP 47 primary tag in lower case ("en"); "" when unknown
	Sections []Section `json:"sections"`
	Figures  []Figure  `json:"figures,omitempty"`
	Notes    []string  `json:"notes,omitempty"` // what the reader should know: "2 figures were left out: too large"
}

// Section is a heading and what stands below it, up to the next heading. The
// text before the first heading is a Section with an empty Heading.
type Section struct {
	Heading string  `json:"heading"`
	Level   int     `json:"level"`            // 1 to 6; 0 for the text before the first heading
	Anchor  string  `json:"anchor,omitempty"` // fragment of the heading on the page, without "#"
	Blocks  []Block `json:"blocks"`
}

// BlockKind says what a Block was on the page.
type BlockKind string

// The kinds of block.
const (
	Paragraph  BlockKind = "paragraph"
	ListItem   BlockKind = "item"    // one item of a list
	Quote      BlockKind = "quote"   // a block quotation
	Code       BlockKind = "code"    // preformatted text: Text holds it, Sentences is empty
	Admonition BlockKind = "note"    // note, tip, warning
	TableRow   BlockKind = "row"     // one row of a table, cells joined by "; "
	Caption    BlockKind = "caption" // the caption of a figure
)

// Block is a paragraph, a list item, a piece of code and the like.
type Block struct {
	Kind      BlockKind  `json:"kind"`
	Sentences []Sentence `json:"sentences,omitempty"`
	Text      string     `json:"text,omitempty"` // only for Code
}

// Sentence is the unit of citation.
type Sentence struct {
	ID   string `json:"id"`   // unique within the document: "s1", "s2", … in reading order
	Text string `json:"text"` // white space folded, no markup
	// Link leads back to the place: the page's URL with the section's anchor
	// or a text fragment (#:~:text=), or "page 3" for a PDF without an address.
	Link string `json:"link"`
}

// Figure is a picture of the page, decoded, bounded and encoded again as PNG:
// the bytes of the source are never passed on.
type Figure struct {
	ID      string `json:"id"` // "f1", "f2", …
	Section int    `json:"section"`
	Alt     string `json:"alt,omitempty"`
	Caption string `json:"caption,omitempty"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	PNG     []byte `json:"png"`
}

// Sentences returns every sentence of the document, in reading order.
func (d *Document) Sentences() []Sentence {
	var all []Sentence
	for _, s := range d.Sections {
		for _, b := range s.Blocks {
			all = append(all, b.Sentences...)
		}
	}
	return all
}

// Figure returns the figure with this id.
func (d *Document) Figure(id string) (Figure, bool) {
	for _, f := range d.Figures {
		if f.ID == id {
			return f, true
		}
	}
	return Figure{}, false
}
