// Package outline builds a lesson.Document: it takes headings, runs of text,
// code and pictures in reading order, cuts the text into sentences, gives each
// its id and the link back to its place, and leaves out what is no content:
// references, bylines, requests to subscribe, the remains of formulas.
package outline

import (
	"fmt"
	"strings"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source/sentence"
)

// Limits of a document. What is longer is cut, and a note says so.
const (
	maxSentences = 6000
	maxCode      = 20_000 // bytes of one piece of code
)

// Run is a piece of running text, white space folded.
type Run struct {
	Text string
	Gaps []int // offsets in Text where the page shows something that Text does not
	Lost []int // offsets in Text where a formula was taken out: such sentences are dropped
	Code bool  // Text begins with code, so that lower case is no sign of a lost beginning
}

// Picture is a picture of the page that nobody has fetched yet.
type Picture struct {
	Source  string // absolute address, or a data: URI
	Alt     string
	Caption string
	Width   int // as the page says; 0 when it does not
	Height  int
	Section int // index into the sections of the document
}

// Builder collects a document. It is not safe for concurrent use.
type Builder struct {
	doc      lesson.Document
	pictures []Picture
	page     int  // of a PDF; 0 for others
	cut      int  // level of the heading whose section is left out; 0 for none
	broken   bool // code or a formula came last
	count    int
	blocks   int // text blocks in the current section
	notes    map[string]bool
}

// New returns a builder for the document at url, without fragment; "" for an
// upload.
func New(url string) *Builder {
	return &Builder{doc: lesson.Document{URL: url, Sections: []lesson.Section{{}}}, notes: map[string]bool{}}
}

// Page says that what follows stands on this page of a PDF, counted from 1.
func (b *Builder) Page(n int) { b.page = n }

// SetTitle sets the title of the document.
func (b *Builder) SetTitle(title string) { b.doc.Title = CleanHeading(title) }

// Title returns the title, or "".
func (b *Builder) Title() string { return b.doc.Title }

// Note adds a remark for the reader, once.
func (b *Builder) Note(text string) {
	if !b.notes[text] {
		b.notes[text] = true
		b.doc.Notes = append(b.doc.Notes, text)
	}
}

// Heading begins a section. A heading like "References" begins a part that is
// left out, up to the next heading that is not below it. The title is no
// heading: text below it stays in the section before the first heading.
func (b *Builder) Heading(level int, text, anchor string) {
	text = CleanHeading(text)
	if text == "" || (b.cut > 0 && level > b.cut) {
		return
	}
	if b.cut = 0; isBackMatter(text) {
		b.cut = level
		return
	}
	b.broken = false
	if strings.EqualFold(text, b.doc.Title) && len(b.doc.Sections) == 1 {
		b.doc.Sections[0].Anchor = anchor
		return
	}
	b.blocks = 0
	b.doc.Sections = append(b.doc.Sections, lesson.Section{Heading: text, Level: level, Anchor: anchor})
}

// Add adds running text as a block of this kind.
func (b *Builder) Add(kind lesson.BlockKind, run Run) {
	if b.cut > 0 || strings.TrimSpace(run.Text) == "" || isFurniture(run.Text, len(b.doc.Sections) == 1 && b.blocks < 4) {
		return
	}
	b.blocks++
	spans := []sentence.Span{{Start: 0, End: len(run.Text)}}
	if kind != lesson.TableRow {
		spans = sentence.Spans(run.Text)
	}
	block := lesson.Block{Kind: kind}
	for i, span := range spans {
		text := run.Text[span.Start:span.End]
		if within(run.Lost, span) || !isSpeakable(text) || (i == 0 && b.broken && !run.Code && startsLow(text)) {
			continue
		}
		if b.count >= maxSentences {
			b.Note(fmt.Sprintf("Only the first %d sentences were read: the document is very long.", maxSentences))
			break
		}
		b.count++
		s := lesson.Sentence{ID: fmt.Sprintf("s%d", b.count), Text: text, Link: b.link(text, gapsIn(run.Gaps, span))}
		block.Sentences = append(block.Sentences, s)
	}
	b.broken = len(run.Lost) > 0 && run.Lost[len(run.Lost)-1] >= len(strings.TrimSpace(run.Text))
	if len(block.Sentences) > 0 {
		s := b.section()
		s.Blocks = append(s.Blocks, block)
	}
}

// Code adds preformatted text.
func (b *Builder) Code(text string) {
	text = strings.Trim(strings.ToValidUTF8(text, ""), "\r\n")
	if b.cut > 0 || strings.TrimSpace(text) == "" {
		return
	}
	if len(text) > maxCode {
		text = strings.ToValidUTF8(text[:maxCode], "")
	}
	s := b.section()
	s.Blocks = append(s.Blocks, lesson.Block{Kind: lesson.Code, Text: text})
	b.broken = true
}

// Broken says that a formula stood here: what follows may go on in the middle
// of a sentence.
func (b *Builder) Broken() { b.broken = true }

// Picture adds a picture to the current section.
func (b *Builder) Picture(p Picture) {
	if b.cut > 0 {
		return
	}
	p.Section = len(b.doc.Sections) - 1
	b.pictures = append(b.pictures, p)
}

// Document returns what was built, without the sections that hold nothing, and
// the pictures that belong to it. The builder must not be used afterwards.
func (b *Builder) Document() (*lesson.Document, []Picture) {
	index := make([]int, len(b.doc.Sections))
	var kept []lesson.Section
	for i, s := range b.doc.Sections {
		if len(s.Blocks) > 0 || b.hasChild(i) {
			kept = append(kept, s)
		}
		index[i] = max(0, len(kept)-1)
	}
	for i := range b.pictures {
		b.pictures[i].Section = index[b.pictures[i].Section]
	}
	b.doc.Sections = kept
	return &b.doc, b.pictures
}

// hasChild tells whether section i, which has no text itself, has a section
// below it that has.
func (b *Builder) hasChild(i int) bool {
	all := b.doc.Sections
	if all[i].Heading == "" {
		return false
	}
	for _, s := range all[i+1:] {
		if s.Level <= all[i].Level {
			return false
		}
		if len(s.Blocks) > 0 {
			return true
		}
	}
	return false
}

func (b *Builder) section() *lesson.Section { return &b.doc.Sections[len(b.doc.Sections)-1] }
