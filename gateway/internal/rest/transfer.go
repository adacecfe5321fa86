package rest

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// lines is the media type of JSON lines.
const lines = "application/x-ndjson"

// Transfer are the calls that move letters in and out.
type Transfer interface {
	Export(ctx context.Context, w io.Writer, f deadletterclient.Filter, author, reason string) (written int64, err error)
	Import(ctx context.Context, r io.Reader, author, reason string) (deadletterclient.Imported, error)
}

type exportInput struct {
	Body exportInputBody
}

type exportInputBody struct {
	Filter LetterFilter `json:"filter,omitempty" doc:"Which letters; all by default."`
	ReasonBody
}

// importInput takes the body as it comes: nobody holds it in memory.
type importInput struct {
	ContentType string `header:"Content-Type" maxLength:"255" doc:"application/x-ndjson."`
	Reason      string `query:"reason" required:"true" minLength:"1" maxLength:"500" doc:"Why; kept on record with your name."`
	r           *http.Request
	w           http.ResponseWriter
}

// Resolve keeps the request; it is called by huma.
func (in *importInput) Resolve(c huma.Context) []error {
	in.r, in.w = humachi.Unwrap(c)
	return nil
}

type importOutput struct {
	Body importedBody
}

type importedBody struct {
	Stored   int       `json:"stored" doc:"Letters that were stored."`
	Present  int       `json:"present" doc:"Letters that were there already and are left as they are."`
	Refused  int       `json:"refused" doc:"Lines that are no letters."`
	BadLines []BadLine `json:"bad_lines" nullable:"false" doc:"The first 100 of them."`
}

// BadLine is a line that was refused.
type BadLine struct {
	Line int    `json:"line" minimum:"1" doc:"Its number; the first is 1."`
	Why  string `json:"why" doc:"What is wrong with it."`
}

func (a *API) transfer(docs huma.API) {
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "export-dead-letters", Method: http.MethodPost, Path: "/v1/dead-letters:export",
		Summary: "Export dead letters whole, as JSON lines, oldest first",
		Description: "The letters stay as they are. The answer is streamed: when the connection is cut before its end, so is the export, " +
			"and its last line may be a part of one.",
		Responses: map[string]*huma.Response{"200": {
			Description: "The letters, one a line", Content: map[string]*huma.MediaType{lines: {Schema: linesSchema()}},
		}},
	}, 400, 408, 413, 415, 504), safely(a, a.export))
	huma.Register(docs, forOperators(huma.Operation{
		OperationID: "import-dead-letters", Method: http.MethodPost, Path: "/v1/dead-letters:import",
		Summary: "Import dead letters from JSON lines",
		Description: "As an export made them, at most 256 MiB. Letters that are there already are left as they are, so that the same file may be " +
			"imported again.",
	}, 408, 413, 415, 504), safely(a, a.importLetters))
	// Told before, huma would read the body itself.
	docs.OpenAPI().Paths["/v1/dead-letters:import"].Post.RequestBody = &huma.RequestBody{
		Required: true, Content: map[string]*huma.MediaType{lines: {Schema: linesSchema()}},
	}
}

func linesSchema() *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "A JSON document a line."}
}

func (a *API) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	return withLetters(ctx, a, 0, func(ctx context.Context, me caller.Identity) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(c huma.Context) {
			r, w := humachi.Unwrap(c)
			out := &export{paced: paced{ResponseWriter: w, rc: http.NewResponseController(w)}}
			t, done := takeTurns(ctx)
			defer done()
			_, err := a.DeadLetters.Export(t.ctx, writeInTurn{out, t}, in.Body.Filter.filter(), me.Owner, in.Body.Reason)
			err = t.told(err)
			switch {
			case err == nil:
				out.begin()
			case !out.begun:
				a.logProblem(ctx, problem.From(ctx, err), err)
				problem.Write(w, r, err)
			default:
				a.Logger.WarnContext(ctx, "an export was cut", "request_id", caller.RequestID(ctx), "error", err)
				out.cut()
			}
		}}, nil
	})
}

// export is the answer of an export: it begins with the first letter, so that
// trouble before that is told as a problem.
type export struct {
	paced
	begun bool
}

func (e *export) begin() {
	if e.begun {
		return
	}
	e.begun = true
	e.Header().Set("Content-Type", lines)
	e.Header().Set("Content-Disposition", `attachment; filename="dead-letters.jsonl"`)
	e.WriteHeader(http.StatusOK)
}

// Write sends what it gets at once.
func (e *export) Write(b []byte) (int, error) {
	e.begin()
	n, err := e.paced.Write(b)
	if err != nil {
		return n, err
	}
	return n, e.rc.Flush()
}

// cut ends the answer so that its reader sees that it is not whole: the end of
// the body can't be written any more.
func (e *export) cut() { _ = e.rc.SetWriteDeadline(time.Unix(1, 0)) }

func (a *API) importLetters(ctx context.Context, in *importInput) (*importOutput, error) {
	return withLetters(ctx, a, 0, func(ctx context.Context, me caller.Identity) (*importOutput, error) {
		if kind, _, err := mime.ParseMediaType(in.ContentType); err != nil || kind != lines {
			return nil, problem.New(http.StatusUnsupportedMediaType, "Send the letters as JSON lines with Content-Type: %s.", lines)
		}
		if in.r.ContentLength > problem.MaxImportBytes {
			return nil, problem.ErrImportTooLarge()
		}
		t, done := takeTurns(ctx)
		defer done()
		body := &pacedBody{r: in.r.Body, rc: http.NewResponseController(in.w)}
		letters := &capped{r: readInTurn{body, t}, left: problem.MaxImportBytes, over: problem.ErrImportTooLarge}
		found, err := a.DeadLetters.Import(t.ctx, letters, me.Owner, in.Reason)
		body.extend(callTimeout)
		if err != nil {
			return nil, t.told(err)
		}
		out := &importOutput{Body: importedBody{Stored: found.Stored, Present: found.Present, Refused: found.Refused, BadLines: []BadLine{}}}
		for _, b := range found.BadLines {
			out.Body.BadLines = append(out.Body.BadLines, BadLine(b))
		}
		return out, nil
	})
}

// pacedBody extends the deadlines with every piece, so that a large import has
// the time that it needs and a stalled client has not.
type pacedBody struct {
	r  io.Reader
	rc *http.ResponseController
}

// Read tells a body that did not arrive whole from one that ends.
func (p *pacedBody) Read(b []byte) (int, error) {
	p.extend(stallTimeout)
	n, err := p.r.Read(b)
	var broken *edge.BrokenBody
	if errors.As(err, &broken) {
		err = &problem.Error{
			Status: http.StatusRequestTimeout, Err: errors.New(broken.Error()), // without its cause, which is an end of file
			Detail: "The letters did not arrive whole and in time. Import them again; what is there already stays as it is.",
		}
	}
	return n, err
}

// extend gives the next piece of the body, and the answer after it, their time.
func (p *pacedBody) extend(next time.Duration) {
	deadline := time.Now().Add(next)
	_ = p.rc.SetReadDeadline(deadline)
	_ = p.rc.SetWriteDeadline(deadline.Add(callTimeout))
}
