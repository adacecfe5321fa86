package deadletterclient

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// Bounds of a selection.
const (
	MaxText     = 200     // bytes of Filter.Text
	MaxIDs      = 10_000  // of Selection.IDs
	MaxSelected = 100_000 // letters in one replay
)

// Filter selects dead letters; a zero field selects all.
type Filter struct {
	States      []string // some of States
	Kind        job.Kind
	JobID       job.ID
	Fingerprint string
	Fault       string // a kind of core/fault
	Owner       string
	DiedAfter   time.Time // at or after
	DiedBefore  time.Time
	Text        string // somewhere in the text or the cause of the fault, in upper or lower case
	PageSize    int    // 1 to 200; 0 = 50
	PageToken   string // from the page before
}

// Selection names letters by their ids, or by what they have in common: only
// one of the two.
type Selection struct {
	IDs    []string // at most MaxIDs
	Filter Filter   // its page is ignored
}

// FilterToProto converts a filter without its page.
func FilterToProto(f Filter) *deadletterv1.LetterFilter {
	return &deadletterv1.LetterFilter{
		States: f.States, Kind: string(f.Kind), JobId: string(f.JobID), Fingerprint: f.Fingerprint, Fault: f.Fault, Owner: f.Owner,
		DiedAfter: wire.TimeToProto(f.DiedAfter), DiedBefore: wire.TimeToProto(f.DiedBefore), Text: f.Text,
	}
}

// FilterFromProto converts a filter; nil becomes the zero Filter.
func FilterFromProto(p *deadletterv1.LetterFilter) Filter {
	return Filter{
		States: p.GetStates(), Kind: job.Kind(p.GetKind()), JobID: job.ID(p.GetJobId()), Fingerprint: p.GetFingerprint(),
		Fault: p.GetFault(), Owner: p.GetOwner(), DiedAfter: wire.TimeFromProto(p.GetDiedAfter()),
		DiedBefore: wire.TimeFromProto(p.GetDiedBefore()), Text: p.GetText(),
	}
}

func selectionToProto(s Selection) *deadletterv1.Selection {
	p := &deadletterv1.Selection{Ids: s.IDs}
	if len(s.IDs) == 0 {
		p.Filter = FilterToProto(s.Filter)
	}
	return p
}

// Why letters of a selection are left as they are.
const (
	SkippedDecided     = "decided"     // their state is another one
	SkippedInReplay    = "in_replay"   // a replay has taken them, and is not over
	SkippedUndecodable = "undecodable" // their message can't be read
	SkippedMissing     = "missing"     // there is no such letter
)

// Skipped counts letters that a call leaves as they are.
type Skipped struct {
	Why     string
	Letters int
}

// SkippedToProto converts counts.
func SkippedToProto(all []Skipped) (ps []*deadletterv1.Skipped) {
	for _, s := range all {
		ps = append(ps, &deadletterv1.Skipped{Why: s.Why, Letters: count(s.Letters)})
	}
	return ps
}

func skippedFromProto(ps []*deadletterv1.Skipped) (all []Skipped) {
	for _, p := range ps {
		all = append(all, Skipped{Why: p.GetWhy(), Letters: int(p.GetLetters())})
	}
	return all
}
