package house

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/webhook"
	gateway "github.com/studycast/studycast/gateway/app"
)

// described are the types of the Go client that the API's document describes,
// by the names of their schemas.
var described = map[string]any{
	"Artifact":          client.Artifact{},
	"AuditBody":         client.AuditPage{},
	"AuditRecord":       client.AuditRecord{},
	"BadLine":           client.BadLine{},
	"BatchBody":         client.Batch{},
	"BatchResult":       client.BatchResult{},
	"BrokerDepth":       client.BrokerQueue{},
	"CreatedReplayBody": client.StartedReplay{},
	"DeadLetter":        client.DeadLetter{},
	"DecidedBody":       client.Decided{},
	"EditOptions":       client.EditOptions{},
	"Fault":             client.Fault{},
	"ImportedBody":      client.Imported{},
	"Job":               client.Job{},
	"JobOptions":        client.Options{},
	"LetterAttempt":     client.LetterAttempt{},
	"LetterBody":        client.LetterBody{},
	"LetterFilter":      client.DeadFilter{},
	"LetterGroup":       client.DeadGroup{},
	"LetterOrigin":      client.LetterOrigin{},
	"Line":              client.Line{},
	"Link":              client.Link{},
	"ListBody":          client.Page{},
	"ListGroupsBody":    client.DeadGroupPage{},
	"ListLettersBody":   client.DeadPage{},
	"ListReplaysBody":   client.ReplayPage{},
	"Me":                client.Me{},
	"Move":              client.Move{},
	"Parking":           client.Parking{},
	"Pause":             client.Pause{},
	"Problem":           client.Problem{},
	"ProblemField":      client.ProblemField{},
	"Queue":             client.Queue{},
	"Replay":            client.Replay{},
	"ReplayBody":        client.Replayed{},
	"ReplayCounts":      client.ReplayCounts{},
	"ReplayPlan":        client.Plan{},
	"Skipped":           client.Skipped{},
	"Source":            client.Source{},
	"Stages":            client.Stages{},
	"SubmitBody":        client.Request{},
	"Voice":             client.Voice{},
	"Webhook":           client.Webhook{},
	"WebhookCall":       client.WebhookCall{},
	"WebhookDisabled":   client.WebhookDisabled{},
	"Worker":            client.Worker{},
	"WorkerAttempt":     client.WorkerAttempt{},
}

// elsewhere are schemas that the client has no type of its own for, and why.
var elsewhere = map[string]string{
	"BatchResults":      "a list: what SubmitBatch returns",
	"CreateReplayBody":  "a ReplayRequest; dry_run makes it PlanReplay",
	"CreateWebhookBody": "the first fields of a Webhook",
	"DecideInputBody":   "the arguments of Discard and Restore",
	"Deleted":           "an id: Event.Deleted",
	"ExportInputBody":   "the arguments of ExportDeadLetters",
	"LetterRequest":     "a Request without Fresh",
	"LinksBody":         "a list: what Links returns",
	"ListCallsBody":     "a page of WebhookCalls",
	"ListVoicesBody":    "a list: what Voices returns",
	"ListWebhooksBody":  "a list: what Webhooks returns",
	"QueuesBody":        "a list: what Queues returns",
	"ReasonBody":        "the argument of whatever goes on record",
	"ReplayInputBody":   "the arguments of Replay and ReplayEdited",
	"ResendBody":        "a DeadLetter: what Resend returns",
	"ResendInputBody":   "the arguments of Resend",
	"Upload":            "an id: what Upload returns",
	"WorkersBody":       "a list: what Workers returns",
}

// The Go client knows every field of the API, and no other.
func TestClientKnowsTheAPI(t *testing.T) {
	t.Parallel()
	doc, err := gateway.OpenAPI("dev")
	require.NoError(t, err)
	var api struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any
			}
		}
	}
	require.NoError(t, json.Unmarshal(doc, &api))
	for name, schema := range api.Components.Schemas {
		if elsewhere[name] != "" {
			continue
		}
		require.Contains(t, described, name, "the client has no type for this schema")
		fields := []string{}
		for _, f := range reflect.VisibleFields(reflect.TypeOf(described[name])) {
			if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag != "-" {
				fields = append(fields, tag)
			}
		}
		require.ElementsMatch(t, slices.Collect(maps.Keys(schema.Properties)), fields, name)
	}
	for name := range described {
		require.Contains(t, api.Components.Schemas, name)
	}
}

// The Go client names every type of problem, and no other.
func TestClientKnowsTheProblems(t *testing.T) {
	t.Parallel()
	doc, err := gateway.OpenAPI("dev")
	require.NoError(t, err)
	urn := regexp.MustCompile(`"(urn:studycast:problem:[a-z-]+)"`)
	known := func(text string) []string {
		all := map[string]bool{}
		for _, m := range urn.FindAllStringSubmatch(text, -1) {
			all[m[1]] = true
		}
		return slices.Sorted(maps.Keys(all))
	}
	require.NotEmpty(t, known(string(doc)))
	require.Equal(t, known(string(doc)), known(read(t, "client/problem.go")))
}

// The Go client reads the notices that webhooks get.
func TestClientReadsNotices(t *testing.T) {
	t.Parallel()
	j := job.Job{ID: "j", Request: job.Request{Kind: job.Audio, Labels: map[string]string{"course": "geo-1"}}, State: job.Failed}
	j.Fault, j.FinishedAt = &job.Fault{Kind: "request", Text: "No text."}, time.Now().UTC()
	body, err := webhook.EncodeJob(j)
	require.NoError(t, err)
	old, secret := webhook.NewSecret(), webhook.NewSecret()
	signature, err := webhook.Sign([]string{secret, old}, "call", time.Now(), body)
	require.NoError(t, err)
	for _, known := range []string{old, secret} {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set(webhook.HeaderID, "call")
		r.Header.Set(webhook.HeaderTimestamp, strconv.FormatInt(time.Now().Unix(), 10))
		r.Header.Set(webhook.HeaderSignature, signature)
		n, err := client.ReadNotice(r, known)
		require.NoError(t, err)
		require.Equal(t, webhook.TypeOf(job.Failed), n.Type)
		require.Equal(t, j.FinishedAt, n.At)
		require.Equal(t, []string{"j", client.Audio, client.Failed, "No text.", "geo-1"},
			[]string{n.Job.ID, n.Job.Kind, n.Job.State, n.Job.Fault.Text, n.Job.Labels["course"]})
	}
}
