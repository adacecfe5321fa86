package script

import (
	"context"
	"fmt"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

type offline struct{}

// NewOffline returns the writer that needs no network and no model. It picks
// the page's central sentences and says nothing that the page does not say;
// the same document and options always give the same script.
func NewOffline() Writer { return offline{} }

// Write implements Writer. A page of 100 kB takes about 20 ms, one of 1 MB
// well under a second.
func (offline) Write(ctx context.Context, doc *lesson.Document, o lesson.Options, p lesson.Progress) (*lesson.Script, error) {
	o, err := options(o)
	if err != nil {
		return nil, err
	}
	tag := language(doc)
	m := gather(doc, tag)
	if len(m.claims) == 0 {
		return nil, fault.New(fault.Request, "The page holds no sentences that can be read aloud. Choose a page with running text.")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p(0.5)
	compose := func(pl *plan) *lesson.Script { return video(pl, o) }
	switch {
	case o.Kind == lesson.Audio && o.Hosts() == 1:
		compose = func(pl *plan) *lesson.Script { return monologue(pl, o) }
	case o.Kind == lesson.Audio:
		compose = func(pl *plan) *lesson.Script { return audio(pl, o) }
	}
	s, enough := newPlan(m, o).fit(o.Length.Seconds(), compose)
	if !enough {
		s.Notes = append(s.Notes, fmt.Sprintf("The page is too short for a %s lesson: what can be said from it takes about %d seconds.", o.Length, int(Estimate(s).Seconds())))
	}
	if want := prose.For(o.Language).Tag; want != "" && want != s.Language {
		s.Notes = append(s.Notes, fmt.Sprintf("The lesson is in the language of the page (%s): the offline writer does not translate.", s.Language))
	}
	Resolve(s, doc)
	p(1)
	return s, ctx.Err()
}

// language returns the language of the document, guessed when it does not say.
func language(doc *lesson.Document) string {
	if doc.Language != "" {
		return prose.For(doc.Language).Tag
	}
	sample := ""
	for _, s := range doc.Sections {
		for _, b := range s.Blocks {
			for _, x := range b.Sentences {
				if len(sample) < 8000 {
					sample += " " + x.Text
				}
			}
		}
	}
	if tag := prose.Guess(sample); tag != "" {
		return tag
	}
	return "en"
}
