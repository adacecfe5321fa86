package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/studycast/studycast/client"
)

// The tests use the standard library only, as the package does: whoever imports
// the module gets nothing else, not even in go.sum.

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func equal[T any](t *testing.T, want, got T) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("want %+v, got %+v", want, got)
	}
}

// is demands a problem of a status.
func is(t *testing.T, err error, status int) {
	t.Helper()
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != status {
		t.Fatalf("want a problem of status %d, got %v", status, err)
	}
}

// script is a server without a network, so that it works in fake time: the n-th
// request gets the n-th answer.
type script struct {
	t       *testing.T
	answers []func(*http.Request) (*http.Response, error)
	calls   []*http.Request
	bodies  []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	n := len(s.calls)
	if n == len(s.answers) {
		s.t.Errorf("request %d, %s %s, was not expected", n+1, r.Method, r.URL)
		return nil, errors.New("no more answers")
	}
	body := []byte{}
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.calls, s.bodies = append(s.calls, r), append(s.bodies, string(body))
	return s.answers[n](r)
}

// played returns a client whose server answers so, and the server.
func played(t *testing.T, answers ...func(*http.Request) (*http.Response, error)) (*client.Client, *script) {
	t.Helper()
	s := &script{t: t, answers: answers}
	t.Cleanup(func() {
		if len(s.calls) != len(s.answers) && !t.Failed() {
			t.Errorf("%d requests instead of %d", len(s.calls), len(s.answers))
		}
	})
	return client.New("http://studycast.test", client.WithHTTPClient(&http.Client{Transport: s})), s
}

func with(status int, body string, headers ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{Status: http.StatusText(status), StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// lost is an answer that never came.
func lost(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

// hanging is a stream that brings something and then neither more nor its end.
func hanging(start string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(io.MultiReader(strings.NewReader(start), silent{r.Context()}))}, nil
	}
}

type silent struct{ ctx context.Context }

func (s silent) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}
