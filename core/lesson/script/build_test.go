package script

import (
	"fmt"
	"strings"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// builder makes documents for tests: "# heading", "- item", "~ code", anything
// else is a paragraph. Paragraphs are cut into sentences at ". " and the like.
type builder struct {
	doc  lesson.Document
	next int
}

func document(title, text string) *lesson.Document {
	b := &builder{doc: lesson.Document{Title: title, Site: "example.org", URL: "https://example.org/page", Language: "en", Sections: []lesson.Section{{}}}}
	for _, row := range strings.Split(text, "\n") {
		if row = strings.TrimSpace(row); row != "" {
			b.row(row)
		}
	}
	return &b.doc
}

func (b *builder) row(row string) {
	marks := len(row) - len(strings.TrimLeft(row, "#"))
	switch {
	case marks > 0:
		b.doc.Sections = append(b.doc.Sections, lesson.Section{Heading: strings.TrimSpace(row[marks:]), Level: marks})
	case strings.HasPrefix(row, "~ "):
		b.add(lesson.Block{Kind: lesson.Code, Text: row[2:]})
	case strings.HasPrefix(row, "- "):
		b.add(lesson.Block{Kind: lesson.ListItem, Sentences: b.sentences(row[2:])})
	default:
		b.add(lesson.Block{Kind: lesson.Paragraph, Sentences: b.sentences(row)})
	}
}

func (b *builder) add(block lesson.Block) {
	s := &b.doc.Sections[len(b.doc.Sections)-1]
	s.Blocks = append(s.Blocks, block)
}

func (b *builder) sentences(text string) []lesson.Sentence {
	var all []lesson.Sentence
	for text != "" {
		end := len(text)
		for _, mark := range []string{". ", "? ", "! "} {
			if i := strings.Index(text, mark); i >= 0 && i+1 < end {
				end = i + 1
			}
		}
		b.next++
		id := fmt.Sprintf("s%d", b.next)
		all = append(all, lesson.Sentence{ID: id, Text: text[:end], Link: "https://example.org/page#:~:text=" + id})
		text = strings.TrimSpace(text[end:])
	}
	return all
}

// longDocument returns a document of about n bytes with many sections, no
// sentence twice.
func longDocument(n int) *lesson.Document {
	nouns := strings.Fields("planet river engine market forest signal cell library harbour theory method circuit glacier language bridge protein")
	verbs := strings.Fields("changes supports measures protects reveals limits carries explains")
	var text strings.Builder
	for i := 0; text.Len() < n; i++ {
		if i%24 == 0 {
			fmt.Fprintf(&text, "\n# %s and %s %d\n", prose.Upper(nouns[i/24%16]), nouns[i/16%16], i)
		} else if i%6 == 0 {
			text.WriteString("\n")
		}
		fmt.Fprintf(&text, "The %s of region %d %s the %s near station %d, because every %s needs a %s with %d parts. ",
			nouns[i%16], i, verbs[i%8], nouns[i*7%16], i*3, nouns[i*5%16], nouns[i*11%16], i%97)
	}
	return document("A long manual", text.String())
}
