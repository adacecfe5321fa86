package client_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/studycast/studycast/client"
)

func TestVoices(t *testing.T) {
	t.Parallel()
	var asked client.Request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.Method + " " + r.URL.Path {
		case "GET /v1/voices":
			_, _ = w.Write([]byte(`{"voices":[{"name":"cal","language":"en-GB","gender":"male","character":"lively","suits":["second"],"default_for":[],"available":true}]}`))
		case "POST /v1/jobs":
			_ = json.NewDecoder(r.Body).Decode(&asked)
			w.WriteHeader(http.StatusAccepted)
			_, _ = w.Write([]byte(`{"id":"1","state":"queued","options":{"voices":["cal"],"format":"monologue"}}`))
		default:
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	t.Cleanup(s.Close)
	c := client.New(s.URL)
	t.Cleanup(c.Close)
	all, err := c.Voices(t.Context())
	ok(t, err)
	equal(t, []client.Voice{{
		Name: "cal", Language: "en-GB", Gender: "male", Character: "lively", Suits: []string{client.SecondHost}, DefaultFor: []string{}, Available: true,
	}}, all)
	want := client.Options{Voices: []string{"cal"}, Format: client.Monologue}
	j, err := c.Submit(t.Context(), client.Request{Kind: client.Audio, Source: client.Source{Text: "# Tides"}, Options: want})
	ok(t, err)
	equal(t, want, asked.Options)
	equal(t, want, j.Options)
	equal(t, false, want.Equal(client.Options{Voices: []string{"ada"}, Format: client.Monologue}))
}
