package app_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/gateway/app"
)

const ndjson = "application/x-ndjson"

func TestExport(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	o.Add(aLetter(absentID))
	a := g.post("/v1/dead-letters:export", `{"filter":{"fault":"dependency"},"reason":"a copy"}`)
	require.Equal(t, http.StatusOK, a.StatusCode, string(a.body))
	require.Equal(t, ndjson, a.Header.Get("Content-Type"))
	require.Contains(t, a.Header.Get("Content-Disposition"), "dead-letters.jsonl")
	lines := strings.Split(strings.TrimSpace(string(a.body)), "\n")
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], letterID, "oldest first")
	require.Equal(t, app.Local, o.Server.Audit()[0].GetAuthor())
	none := g.post("/v1/dead-letters:export", `{"filter":{"fault":"poison"},"reason":"a copy"}`)
	require.Equal(t, http.StatusOK, none.StatusCode)
	require.Empty(t, none.body)
	require.Equal(t, ndjson, none.Header.Get("Content-Type"))
	g.post("/v1/dead-letters:export", `{}`).problem(t, http.StatusUnprocessableEntity)
}

// slowExport writes lines until its caller leaves, or fails after some.
type slowExport struct {
	app.DeadLetters
	lines int
	err   error
	left  chan error
}

func (s *slowExport) Export(ctx context.Context, w io.Writer, _ deadletterclient.Filter, _, _ string) (n int64, err error) {
	defer func() { s.left <- err }()
	for i := 0; i != s.lines; i++ {
		select {
		case <-ctx.Done():
			return n, ctx.Err()
		default:
		}
		m, err := io.WriteString(w, strings.Repeat("x", 1000)+"\n")
		if n += int64(m); err != nil {
			return n, err
		}
	}
	return n, s.err
}

// An export that breaks does not look like one that is whole.
func TestExportIsCut(t *testing.T) {
	t.Parallel()
	s := &slowExport{lines: 3, err: errors.New("the store broke"), left: make(chan error, 1)}
	g := start(t, func(o *app.Options) { o.DeadLetters = s })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.base+"/v1/dead-letters:export", strings.NewReader(`{"reason":"x"}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := g.client.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, http.StatusOK, res.StatusCode)
	body, err := io.ReadAll(res.Body)
	require.Error(t, err, "the end is missing")
	require.LessOrEqual(t, len(body), 3003)
	require.Error(t, <-s.left)
	require.Eventually(t, func() bool { return strings.Contains(g.logs.String(), "an export was cut") }, within, time.Millisecond)
}

// Letters arrive while the export goes on, and a client that leaves ends it.
func TestExportIsStreamed(t *testing.T) {
	t.Parallel()
	s := &slowExport{lines: -1, left: make(chan error, 1)}
	g := start(t, func(o *app.Options) { o.DeadLetters = s })
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.base+"/v1/dead-letters:export", strings.NewReader(`{"reason":"x"}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := g.client.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	require.NoError(t, err)
	require.Len(t, line, 1001)
	leave()
	select {
	case err := <-s.left:
		require.Error(t, err)
	case <-time.After(within):
		t.Fatal("the export goes on for nobody")
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	path := "/v1/dead-letters:import"
	send := func(query, body string, headers ...string) answer {
		return g.call(http.MethodPost, path+query, strings.NewReader(body), headers...)
	}
	a := send("?reason=a+move", "{}\nno letter\n{}\n", "Content-Type", ndjson+"; charset=utf-8")
	require.Equal(t, http.StatusOK, a.StatusCode, string(a.body))
	require.Equal(t, map[string]any{
		"stored": 2.0, "present": 0.0, "refused": 1.0, "bad_lines": []any{map[string]any{"line": 2.0, "why": "it is not a JSON object"}},
	}, a.json())
	require.Equal(t, []string{app.Local, "a move"}, []string{o.Server.Audit()[0].GetAuthor(), o.Server.Audit()[0].GetReason()})
	send("", "{}", "Content-Type", ndjson).problem(t, http.StatusUnprocessableEntity)
	send("?reason=", "{}", "Content-Type", ndjson).problem(t, http.StatusUnprocessableEntity)
	for _, other := range []string{"application/json", "", "nonsense/"} {
		send("?reason=x", "{}", "Content-Type", other).problem(t, http.StatusUnsupportedMediaType)
	}
	large := send("?reason=x", strings.Repeat("{}\n", 2<<20), "Content-Type", ndjson)
	require.Equal(t, http.StatusOK, large.StatusCode, "more than a document may be")
	require.InDelta(t, 2<<20, large.json()["stored"], 0)
}

// A body that ends before its time is no shorter import.
func TestImportThatIsCutOff(t *testing.T) {
	t.Parallel()
	s := &reader{got: make(chan error, 1)}
	g := start(t, func(o *app.Options) { o.DeadLetters = s })
	x := &exerciser{gateway: g}
	res := x.halfOf(operation{method: "POST", path: "/v1/dead-letters:import?reason=x", contentType: ndjson, body: "{}\n"})
	require.Equal(t, http.StatusRequestTimeout, res.StatusCode)
	require.Error(t, <-s.got)
}

// reader imports what it reads.
type reader struct {
	app.DeadLetters
	got chan error
}

func (s *reader) Import(_ context.Context, r io.Reader, _, _ string) (deadletterclient.Imported, error) {
	_, err := io.Copy(io.Discard, r)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // taken for the end
	}
	s.got <- err
	return deadletterclient.Imported{}, err
}
