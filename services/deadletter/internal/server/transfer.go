package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
	"github.com/studycast/studycast/services/deadletter/internal/audit"
	"github.com/studycast/studycast/services/deadletter/internal/jsonl"
	"github.com/studycast/studycast/services/deadletter/store"
	"github.com/studycast/studycast/services/internal/byline"
)

const (
	// chunkBytes is how much of an export travels at once.
	chunkBytes = 256 << 10
	// maxShown bounds the lines that an import tells of.
	maxShown = 100
	// maxLines bounds an import, so that no caller keeps the service busy for ever.
	maxLines = 200_000
)

// ExportLetters sends letters whole.
func (s *Server) ExportLetters(r *deadletterv1.ExportLettersRequest, stream deadletterv1.DeadLetterService_ExportLettersServer) error {
	if err := byline.Check(r.GetAuthor(), r.GetReason()); err != nil {
		return err
	}
	var bad problems
	f := bad.filter("filter.", deadletterclient.FilterFromProto(r.GetFilter()))
	if err := bad.err(); err != nil {
		return err
	}
	out := &chunks{stream: stream}
	n, err := jsonl.Export(stream.Context(), s.store, f, out)
	if err == nil {
		err = out.flush()
	}
	outcome := fmt.Sprintf("%d letters", n)
	if err != nil {
		outcome = fmt.Sprintf("cut off after %d letters", n)
	}
	return errors.Join(err, s.record(stream.Context(), deadletterclient.ActionExport, r.GetAuthor(), r.GetReason(), audit.Selection(f), outcome))
}

// record writes a line of the log, also for a caller that hung up.
func (s *Server) record(ctx context.Context, action, author, reason, selection, outcome string) error {
	record, err := audit.Record(s.now(), action, author, reason, selection, outcome)
	if err != nil {
		return err
	}
	return s.store.Append(context.WithoutCancel(ctx), record)
}

// chunks sends what is written in parts.
type chunks struct {
	stream deadletterv1.DeadLetterService_ExportLettersServer
	buf    bytes.Buffer
}

func (c *chunks) Write(p []byte) (int, error) {
	c.buf.Write(p)
	for c.buf.Len() >= chunkBytes {
		if err := c.send(c.buf.Next(chunkBytes)); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (c *chunks) send(b []byte) error {
	return c.stream.Send(&deadletterv1.ExportLettersResponse{Chunk: b})
}

func (c *chunks) flush() error {
	if c.buf.Len() == 0 {
		return nil
	}
	return c.send(c.buf.Bytes())
}

// ImportLetters stores letters.
func (s *Server) ImportLetters(stream deadletterv1.DeadLetterService_ImportLettersServer) error {
	first, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		first = &deadletterv1.ImportLettersRequest{}
	} else if err != nil {
		return err
	}
	if err := byline.Check(first.GetAuthor(), first.GetReason()); err != nil {
		return err
	}
	resp := &deadletterv1.ImportLettersResponse{}
	err = s.importAll(stream.Context(), jsonl.NewReader(&arriving{stream: stream, left: first.GetChunk()}, jsonl.MaxLine), resp)
	outcome := fmt.Sprintf("%d stored, %d there already, %d refused", resp.GetStored(), resp.GetPresent(), resp.GetRefused())
	if err != nil {
		outcome += "; cut off"
	}
	err = errors.Join(err, s.record(stream.Context(), deadletterclient.ActionImport, first.GetAuthor(), first.GetReason(), "JSON lines", outcome))
	if err != nil {
		return err
	}
	return stream.SendAndClose(resp)
}

func (s *Server) importAll(ctx context.Context, lines *jsonl.Reader, resp *deadletterv1.ImportLettersResponse) error {
	for number := int32(1); ; number++ {
		line, err := lines.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case number > maxLines:
			return &job.InvalidError{Fields: []job.FieldError{{
				Path: "chunk", Message: fmt.Sprintf("has more than %d lines: import the rest by itself", maxLines),
			}}}
		case errors.Is(err, jsonl.ErrLong):
			refuse(resp, number, fmt.Sprintf("it has more than %d MiB", jsonl.MaxLine>>20))
			continue
		case err != nil:
			return err
		case len(bytes.TrimSpace(line)) == 0:
			continue
		}
		l, err := jsonl.Decode(line)
		if err != nil {
			refuse(resp, number, err.Error())
			continue
		}
		stored, err := s.store.Import(ctx, l)
		switch {
		case errors.Is(err, store.ErrOtherLetter):
			refuse(resp, number, "id "+l.ID+" belongs to another letter here")
		case err != nil:
			return err
		case stored:
			resp.Stored++
		default:
			resp.Present++
		}
	}
}

func refuse(resp *deadletterv1.ImportLettersResponse, line int32, why string) {
	resp.Refused++
	if len(resp.GetBadLines()) < maxShown {
		resp.BadLines = append(resp.BadLines, &deadletterv1.BadLine{Line: line, Why: why})
	}
}

// arriving reads the chunks of an import.
type arriving struct {
	stream deadletterv1.DeadLetterService_ImportLettersServer
	left   []byte
}

func (a *arriving) Read(p []byte) (int, error) {
	for len(a.left) == 0 {
		m, err := a.stream.Recv()
		if err != nil {
			return 0, err // io.EOF at the end
		}
		a.left = m.GetChunk()
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}
