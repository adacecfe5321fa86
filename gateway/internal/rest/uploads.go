package rest

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/google/uuid"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/gateway/internal/edge"
	"github.com/studycast/studycast/gateway/internal/jobs"
	"github.com/studycast/studycast/gateway/internal/problem"
)

const (
	// uploadTimeout is for the whole body: 10 MiB at 85 kB/s.
	uploadTimeout = 2 * time.Minute
	formSlack     = 64 << 10 // what a form may hold besides the file
)

// uploadInput takes the body as it comes: it may be larger than memory should
// hold, so huma does not read it.
type uploadInput struct {
	ContentType string `header:"Content-Type" maxLength:"255" doc:"Type of the raw body, or multipart/form-data."`
	Name        string `query:"name" maxLength:"255" doc:"Name of the file; its ending tells Markdown from plain text."`
	r           *http.Request
	w           http.ResponseWriter
}

// Resolve keeps the request; it is called by huma.
func (in *uploadInput) Resolve(c huma.Context) []error {
	in.r, in.w = humachi.Unwrap(c)
	return nil
}

type uploadOutput struct {
	Body Upload
}

// Upload is a stored source.
type Upload struct {
	ID        string `json:"id" doc:"Use it as source.upload of a job."`
	MediaType string `json:"media_type" doc:"What it was found to be." example:"application/pdf"`
	Size      int64  `json:"size" doc:"Bytes."`
	SHA256    string `json:"sha256"`
}

func uploadBody() *huma.RequestBody {
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	raw := &huma.MediaType{Schema: binary}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"text/html": raw, "application/pdf": raw, "text/markdown": raw, "text/plain": raw, "application/octet-stream": raw,
		"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": binary}, Required: []string{"file"},
		}},
	}}
}

func errTooLarge() error {
	return problem.New(http.StatusRequestEntityTooLarge,
		"The file is larger than %d MiB. Upload a shorter document or the part of it that you want to learn.", MaxUploadBytes>>20)
}

func (a *API) upload(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
	me, err := jobs.Caller(ctx)
	if err != nil {
		return nil, err
	}
	if in.r.ContentLength > MaxUploadBytes+formSlack {
		return nil, errTooLarge()
	}
	deadline := time.Now().Add(uploadTimeout)
	rc := http.NewResponseController(in.w)
	if err := errors.Join(rc.SetReadDeadline(deadline), rc.SetWriteDeadline(deadline.Add(callTimeout))); err != nil {
		return nil, err
	}
	doc, err := open(in.r)
	if err != nil {
		return nil, err
	}
	head := bufio.NewReaderSize(&capped{r: doc.body, left: MaxUploadBytes, over: errTooLarge}, sniffBytes)
	start, err := head.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, readError(err)
	}
	mediaType, err := sniff(start, doc.declared, cmp.Or(doc.name, in.Name))
	if err != nil {
		return nil, err
	}
	id := uuid.Must(uuid.NewV7()).String()
	info, err := a.Artifacts.Put(ctx, artifact.UploadKey(me.Owner, id), head, mediaType)
	if err != nil {
		return nil, readError(err)
	}
	return &uploadOutput{Body: Upload{ID: id, MediaType: info.MediaType, Size: info.Size, SHA256: info.SHA256}}, nil
}

// document is an upload before anybody looked into it.
type document struct {
	body     io.Reader
	declared string // media type by the client's word
	name     string // of the file; "" = not told
}

// open finds the document in a request: the body, or the first file of a form.
func open(r *http.Request) (document, error) {
	declared, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Header.Get("Content-Type") == "" || err != nil {
		declared, params = "application/octet-stream", nil
	}
	if declared != "multipart/form-data" {
		return document{body: r.Body, declared: mime.FormatMediaType(declared, charsetOf(params))}, nil
	}
	form, err := r.MultipartReader()
	if err != nil {
		return document{}, badForm(err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return document{}, &problem.Error{
				Status: http.StatusUnprocessableEntity, Field: "body.file",
				Detail: "The form holds no file. Choose one and send it as the field file.",
			}
		}
		if err != nil {
			return document{}, badForm(err)
		}
		if part.FileName() != "" {
			return document{body: part, declared: part.Header.Get("Content-Type"), name: part.FileName()}, nil
		}
	}
}

func charsetOf(params map[string]string) map[string]string {
	if c := params["charset"]; c != "" {
		return map[string]string{"charset": c}
	}
	return nil
}

func badForm(err error) error {
	var broken *edge.BrokenBody
	if errors.As(err, &broken) {
		return readError(err)
	}
	return &problem.Error{
		Status: http.StatusBadRequest, Err: err,
		Detail: "The form can't be read. Send it as multipart/form-data with a boundary, or send the file as the raw body.",
	}
}

// readError tells the client's trouble from the store's.
func readError(err error) error {
	var broken *edge.BrokenBody
	var own *problem.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded): // it is not the store
		return err
	case errors.As(err, &broken), errors.Is(err, io.ErrUnexpectedEOF):
		return &problem.Error{
			Status: http.StatusRequestTimeout, Err: err,
			Detail: "The file did not arrive whole and in time. Send it again.",
		}
	case strings.Contains(err.Error(), "multipart:"):
		return badForm(err)
	}
	return fault.Wrap(fault.Dependency, err, "The store of uploads can't take the file right now. Try again in a moment.")
}

// capped fails, unlike io.LimitReader, when there is more than it may read.
type capped struct {
	r    io.Reader
	left int64
	over func() error // what it fails with
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, c.over()
	}
	return n, err
}
