package deadletterclient

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// Group is what dead letters with one cause have in common.
type Group struct {
	Fingerprint string
	Template    string // the text of their fault, with <…> where they differ
	Fault       string // kind
	Stage       string // "" when it is not known
	Letters     int
	FirstAt     time.Time // when the first of them died
	LastAt      time.Time
	Kinds       []job.Kind // of their jobs
	Sample      string     // id of the newest of them
}

// GroupPage is a page of groups, largest first.
type GroupPage struct {
	Groups        []Group
	NextPageToken string // "" on the last page
}

// Groups reads a page of the groups of the letters that f selects.
func (c *Client) Groups(ctx context.Context, f Filter) (GroupPage, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.letters.ListGroups(ctx, &deadletterv1.ListGroupsRequest{
		Filter: FilterToProto(f), PageSize: count(f.PageSize), PageToken: f.PageToken,
	})
	if err != nil {
		return GroupPage{}, ErrorFromStatus(err)
	}
	return GroupPage{Groups: groupsFromProto(resp.GetGroups()), NextPageToken: resp.GetNextPageToken()}, nil
}

// GroupsToProto converts groups.
func GroupsToProto(all []Group) (ps []*deadletterv1.Group) {
	for _, g := range all {
		p := &deadletterv1.Group{
			Fingerprint: g.Fingerprint, Template: g.Template, Fault: g.Fault, Stage: g.Stage, Letters: count(g.Letters),
			FirstAt: wire.TimeToProto(g.FirstAt), LastAt: wire.TimeToProto(g.LastAt), Sample: g.Sample,
		}
		for _, k := range g.Kinds {
			p.Kinds = append(p.Kinds, string(k))
		}
		ps = append(ps, p)
	}
	return ps
}

func groupsFromProto(ps []*deadletterv1.Group) (all []Group) {
	for _, p := range ps {
		g := Group{
			Fingerprint: p.GetFingerprint(), Template: p.GetTemplate(), Fault: p.GetFault(), Stage: p.GetStage(),
			Letters: int(p.GetLetters()), FirstAt: wire.TimeFromProto(p.GetFirstAt()), LastAt: wire.TimeFromProto(p.GetLastAt()),
			Sample: p.GetSample(),
		}
		for _, k := range p.GetKinds() {
			g.Kinds = append(g.Kinds, job.Kind(k))
		}
		all = append(all, g)
	}
	return all
}
