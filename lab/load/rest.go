package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/studycast/studycast/core/job"
)

// rest is a gateway by its REST API.
type rest struct {
	base   string
	client *http.Client
}

func newREST(u *url.URL, clients int) *rest {
	t := &http.Transport{MaxIdleConns: clients, MaxIdleConnsPerHost: clients, IdleConnTimeout: time.Minute}
	return &rest{base: strings.TrimRight(u.String(), "/"), client: &http.Client{Transport: t}}
}

func (r *rest) close() { r.client.CloseIdleConnections() }

// restRequest is a job.Request as the API wants it.
type restRequest struct {
	Kind    job.Kind          `json:"kind"`
	Source  restSource        `json:"source"`
	Options restOptions       `json:"options,omitzero"`
	RunAt   time.Time         `json:"run_at,omitzero"`
	Labels  map[string]string `json:"labels,omitempty"`
}

type restSource struct {
	URL    string `json:"url,omitempty"`
	Upload string `json:"upload,omitempty"`
	Text   string `json:"text,omitempty"`
}

type restOptions struct {
	Length   string   `json:"length,omitempty"`
	Theme    string   `json:"theme,omitempty"`
	Language string   `json:"language,omitempty"`
	Voices   []string `json:"voices,omitempty"`
	Format   string   `json:"format,omitempty"`
}

// restJob is what a load wants to know of a job.
type restJob struct {
	ID         job.ID    `json:"id"`
	State      job.State `json:"state"`
	Attempt    int       `json:"attempt"`
	CreatedAt  time.Time `json:"created_at"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
}

func (j restJob) job() job.Job {
	return job.Job{
		ID: j.ID, State: j.State, Attempt: j.Attempt,
		CreatedAt: j.CreatedAt, StartedAt: j.StartedAt, FinishedAt: j.FinishedAt,
	}
}

func (r *rest) submit(ctx context.Context, req job.Request, key string) (acceptance, error) {
	body, err := json.Marshal(restRequest{
		req.Kind, restSource(req.Source), restOptions(req.Options), req.RunAt, req.Labels,
	})
	if err != nil {
		return acceptance{}, err
	}
	var j restJob
	h, err := r.call(ctx, http.MethodPost, "/v1/jobs", http.Header{
		"Content-Type": {"application/json"}, "Idempotency-Key": {key},
	}, body, &j)
	return acceptance{j.ID, j.CreatedAt, h.Get("Idempotency-Replayed") == "true"}, err
}

func (r *rest) list(ctx context.Context, states []job.State, after time.Time, token string) (page, error) {
	q := url.Values{"page_size": {strconv.Itoa(pageSize)}, "created_after": {after.UTC().Format(time.RFC3339Nano)}}
	if token != "" {
		q.Set("page_token", token)
	}
	var names []string
	for _, s := range states {
		names = append(names, string(s))
	}
	if len(names) > 0 {
		q.Set("state", strings.Join(names, ","))
	}
	var answer struct {
		Jobs []restJob `json:"jobs"`
		Next string    `json:"next_page_token"`
	}
	_, err := r.call(ctx, http.MethodGet, "/v1/jobs?"+q.Encode(), nil, nil, &answer)
	p := page{next: answer.Next}
	for _, j := range answer.Jobs {
		p.jobs = append(p.jobs, j.job())
	}
	return p, err
}

func (r *rest) get(ctx context.Context, id job.ID) (job.Job, error) {
	var j restJob
	_, err := r.call(ctx, http.MethodGet, "/v1/jobs/"+url.PathEscape(string(id)), nil, nil, &j)
	if no, ok := err.(*refused); ok && no.code == strconv.Itoa(http.StatusNotFound) { //nolint:errorlint // call returns it bare
		return job.Job{}, job.ErrNotFound
	}
	return j.job(), err
}

// maxAnswer is more than a page of jobs has.
const maxAnswer = 32 << 20

func (r *rest) call(ctx context.Context, method, path string, h http.Header, body []byte, into any) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	// net/http would send what has an idempotency key again by itself, and hide
	// that there was no answer.
	req.GetBody = nil
	for k, v := range h {
		req.Header[k] = v
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, refusal(resp, data)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return nil, fmt.Errorf("answer %d is no job: %w", resp.StatusCode, err)
	}
	return resp.Header, nil
}

func refusal(resp *http.Response, data []byte) *refused {
	var problem struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	_ = json.Unmarshal(data, &problem) // what is no problem document has its status only
	no := &refused{code: strconv.Itoa(resp.StatusCode), text: problem.Detail}
	if no.text == "" {
		no.text = problem.Title
	}
	no.passing = resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		no.after = time.Duration(s) * time.Second
	}
	return no
}
