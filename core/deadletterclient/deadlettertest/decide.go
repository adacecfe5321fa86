package deadlettertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/studycast/studycast/core/deadletterclient"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// selects reports whether a filter finds a letter; of times it knows nothing.
func selects(f *deadletterv1.LetterFilter, l *deadletterv1.DeadLetter) bool {
	text := strings.ToLower(l.GetFault().GetText() + "\n" + l.GetFault().GetCause())
	return (len(f.GetStates()) == 0 || slices.Contains(f.GetStates(), l.GetState())) &&
		(f.GetKind() == "" || f.GetKind() == l.GetKind()) &&
		(f.GetJobId() == "" || f.GetJobId() == l.GetJobId()) &&
		(f.GetFingerprint() == "" || f.GetFingerprint() == l.GetFingerprint()) &&
		(f.GetFault() == "" || f.GetFault() == l.GetFault().GetKind()) &&
		(f.GetOwner() == "" || f.GetOwner() == l.GetOwner()) &&
		strings.Contains(text, strings.ToLower(f.GetText()))
}

func (s *Server) move(sel *deadletterv1.Selection, from, to, action, author, reason string) (int32, []*deadletterv1.Skipped, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return 0, nil, answer(deadletterclient.ErrUnavailable)
	}
	letters, skipped := s.selected(sel, from)
	for _, l := range letters {
		l.State, l.DiscardedBy, l.DiscardReason = to, "", ""
		if to == deadletterclient.Discarded {
			l.DiscardedBy, l.DiscardReason = author, reason
		}
	}
	s.record(action, author, reason, "a selection")
	return deadletterclient.ToCount(len(letters)), skipped, nil
}

// DiscardLetters discards open letters.
func (s *Server) DiscardLetters(_ context.Context, r *deadletterv1.DiscardLettersRequest) (*deadletterv1.DiscardLettersResponse, error) {
	n, skipped, err := s.move(r.GetSelection(), deadletterclient.Open, deadletterclient.Discarded,
		deadletterclient.ActionDiscard, r.GetAuthor(), r.GetReason())
	return &deadletterv1.DiscardLettersResponse{Letters: n, Skipped: skipped}, err
}

// RestoreLetters opens discarded letters.
func (s *Server) RestoreLetters(_ context.Context, r *deadletterv1.RestoreLettersRequest) (*deadletterv1.RestoreLettersResponse, error) {
	n, skipped, err := s.move(r.GetSelection(), deadletterclient.Discarded, deadletterclient.Open,
		deadletterclient.ActionRestore, r.GetAuthor(), r.GetReason())
	return &deadletterv1.RestoreLettersResponse{Letters: n, Skipped: skipped}, err
}

// ResendLetter marks an open letter as sent.
func (s *Server) ResendLetter(_ context.Context, r *deadletterv1.ResendLetterRequest) (*deadletterv1.ResendLetterResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.find(r.GetId())
	if err != nil {
		return nil, answer(err)
	}
	if l.GetState() != deadletterclient.Open {
		return nil, answer(&deadletterclient.StateError{ID: l.GetId(), State: l.GetState(), Why: "it was decided on before", Remedy: "Look at it."})
	}
	l.State, l.Outcome, l.ResentTo, l.ReplayedBy = deadletterclient.Replayed, deadletterclient.OutcomeResent, r.GetQueue(), r.GetAuthor()
	s.record(deadletterclient.ActionResend, r.GetAuthor(), r.GetReason(), "dead letter "+l.GetId())
	return &deadletterv1.ResendLetterResponse{DeadLetter: proto.CloneOf(l)}, nil
}

// ListAudit answers with one page.
func (s *Server) ListAudit(_ context.Context, r *deadletterv1.ListAuditRequest) (*deadletterv1.ListAuditResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return nil, answer(deadletterclient.ErrUnavailable)
	}
	resp := &deadletterv1.ListAuditResponse{}
	for _, a := range s.audit {
		if (r.GetAuthor() == "" || r.GetAuthor() == a.GetAuthor()) &&
			(len(r.GetActions()) == 0 || slices.Contains(r.GetActions(), a.GetAction())) &&
			(r.GetBeforeId() == "" || a.GetId() < r.GetBeforeId()) {
			resp.Records = append(resp.Records, proto.CloneOf(a))
		}
	}
	return resp, nil
}

// ExportLetters sends a line with the id of each letter, oldest first.
func (s *Server) ExportLetters(r *deadletterv1.ExportLettersRequest, stream deadletterv1.DeadLetterService_ExportLettersServer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return answer(deadletterclient.ErrUnavailable)
	}
	for _, l := range slices.Backward(s.letters) {
		if !selects(r.GetFilter(), l) {
			continue
		}
		line := `{"format":"studycast.dead-letter/1","id":"` + l.GetId() + "\"}\n"
		if err := stream.Send(&deadletterv1.ExportLettersResponse{Chunk: []byte(line)}); err != nil {
			return err
		}
	}
	s.record(deadletterclient.ActionExport, r.GetAuthor(), r.GetReason(), "a filter")
	return nil
}

// ImportLetters counts lines that look like an object as stored and refuses the
// others; it keeps none.
func (s *Server) ImportLetters(stream deadletterv1.DeadLetterService_ImportLettersServer) error {
	var all []byte
	author, reason := "", ""
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if m.GetAuthor() != "" {
			author, reason = m.GetAuthor(), m.GetReason()
		}
		all = append(all, m.GetChunk()...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Down {
		return answer(deadletterclient.ErrUnavailable)
	}
	resp := &deadletterv1.ImportLettersResponse{}
	for i, line := range bytes.Split(bytes.TrimRight(all, "\n"), []byte("\n")) {
		if bytes.HasPrefix(line, []byte("{")) {
			resp.Stored++
			continue
		}
		resp.Refused++
		resp.BadLines = append(resp.BadLines, &deadletterv1.BadLine{Line: int32(i + 1), Why: "it is not a JSON object"})
	}
	s.record(deadletterclient.ActionImport, author, reason, "JSON lines")
	return stream.SendAndClose(resp)
}
