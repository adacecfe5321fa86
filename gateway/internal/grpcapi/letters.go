package grpcapi

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/problem"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// letterService implements deadletterv1.DeadLetterServiceServer.
type letterService struct {
	deadletterv1.UnimplementedDeadLetterServiceServer
	*service
	letters deadletterv1.DeadLetterServiceClient
}

// ListDeadLetters implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) ListDeadLetters(ctx context.Context, in *deadletterv1.ListDeadLettersRequest) (*deadletterv1.ListDeadLettersResponse, error) {
	return forward(ctx, s.service, in, s.letters.ListDeadLetters)
}

// GetDeadLetter implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) GetDeadLetter(ctx context.Context, in *deadletterv1.GetDeadLetterRequest) (*deadletterv1.GetDeadLetterResponse, error) {
	return forward(ctx, s.service, in, s.letters.GetDeadLetter)
}

// ListGroups implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) ListGroups(ctx context.Context, in *deadletterv1.ListGroupsRequest) (*deadletterv1.ListGroupsResponse, error) {
	return forward(ctx, s.service, in, s.letters.ListGroups)
}

// CreateReplay implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) CreateReplay(ctx context.Context, in *deadletterv1.CreateReplayRequest) (*deadletterv1.CreateReplayResponse, error) {
	return forward(ctx, s.service, in, s.letters.CreateReplay)
}

// GetReplay implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) GetReplay(ctx context.Context, in *deadletterv1.GetReplayRequest) (*deadletterv1.GetReplayResponse, error) {
	return forward(ctx, s.service, in, s.letters.GetReplay)
}

// ListReplays implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) ListReplays(ctx context.Context, in *deadletterv1.ListReplaysRequest) (*deadletterv1.ListReplaysResponse, error) {
	return forward(ctx, s.service, in, s.letters.ListReplays)
}

// PauseReplay implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) PauseReplay(ctx context.Context, in *deadletterv1.PauseReplayRequest) (*deadletterv1.PauseReplayResponse, error) {
	return forward(ctx, s.service, in, s.letters.PauseReplay)
}

// ResumeReplay implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) ResumeReplay(ctx context.Context, in *deadletterv1.ResumeReplayRequest) (*deadletterv1.ResumeReplayResponse, error) {
	return forward(ctx, s.service, in, s.letters.ResumeReplay)
}

// StopReplay implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) StopReplay(ctx context.Context, in *deadletterv1.StopReplayRequest) (*deadletterv1.StopReplayResponse, error) {
	return forward(ctx, s.service, in, s.letters.StopReplay)
}

// DiscardLetters implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) DiscardLetters(ctx context.Context, in *deadletterv1.DiscardLettersRequest) (*deadletterv1.DiscardLettersResponse, error) {
	return forward(ctx, s.service, in, s.letters.DiscardLetters)
}

// RestoreLetters implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) RestoreLetters(ctx context.Context, in *deadletterv1.RestoreLettersRequest) (*deadletterv1.RestoreLettersResponse, error) {
	return forward(ctx, s.service, in, s.letters.RestoreLetters)
}

// ResendLetter implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) ResendLetter(ctx context.Context, in *deadletterv1.ResendLetterRequest) (*deadletterv1.ResendLetterResponse, error) {
	return forward(ctx, s.service, in, s.letters.ResendLetter)
}

// ListAudit implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) ListAudit(ctx context.Context, in *deadletterv1.ListAuditRequest) (*deadletterv1.ListAuditResponse, error) {
	return forward(ctx, s.service, in, s.letters.ListAudit)
}

// ReplayDeadLetter implements deadletterv1.DeadLetterServiceServer. Another
// request than that of the letter takes a permission, and has to be as good as a
// submission.
func (s *letterService) ReplayDeadLetter(ctx context.Context, in *deadletterv1.ReplayDeadLetterRequest) (*deadletterv1.ReplayDeadLetterResponse, error) {
	out, err := forward(ctx, s.service, in, s.replay)
	for _, made := range out.GetJob().GetArtifacts() {
		made.Key = "" // for nobody
	}
	return out, err
}

func (s *letterService) replay(ctx context.Context, in *deadletterv1.ReplayDeadLetterRequest, o ...grpc.CallOption) (*deadletterv1.ReplayDeadLetterResponse, error) {
	if in.GetRequest() != nil {
		if err := s.checkEdit(ctx, in); err != nil {
			return nil, err
		}
	}
	return s.letters.ReplayDeadLetter(ctx, in, o...)
}

func (s *letterService) checkEdit(ctx context.Context, in *deadletterv1.ReplayDeadLetterRequest) error {
	me, _ := caller.From(ctx) // nobody may least
	if err := edge.CheckEdit(me); err != nil {
		return err
	}
	l, err := s.letters.GetDeadLetter(ctx, &deadletterv1.GetDeadLetterRequest{Id: in.GetId()}, grpc.MaxCallRecvMsgSize(maxAnswerBytes))
	if err != nil {
		return err
	}
	return s.o.Jobs.CheckEdit(ctx, l.GetDeadLetter().GetOwner(), wire.RequestFromProto(in.GetRequest()))
}

// WatchReplay implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) WatchReplay(in *deadletterv1.WatchReplayRequest, out grpc.ServerStreamingServer[deadletterv1.WatchReplayResponse]) error {
	return forwardStream(s.service, in, out, s.letters.WatchReplay)
}

// ExportLetters implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) ExportLetters(in *deadletterv1.ExportLettersRequest, out grpc.ServerStreamingServer[deadletterv1.ExportLettersResponse]) error {
	return forwardStream(s.service, in, out, s.letters.ExportLetters)
}

// ImportLetters implements deadletterv1.DeadLetterServiceServer.
func (s *letterService) ImportLetters(in grpc.ClientStreamingServer[deadletterv1.ImportLettersRequest, deadletterv1.ImportLettersResponse]) error {
	ctx, me, err := s.operator(in.Context())
	if err != nil {
		return err
	}
	ctx, cancel := s.untilDrain(ctx)
	defer cancel()
	to, err := s.letters.ImportLetters(ctx)
	if err != nil {
		return s.behind(ctx, err)
	}
	if err := passOn(in, to, me.Owner); err != nil {
		return s.behind(ctx, s.ended(err))
	}
	out, err := to.CloseAndRecv()
	if err != nil {
		return s.behind(ctx, s.ended(err))
	}
	return in.SendAndClose(out)
}

// passOn sends what comes in until its end, in the name of author. It returns nil
// also when the other side hung up: its answer says why.
func passOn(
	in grpc.ClientStreamingServer[deadletterv1.ImportLettersRequest, deadletterv1.ImportLettersResponse],
	to grpc.ClientStreamingClient[deadletterv1.ImportLettersRequest, deadletterv1.ImportLettersResponse], author string,
) error {
	for left := problem.MaxImportBytes; ; {
		m, err := in.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take a part of an import: %w", err)
		}
		if left -= len(m.GetChunk()); left < 0 {
			return problem.ErrImportTooLarge()
		}
		m.Author = author
		if err := to.Send(m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
