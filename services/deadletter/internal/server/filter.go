package server

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Sizes of a page.
const (
	defaultPage = 50
	maxPage     = 200
)

// problems collects what is wrong with a call.
type problems []job.FieldError

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, job.FieldError{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (p problems) err() error {
	if p == nil {
		return nil
	}
	return &job.InvalidError{Fields: p}
}

// page returns the size of a page.
func (p *problems) page(size int32) int {
	switch {
	case size < 0 || size > maxPage:
		p.add("page_size", "is %d: use 1 to %d", size, maxPage)
	case size == 0:
		return defaultPage
	}
	return int(size)
}

var fingerprints = regexp.MustCompile(`^[0-9a-f]{16}$`)

// filter checks what selects letters; prefix is put before the paths of fields.
func (p *problems) filter(prefix string, f deadletterclient.Filter) store.Filter {
	out := store.Filter{
		States: slices.Clone(f.States), Kind: f.Kind, JobID: f.JobID, Fingerprint: f.Fingerprint, Fault: f.Fault, Owner: f.Owner,
		DiedAfter: f.DiedAfter, DiedBefore: f.DiedBefore, Text: f.Text,
	}
	if f.Kind != "" && !f.Kind.Valid() {
		p.add(prefix+"kind", "is unknown: use video or audio")
	}
	out.States = p.oneOf(prefix+"states", f.States, deadletterclient.States())
	if f.Fingerprint != "" && !fingerprints.MatchString(f.Fingerprint) {
		p.add(prefix+"fingerprint", "is none: use the 16 digits of a group")
	}
	if f.Fault != "" && !fault.Kind(f.Fault).Valid() {
		p.add(prefix+"fault", "is unknown: use one of %v", fault.Kinds())
	}
	if len(f.Text) > deadletterclient.MaxText {
		p.add(prefix+"text", "has %d bytes: use at most %d", len(f.Text), deadletterclient.MaxText)
	}
	if !f.DiedAfter.IsZero() && !f.DiedBefore.IsZero() && !f.DiedAfter.Before(f.DiedBefore) {
		p.add(prefix+"died_after", "is not before died_before: nothing lies between them")
	}
	return out
}

// oneOf returns values in order, each once.
func (p *problems) oneOf(path string, values, known []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	values = slices.Compact(values)
	for _, v := range values {
		if !slices.Contains(known, v) {
			p.add(path, "one is unknown: use some of %v", known)
			break
		}
	}
	return values
}

// selection checks a selection. One that says nothing is refused: everything is
// rarely meant.
func (p *problems) selection(s *deadletterv1.Selection) store.Filter {
	f := s.GetFilter()
	var criteria store.Filter
	if f != nil {
		criteria = p.filter("selection.filter.", deadletterclient.FilterFromProto(f))
	}
	some := f != nil && len(f.GetStates())+len(f.GetKind()+f.GetJobId()+f.GetFingerprint()+f.GetFault()+f.GetOwner()+f.GetText()) > 0
	some = some || f.GetDiedAfter() != nil || f.GetDiedBefore() != nil
	ids := slices.Clone(s.GetIds())
	slices.Sort(ids)
	ids = slices.Compact(ids)
	switch {
	case len(ids) > 0 && some:
		p.add("selection", "has ids and a filter: use one of them")
	case len(ids) == 0 && !some:
		p.add("selection", "says nothing: name letters by their ids, or by a filter such as states = [open]")
	case len(ids) > deadletterclient.MaxIDs:
		p.add("selection.ids", "has %d ids: use at most %d, or a filter", len(ids), deadletterclient.MaxIDs)
	}
	for _, id := range ids {
		if uuid.Validate(id) != nil {
			p.add("selection.ids", "%.40q is not the id of a dead letter", id)
			break
		}
	}
	if len(ids) > 0 {
		criteria.IDs = ids
	}
	return criteria
}
