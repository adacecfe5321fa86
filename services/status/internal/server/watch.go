package server

import (
	"context"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
	"github.com/studycast/studycast/services/status/internal/ledger"
)

// WatchJob sends a job whenever its version is another one than the caller
// saw. A final job is always sent, so that nobody misses the end.
func (s *Server) WatchJob(r *statusv1.WatchJobRequest, stream statusv1.StatusService_WatchJobServer) error {
	id, seen := job.ID(r.GetId()), r.GetAfterVersion()
	w := s.Hub.WatchJob(id)
	defer w.Stop()
	for {
		j, err := s.Ledger.Get(stream.Context(), id, r.GetOwner())
		if err != nil {
			return err
		}
		if j.Version != seen || j.State.Final() {
			if err := stream.Send(&statusv1.WatchJobResponse{Job: wire.JobToProto(j)}); err != nil {
				return err
			}
			seen = j.Version
		}
		if j.State.Final() {
			return nil
		}
		if err := s.wait(stream.Context(), w.C); err != nil {
			return err
		}
	}
}

// WatchOwner sends a snapshot, or what changed after the seq that the caller
// saw, and then every change.
func (s *Server) WatchOwner(r *statusv1.WatchOwnerRequest, stream statusv1.StatusService_WatchOwnerServer) error {
	ctx, owner := stream.Context(), r.GetOwner()
	w := s.Hub.WatchOwner(owner)
	defer w.Stop()
	events, seen, err := s.catchUp(ctx, owner, r.GetAfterSeq())
	for {
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := stream.Send(eventToProto(e)); err != nil {
				return err
			}
		}
		if len(events) == 0 {
			if err := s.wait(ctx, w.C); err != nil {
				return err
			}
		}
		events, seen, _, err = s.changes(ctx, owner, seen)
	}
}

// catchUp reads what a caller has missed, and up to which seq that is complete.
// One without a seq, or with a seq of another store, gets a snapshot.
func (s *Server) catchUp(ctx context.Context, owner string, seen int64) ([]ledger.Event, int64, error) {
	if seen > 0 {
		events, upTo, known, err := s.changes(ctx, owner, seen)
		if err != nil || known {
			return events, upTo, err
		}
	}
	return s.Ledger.Snapshot(ctx, owner)
}

func (s *Server) changes(ctx context.Context, owner string, seen int64) (events []ledger.Event, upTo int64, known bool, err error) {
	events, known, err = s.Ledger.Changes(ctx, owner, seen)
	if n := len(events); n > 0 {
		seen = events[n-1].Seq
	}
	return events, seen, known, err
}

func eventToProto(e ledger.Event) *statusv1.WatchOwnerResponse {
	p := &statusv1.WatchOwnerResponse{Deleted: string(e.Deleted), Seq: e.Seq}
	if e.Job != nil {
		p.Job = wire.JobToProto(*e.Job)
	}
	return p
}
