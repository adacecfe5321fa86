package server

import (
	"context"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

// ClaimOutbox claims what is due, and waits for it when there is nothing. An
// empty answer means that nothing became due, or that the service drains.
func (s *Server) ClaimOutbox(ctx context.Context, r *statusv1.ClaimOutboxRequest) (*statusv1.ClaimOutboxResponse, error) {
	var entries []ledger.Entry
	err := s.poll(ctx, s.Hub.Outbox, wire.DurationFromProto(r.GetWait()), func() (found bool, next time.Time, err error) {
		entries, next, err = s.claim(ctx, int(r.GetLimit()))
		return len(entries) > 0, next, err
	})
	return claimToProto(entries), err
}

// claim writes only when something is due; otherwise it tells when.
func (s *Server) claim(ctx context.Context, limit int) ([]ledger.Entry, time.Time, error) {
	next, err := s.Ledger.NextClaim(ctx)
	if err != nil || next.IsZero() || next.After(s.Ledger.Now()) {
		return nil, next, err
	}
	entries, err := s.Ledger.Claim(ctx, limit)
	return entries, next, err
}

// ConfirmOutbox removes what was published.
func (s *Server) ConfirmOutbox(ctx context.Context, r *statusv1.ConfirmOutboxRequest) (*statusv1.ConfirmOutboxResponse, error) {
	var cs []ledger.Confirmation
	for _, e := range r.GetEntries() {
		cs = append(cs, ledger.Confirmation{JobID: job.ID(e.GetJobId()), Token: e.GetToken()})
	}
	if err := s.Ledger.Confirm(ctx, cs); err != nil {
		return nil, err
	}
	return &statusv1.ConfirmOutboxResponse{}, nil
}

func claimToProto(entries []ledger.Entry) *statusv1.ClaimOutboxResponse {
	resp := &statusv1.ClaimOutboxResponse{}
	for i := range entries {
		resp.Entries = append(resp.Entries, entryToProto(&entries[i]))
	}
	return resp
}

func entryToProto(e *ledger.Entry) *statusv1.OutboxEntry {
	if e == nil {
		return nil
	}
	return &statusv1.OutboxEntry{
		JobId: string(e.JobID), Token: e.Token, Queue: e.Queue, Owner: e.Owner,
		Request: wire.RequestToProto(e.Request), Traceparent: e.Traceparent,
		Attempt: int32(e.Attempt),
	}
}

func filterFromProto(r *statusv1.ListJobsRequest) store.Filter {
	f := store.Filter{
		Owner: r.GetOwner(), Kind: job.Kind(r.GetKind()), Limit: int(r.GetPageSize()),
		CreatedAfter: wire.TimeFromProto(r.GetCreatedAfter()), CreatedBefore: wire.TimeFromProto(r.GetCreatedBefore()),
	}
	for _, st := range r.GetStates() {
		f.States = append(f.States, job.State(st))
	}
	return f
}
