package cli

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/studycast/studycast/client"
)

// letterFilter says which dead letters are meant by what they have in common.
type letterFilter struct {
	Fingerprint string  `help:"Only letters of this cause; studycast dead groups tells them." placeholder:"HEX"`
	Fault       *string `help:"Only letters of this kind of fault: request, source, dependency, internal, poison." enum:"request,source,dependency,internal,poison" placeholder:"KIND"`
	Kind        *string `help:"Only letters of this kind of job: video, audio." enum:"video,audio" placeholder:"KIND"`
	Job         string  `help:"Only letters of this job." placeholder:"ID"`
	Owner       string  `help:"Only letters of jobs of this owner." placeholder:"OWNER"`
	Since       when    `help:"Only letters that died then or later: 2h, 3d, 14:30, 2006-01-02." placeholder:"TIME"`
	Until       when    `help:"Only letters that died before: 2h, 3d, 14:30, 2006-01-02." placeholder:"TIME"`
	Text        string  `help:"Only letters with this text in their fault, in upper or lower case."`
}

// filter returns the filter; states narrow it further.
func (f letterFilter) filter(states ...string) client.DeadFilter {
	return client.DeadFilter{
		States: states, Fingerprint: f.Fingerprint, Fault: given(f.Fault), Kind: given(f.Kind), Job: f.Job, Owner: f.Owner,
		DiedAfter: f.Since.at, DiedBefore: f.Until.at, Text: f.Text,
	}
}

// given is the value of a flag; "" when it was left out.
func given(flag *string) string {
	if flag == nil {
		return ""
	}
	return *flag
}

// chosen says which dead letters a command is for: some ids, or a filter.
type chosen struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Ids of dead letters; none when a filter says which."`
	All bool     `help:"All letters that the command can be used on: needs neither ids nor a filter."`

	letterFilter `embed:""`
}

// Validate is called by the parser: nobody should change all letters by leaving
// something out.
func (c *chosen) Validate() error {
	filtered := c.letterFilter != letterFilter{}
	switch {
	case len(c.IDs) > 0 && (filtered || c.All):
		return errors.New("give ids or a filter, not both")
	case c.All && filtered:
		return errors.New("--all and a filter contradict each other")
	case len(c.IDs) == 0 && !filtered && !c.All:
		return errors.New("say which letters: their ids, a filter such as --fingerprint, or --all")
	}
	return nil
}

// selection returns the choice; of a filter only the letters in a state.
func (c *chosen) selection(state string) client.Selection {
	if len(c.IDs) > 0 {
		return client.Selection{IDs: c.IDs}
	}
	f := c.filter(state)
	return client.Selection{Filter: &f}
}

// act is what every command needs that changes something.
type act struct {
	Reason string `help:"Why; kept on record with your name." required:"" placeholder:"TEXT"`
	JSON   bool   `help:"Print the answer as JSON."`

	server `embed:""`
}

// bulk is what a command needs that may change many letters.
type bulk struct {
	Yes    bool   `help:"Do it without asking." short:"y"`
	DryRun bool   `help:"Print what it would do, and do nothing."`
	Reason string `help:"Why; kept on record with your name. Not needed for --dry-run." placeholder:"TEXT"`
	JSON   bool   `help:"Print the answer as JSON."`

	server `embed:""`
}

// Validate is called by the parser.
func (b *bulk) Validate() error {
	if b.Reason == "" && !b.DryRun {
		return errors.New(`missing flags: --reason="TEXT" (why; it is kept on record)`)
	}
	return nil
}

// counted counts things in words: "1 letter", "3 letters".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// skippedWords says why letters are left as they are.
var skippedWords = map[string]string{
	"decided":     "were decided on before",
	"in_replay":   "are in another replay",
	"undecodable": "can't be decoded",
	"missing":     "do not exist",
}

// left tells why letters of a selection are left as they are.
func left(all []client.Skipped) string {
	var parts []string
	for _, s := range all {
		why, ok := skippedWords[s.Why]
		if !ok {
			why = s.Why
		}
		parts = append(parts, fmt.Sprintf("%d %s", s.Letters, plain(why)))
	}
	return strings.Join(parts, ", ")
}

// withLeft adds to a count the letters that are left as they are.
func withLeft(text string, all []client.Skipped) string {
	if rest := left(all); rest != "" {
		text += "; left as they are: " + rest
	}
	return text
}

// collect reads a list to its end.
func collect[T any](list iter.Seq2[T, error]) ([]T, error) {
	items := []T{}
	for item, err := range list {
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}
