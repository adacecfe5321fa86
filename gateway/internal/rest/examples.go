package rest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/lesson/voice"
	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

const (
	sampleID       = "0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30"
	sampleInstance = "urn:uuid:5f0c2c58-6d6f-4f0b-9f06-1b9f3f4b7a11"
	sampleSum      = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

var (
	sampleTime   = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	sampleSource = Source{URL: "https://en.wikipedia.org/wiki/Photosynthesis"}
	sampleParams = map[string]any{
		"Idempotency-Key": "5e8f4c1a", "If-None-Match": `"7"`, "Last-Event-ID": "7", "name": "notes.md", "Content-Type": "text/markdown",
		"job": sampleID, "kind": "video", "page_size": 20, "created_after": "2026-11-23T09:00:00Z", "created_before": "2026-11-24T09:00:00Z",
		"state": []string{"queued", "running"}, "page_token": "7f3a", "owner": "ann", "token": "AAAAAGkh", "download": true,
		"fingerprint": samplePrint, "fault": "dependency", "died_after": "2026-11-23T09:00:00Z", "died_before": "2026-11-24T09:00:00Z",
		"text": "voice", "author": "root", "after": "2026-11-23T09:00:00Z", "before": "2026-11-24T09:00:00Z", "reason": "from the old system",
	}
)

func queuedJob() Job {
	return Job{
		ID: sampleID, Kind: "video", State: "queued", Source: sampleSource, Options: JobOptions{Length: "short"}, Artifacts: []Artifact{},
		CreatedAt: sampleTime, UpdatedAt: sampleTime, Version: 1,
		Line: &Line{Position: 3, EarliestStart: sampleTime.Add(4 * time.Second)},
	}
}

func doneJob() Job {
	j := queuedJob()
	started, ended := sampleTime.Add(time.Second), sampleTime.Add(6*time.Second)
	j.Line = nil
	j.State, j.Title, j.Progress, j.Attempt, j.Version = "succeeded", "Photosynthesis", 100, 1, 9
	j.StartedAt, j.FinishedAt, j.UpdatedAt = &started, &ended, ended
	j.Artifacts = []Artifact{{
		Name: "video.mp4", MediaType: "video/mp4", Size: 1843200, SHA256: sampleSum, URL: jobPath(sampleID) + "/artifacts/video.mp4",
	}}
	return j
}

func stateJob(state string) Job {
	j := queuedJob()
	j.State, j.Version, j.Line = state, 3, nil
	return j
}

func sampleResults() batchResults {
	accepted := queuedJob()
	refused := problem.From(context.Background(), &job.InvalidError{Fields: []job.FieldError{{Path: "source.url", Message: "is not on the public internet: use another address"}}})
	refused.Instance = sampleInstance
	return batchResults{Results: []BatchResult{{Status: 202, Job: &accepted}, {Status: 422, Problem: refused}}}
}

// example are the bodies of an operation: of requests by name, of answers by
// status.
type example struct {
	requests map[string]any
	answers  map[string]any
}

func examples() map[string]example {
	stream := []any{map[string]any{"id": 9, "event": eventJob, "data": doneJob()}}
	all := map[string]example{
		"submit-job": {
			requests: map[string]any{
				"page":  map[string]any{"kind": "video", "source": sampleSource, "options": JobOptions{Length: "short", Theme: "paper"}},
				"text":  map[string]any{"kind": "audio", "source": Source{Text: "# Tides\n\nThe moon pulls the sea."}, "labels": map[string]string{"course": "geo-1"}},
				"phone": map[string]any{"kind": "video", "source": sampleSource, "options": JobOptions{Format: job.Portrait, Voices: []string{"cal"}}},
				"hosts": map[string]any{"kind": "audio", "source": sampleSource, "options": JobOptions{Format: job.Dialogue, Voices: []string{"ada", "cal"}}},
				"file":  map[string]any{"kind": "video", "source": Source{Upload: sampleID}},
			},
			answers: map[string]any{"202": queuedJob()},
		},
		"submit-jobs": {
			requests: map[string]any{"links": map[string]any{"jobs": []any{
				map[string]any{"kind": "video", "source": sampleSource}, map[string]any{"kind": "audio", "source": Source{URL: "https://en.wikipedia.org/wiki/Tide"}},
			}}},
			answers: map[string]any{"200": sampleResults()},
		},
		"get-me":      {answers: map[string]any{"200": Me{Owner: "ann", Roles: []caller.Role{caller.Student}, Permissions: []caller.Permission{}, SignedIn: true}}},
		"get-job":     {answers: map[string]any{"200": doneJob()}},
		"list-jobs":   {answers: map[string]any{"200": listBody{Jobs: []Job{doneJob()}}}},
		"list-voices": {answers: map[string]any{"200": viewVoices(voice.List(nil))}},
		"cancel-job":  {answers: map[string]any{"200": stateJob("cancelled")}},
		"retry-job":   {answers: map[string]any{"202": stateJob("queued")}},
		"watch-job":   {answers: map[string]any{"200": append([]any{map[string]any{"event": eventLine, "data": queuedJob().Line}}, stream...)}},
		"watch-jobs":  {answers: map[string]any{"200": append(stream, map[string]any{"id": 12, "event": eventDeleted, "data": Deleted{ID: sampleID}})}},
		"upload": {
			requests: map[string]any{"text/markdown": "# Tides\n\nThe moon pulls the sea."},
			answers:  map[string]any{"201": Upload{ID: sampleID, MediaType: "text/markdown", Size: 32, SHA256: sampleSum}},
		},
		"link-artifacts": {answers: map[string]any{"200": linksBody{Links: []Link{{
			Name: "video.mp4", URL: jobPath(sampleID) + "/artifacts/video.mp4?token=AAAAAGkh", ExpiresAt: sampleTime.Add(time.Hour),
		}}}}},
		"create-webhook": {
			requests: map[string]any{"webhook": map[string]any{"url": "https://lms.example.org/studycast", "states": []string{"succeeded", "failed"}}},
			answers:  map[string]any{"201": sampleHook(sampleWhsec)},
		},
		"list-webhooks":         {answers: map[string]any{"200": listWebhooksBody{Webhooks: []Webhook{sampleHook("")}}}},
		"get-webhook":           {answers: map[string]any{"200": sampleHook("")}},
		"rotate-webhook-secret": {answers: map[string]any{"200": sampleHook(sampleWhsec)}},
		"test-webhook":          {answers: map[string]any{"202": sampleCall("ping", "pending")}},
		"list-webhook-calls":    {answers: map[string]any{"200": listCallsBody{Calls: []WebhookCall{sampleCall("job.succeeded", "delivered")}}}},
		"retry-webhook-call":    {answers: map[string]any{"202": sampleCall("job.failed", "pending")}},
	}
	maps.Copy(all, operatorExamples())
	return all
}

func addExamples(op *huma.Operation) {
	for _, p := range op.Parameters {
		switch {
		case len(p.Schema.Examples) > 0:
			p.Example = p.Schema.Examples[0]
		case p.In != "path":
			if p.Example = sampleParams[p.Name]; p.Name == "state" && slices.Contains(op.Tags, "operators") {
				p.Example = []string{p.Schema.Items.Enum[0].(string)}
			}
		case p.Name == "id":
			p.Example = sampleID
		}
	}
	e := examples()[op.OperationID]
	for name, body := range e.requests {
		m := op.RequestBody.Content["application/json"]
		if m == nil {
			m = op.RequestBody.Content[name]
		}
		if m.Examples == nil {
			m.Examples = map[string]*huma.Example{}
		}
		m.Examples[name] = &huma.Example{Value: body}
	}
	for status, body := range e.answers {
		for _, m := range op.Responses[status].Content {
			m.Example = body
		}
	}
}
