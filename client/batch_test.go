package client_test

import (
	"testing"
	"time"

	"github.com/studycast/studycast/client"
)

func TestBatch(t *testing.T) {
	t.Parallel()
	c, s := played(t, with(200, `{"results":[
		{"status":202,"job":{"id":"j"},"replayed":true},
		{"status":429,"problem":`+limited+`,"retry_after":3}]}`), with(200, `{"results":[]}`))
	b := client.Batch{Key: "course-7", Jobs: []client.Request{{Kind: client.Audio, Source: client.Source{Text: "x"}, Key: "own"}}}
	all, err := c.SubmitBatch(t.Context(), b)
	ok(t, err)
	equal(t, "/v1/jobs:batch", s.calls[0].URL.Path)
	equal(t, "course-7", s.calls[0].Header.Get("Idempotency-Key"))
	equal(t, `{"jobs":[{"kind":"audio","source":{"text":"x"}}]}`, s.bodies[0])
	equal(t, "j", all[0].Job.ID)
	equal(t, true, all[0].Replayed)
	equal(t, client.ProblemTooManyRequests, all[1].Problem.Type)
	equal(t, 3*time.Second, all[1].Problem.RetryAfter)

	_, err = c.SubmitBatch(t.Context(), client.Batch{Jobs: b.Jobs})
	ok(t, err)
	if key := s.calls[1].Header.Get("Idempotency-Key"); len(key) < 20 {
		t.Fatalf("the key %q can be guessed", key)
	}
}
