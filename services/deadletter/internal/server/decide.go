package server

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/wire"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
	"github.com/studycast/studycast/services/deadletter/internal/audit"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/internal/byline"
)

// DiscardLetters gives letters up.
func (s *Server) DiscardLetters(
	ctx context.Context, r *deadletterv1.DiscardLettersRequest,
) (*deadletterv1.DiscardLettersResponse, error) {
	d, err := s.decide(ctx, r.GetSelection(), store.Decision{
		From: deadletterclient.Open, To: deadletterclient.Discarded, Author: r.GetAuthor(), Reason: r.GetReason(),
	}, deadletterclient.ActionDiscard)
	if err != nil {
		return nil, err
	}
	return &deadletterv1.DiscardLettersResponse{
		Letters: deadletterclient.ToCount(d.Letters), Skipped: deadletterclient.SkippedToProto(d.Skipped),
	}, nil
}

// RestoreLetters opens discarded letters again.
func (s *Server) RestoreLetters(
	ctx context.Context, r *deadletterv1.RestoreLettersRequest,
) (*deadletterv1.RestoreLettersResponse, error) {
	d, err := s.decide(ctx, r.GetSelection(), store.Decision{
		From: deadletterclient.Discarded, To: deadletterclient.Open, Author: r.GetAuthor(), Reason: r.GetReason(),
	}, deadletterclient.ActionRestore)
	if err != nil {
		return nil, err
	}
	return &deadletterv1.RestoreLettersResponse{
		Letters: deadletterclient.ToCount(d.Letters), Skipped: deadletterclient.SkippedToProto(d.Skipped),
	}, nil
}

func (s *Server) decide(
	ctx context.Context, selection *deadletterv1.Selection, d store.Decision, action string,
) (deadletterclient.Decided, error) {
	if err := byline.Check(d.Author, d.Reason); err != nil {
		return deadletterclient.Decided{}, err
	}
	var bad problems
	f := bad.selection(selection)
	if err := bad.err(); err != nil {
		return deadletterclient.Decided{}, err
	}
	d.At = s.now()
	var err error
	if d.Record, err = audit.Record(d.At, action, d.Author, d.Reason, audit.Selection(f), ""); err != nil {
		return deadletterclient.Decided{}, err
	}
	return s.store.Decide(ctx, f, d)
}

func (s *Server) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }

// ListAudit reads a page of the audit log.
func (s *Server) ListAudit(ctx context.Context, r *deadletterv1.ListAuditRequest) (*deadletterv1.ListAuditResponse, error) {
	var bad problems
	size := bad.page(r.GetPageSize())
	actions := bad.oneOf("actions", r.GetActions(), deadletterclient.Actions())
	if id := r.GetBeforeId(); id != "" && uuid.Validate(id) != nil {
		bad.add("before_id", "is not the id of a record")
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	f := store.AuditFilter{
		Author: r.GetAuthor(), Actions: actions, After: wire.TimeFromProto(r.GetAfter()), BeforeAt: wire.TimeFromProto(r.GetBefore()),
		BeforeKey: r.GetBeforeId(),
	}
	of := f
	last, err := decodeToken(r.GetPageToken(), "audit", of)
	if err != nil {
		return nil, err
	}
	f.BeforeKey = cmp.Or(last, f.BeforeKey)
	f.Limit = size + 1
	all, err := s.store.ListAudit(ctx, f)
	if err != nil {
		return nil, err
	}
	resp := &deadletterv1.ListAuditResponse{}
	if len(all) > size {
		all = all[:size]
		resp.NextPageToken = encodeToken(all[size-1].ID, "audit", of)
	}
	for _, a := range all {
		resp.Records = append(resp.Records, deadletterclient.AuditToProto(a))
	}
	return resp, nil
}
