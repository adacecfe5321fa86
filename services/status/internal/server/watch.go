package server

import (
	"context"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
	"github.com/studycast/studycast/services/status/internal/hub"
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

// changesAtOnce bounds a message of a feed: less than 64 KiB of names.
const changesAtOnce = 500

// WatchChanges names what changes. Many changes of a job before the caller reads
// are named once.
func (s *Server) WatchChanges(_ *statusv1.WatchChangesRequest, stream statusv1.StatusService_WatchChangesServer) error {
	f, stop := s.Hub.Feed()
	defer stop()
	for {
		if err := s.wait(stream.Context(), f.C); err != nil {
			return err
		}
		changed, all := f.Take()
		if all {
			if err := stream.Send(&statusv1.WatchChangesResponse{All: true}); err != nil {
				return err
			}
		}
		for some := range slices.Chunk(changed, changesAtOnce) {
			if err := stream.Send(changedToProto(some)); err != nil {
				return err
			}
		}
	}
}

func changedToProto(changed []hub.Changed) *statusv1.WatchChangesResponse {
	p := &statusv1.WatchChangesResponse{Jobs: make([]*statusv1.ChangedJob, len(changed))}
	for i, c := range changed {
		p.Jobs[i] = &statusv1.ChangedJob{Id: string(c.ID), Owner: c.Owner}
	}
	return p
}

// previewBytes is how much of a pasted text ListChanges tells, so that an answer
// with many jobs stays small.
const previewBytes = 1 << 10

// ListChanges reads what a watch of the owner would send next.
func (s *Server) ListChanges(ctx context.Context, r *statusv1.ListChangesRequest) (*statusv1.ListChangesResponse, error) {
	events, upTo, err := s.catchUp(ctx, r.GetOwner(), r.GetAfterSeq())
	if err != nil {
		return nil, err
	}
	resp := &statusv1.ListChangesResponse{
		Events: make([]*statusv1.WatchOwnerResponse, len(events)), Seq: upTo, More: len(events) == ledger.EventsAtOnce,
	}
	for i, e := range events {
		resp.Events[i] = eventToProto(e)
		if src := resp.GetEvents()[i].GetJob().GetRequest().GetSource(); len(src.GetText()) > previewBytes {
			src.From = &jobv1.Source_Text{Text: strings.ToValidUTF8(src.GetText()[:previewBytes], "")}
		}
	}
	return resp, nil
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
