package rest

import (
	"context"
	"mime"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
)

// stallTimeout cuts a client that takes no byte of a file for so long.
const stallTimeout = 30 * time.Second

// FileRoute is the route pattern of files.
const FileRoute = "/v1/jobs/{id}/artifacts/{name}"

// filePolicy lets a browser play a file that it opened by itself, and no more.
const filePolicy = "default-src 'none'; media-src 'self'; img-src 'self'; frame-ancestors 'self'; sandbox"

// fileCaching lets a browser keep a file: it never changes.
const fileCaching = "private, max-age=31536000, immutable"

type artifactInput struct {
	JobInput
	Name     string `path:"name" maxLength:"128" doc:"Name of the file, as listed in the job." example:"video.mp4"`
	Download bool   `query:"download" doc:"Save it under a readable name."`
	Token    string `query:"token" maxLength:"512" doc:"Of a link to the file, instead of Authorization; see GET /v1/jobs/{id}/links."`
	r        *http.Request
}

// Resolve keeps the request; it is called by huma.
func (in *artifactInput) Resolve(c huma.Context) []error {
	in.r, _ = humachi.Unwrap(c)
	return nil
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func (a *API) files(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "get-artifact", Method: http.MethodGet, Path: FileRoute, Tags: []string{"files"},
		Summary: "Fetch a file", Description: "Range requests, ETag and If-None-Match work; a file never changes. " +
			"A gateway whose files lie in a bucket may answer 307: follow it with the same method and Range, and without Authorization.",
		Responses: map[string]*huma.Response{
			"200": fileResponse("The file"), "206": fileResponse("The part of it that Range asked for", "Content-Range"),
			"304": notModified(), "307": elsewhere(), "416": {Description: "The file has no such range"},
		},
		Errors:   []int{404, 504},
		Security: []map[string][]string{{}, {"bearer": {}}, {"link": {}}},
	}, safely(a, a.artifact))
	huma.Register(docs, huma.Operation{
		OperationID: "upload", Method: http.MethodPost, Path: "/v1/uploads", Tags: []string{"files"},
		Summary: "Upload a source", Description: "A page, a PDF, Markdown or plain text of at most 10 MiB, as the raw body or as the first file of a form. " +
			"What it is follows from its content. Use the id as source.upload of a job.",
		DefaultStatus: http.StatusCreated,
		Errors:        []int{400, 408, 413, 415, 504},
	}, safely(a, a.upload))
	// Told before, huma would read the body itself.
	docs.OpenAPI().Paths["/v1/uploads"].Post.RequestBody = uploadBody()
}

func fileResponse(description string, headers ...string) *huma.Response {
	r := &huma.Response{
		Description: description,
		Content:     map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
	addHeaders(r, append(headers, "ETag", "Accept-Ranges", "Content-Disposition")...)
	return r
}

func notModified() *huma.Response {
	r := &huma.Response{Description: "Not modified: you have the newest version"}
	addHeaders(r, "ETag")
	return r
}

func (a *API) artifact(ctx context.Context, in *artifactInput) (*huma.StreamResponse, error) {
	j, err := a.Jobs.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	made, ok := find(j.Artifacts, in.Name)
	if !ok {
		return nil, artifact.ErrNotFound
	}
	if a.Direct != nil && isDirect(made, in) {
		return a.redirect(ctx, j, made, in)
	}
	f, err := a.Artifacts.Open(ctx, made.Key)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer func() { _ = f.Close() }()
		r, w := humachi.Unwrap(c)
		h := w.Header()
		h.Set("Content-Type", withCharset(made.MediaType))
		h.Set("ETag", tagOf(made))
		h.Set("Cache-Control", fileCaching)
		h.Set("Content-Security-Policy", filePolicy)
		h.Set("Content-Disposition", disposition(j, made.Name, in.Download))
		http.ServeContent(&paced{ResponseWriter: w, rc: http.NewResponseController(w)}, r, "", j.FinishedAt, f)
	}}, nil
}

func tagOf(made job.Artifact) string { return `"` + made.SHA256 + `"` }

func find(made []job.Artifact, name string) (job.Artifact, bool) {
	for _, a := range made {
		if a.Name == name {
			return a, true
		}
	}
	return job.Artifact{}, false
}

func withCharset(mediaType string) string {
	if strings.HasPrefix(mediaType, "text/") && !strings.Contains(mediaType, "charset") {
		return mediaType + "; charset=utf-8"
	}
	return mediaType
}

// disposition names the file as a person would: the title of the lesson and,
// where several files share an ending, what it is.
func disposition(j job.Job, name string, download bool) string {
	kind := "inline"
	if download {
		kind = "attachment"
	}
	return mime.FormatMediaType(kind, map[string]string{"filename": downloadName(j, name)})
}

func downloadName(j job.Job, name string) string {
	title := readable(j.Title)
	if title == "" {
		return name
	}
	ext := path.Ext(name)
	base := strings.TrimSuffix(name, ext)
	if base == string(j.Request.Kind) {
		return title + ext
	}
	return title + " - " + base + ext
}

// readable keeps of a title what every file system takes, at most 80 runes.
func readable(title string) string {
	const most = 80
	clean := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`/\:*?"<>|`, r), unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, title)
	runes := []rune(strings.Join(strings.Fields(clean), " "))
	if len(runes) > most {
		runes = runes[:most]
	}
	return strings.Trim(string(runes), " .")
}

// paced extends the write deadline with every piece, so that a large file has
// the time that it needs and a stalled client has not. It hides ReadFrom, which
// would send the whole file in one piece.
type paced struct {
	http.ResponseWriter
	rc *http.ResponseController
}

func (p *paced) Write(b []byte) (int, error) {
	_ = p.rc.SetWriteDeadline(time.Now().Add(stallTimeout))
	return p.ResponseWriter.Write(b)
}
