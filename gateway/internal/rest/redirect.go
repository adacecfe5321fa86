package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/job"
)

// directLife is how long a signed link to a bucket works: a lesson is played to
// its end, and whoever pauses for longer asks again.
const directLife = 15 * time.Minute

func elsewhere() *huma.Response {
	r := &huma.Response{Description: "The file is at Location, a signed address that ends soon"}
	r.Headers = map[string]*huma.Header{"Location": {
		Description: "Signed address of the file, for this method.", Schema: &huma.Schema{Type: huma.TypeString, Format: "uri"},
	}}
	addHeaders(r, "ETag")
	return r
}

// isDirect tells the files that are fetched from their bucket: those that weigh,
// and those that are saved. Captions and pictures are read by pages, which a
// browser lets read from their own host only.
func isDirect(made job.Artifact, in *artifactInput) bool {
	return in.Download || strings.HasPrefix(made.MediaType, "video/") || strings.HasPrefix(made.MediaType, "audio/")
}

// redirect answers with a link to the bucket, or that the caller has the file.
func (a *API) redirect(ctx context.Context, j job.Job, made job.Artifact, in *artifactInput) (*huma.StreamResponse, error) {
	if holds(in.r.Header.Values("If-None-Match"), tagOf(made)) {
		return bare(http.StatusNotModified, http.Header{"Etag": {tagOf(made)}, "Cache-Control": {fileCaching}}), nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	to, err := a.Direct.Link(ctx, made.Key, artifact.Link{
		Method: in.r.Method, Life: directLife, MediaType: withCharset(made.MediaType), Disposition: disposition(j, made.Name, in.Download),
	})
	if err != nil {
		return nil, err
	}
	return bare(http.StatusTemporaryRedirect, http.Header{"Location": {to}, "Etag": {tagOf(made)}}), nil
}

// bare is an answer without a body.
func bare(status int, h http.Header) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		_, w := humachi.Unwrap(c)
		for name, values := range h {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
	}}
}

// holds reports whether a list of tags, as in If-None-Match, has this one.
func holds(lists []string, tag string) bool {
	for _, list := range lists {
		for one := range strings.SplitSeq(list, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
