package rest

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

type linksOutput struct {
	CacheControl string `header:"Cache-Control" doc:"Not to be kept: whoever has a link has the file."`
	Body         linksBody
}

type linksBody struct {
	Links []Link `json:"links" nullable:"false" doc:"One for each file of the job."`
}

// Link is an address of a file that works without a token.
type Link struct {
	Name      string    `json:"name" doc:"Name of the file." example:"video.mp4"`
	URL       string    `json:"url" doc:"Relative to this host; &download=1 saves it under a readable name."`
	ExpiresAt time.Time `json:"expires_at" doc:"It works until then."`
}

func (a *API) links(docs huma.API) {
	huma.Register(docs, huma.Operation{
		OperationID: "link-artifacts", Method: http.MethodGet, Path: "/v1/jobs/{id}/links", Tags: []string{"files"},
		Summary: "Get links to the files of a job",
		Description: "For what can't send a token, like the video element of a browser. Each link opens one file for an hour, for whoever has it; " +
			"nothing else can be done with it. Ask again when it has ended.",
		Errors: []int{404, 504},
	}, safely(a, a.linkArtifacts))
}

func (a *API) linkArtifacts(ctx context.Context, in *JobInput) (*linksOutput, error) {
	j, err := a.Jobs.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &linksOutput{CacheControl: "no-store", Body: linksBody{Links: []Link{}}}
	for _, made := range j.Artifacts {
		token, ends := a.Links.Sign(j.Owner, string(j.ID), made.Name)
		out.Body.Links = append(out.Body.Links, Link{Name: made.Name, URL: artifactPath(j.ID, made.Name) + "?token=" + url.QueryEscape(token), ExpiresAt: ends})
	}
	return out, nil
}
