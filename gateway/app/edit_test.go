package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/gateway/app"
	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
)

// editors are operators, by what they were given.
func editors(t *testing.T) (tokens map[string]string, signIn func(*app.Options)) {
	t.Helper()
	token := func(metadata map[string]any) string {
		s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"sub": "olga", "app_metadata": metadata, "exp": time.Now().Add(time.Hour).Unix(),
		}).SignedString([]byte(tokenSecret))
		require.NoError(t, err)
		return s
	}
	tokens = map[string]string{
		"token":           token(map[string]any{"role": "operator"}),
		"token with edit": token(map[string]any{"role": "operator", "permissions": []string{"fly", "edit"}}),
		"student with it": token(map[string]any{"role": "student", "permissions": []string{"edit"}}),
	}
	var lines []string
	for name, scopes := range map[string][]app.Scope{
		"key": nil, "limited key": {"deadletters:write"}, "key with edit": {"deadletters:write", "deadletters:edit"}, "key for edit alone": {"deadletters:edit"},
	} {
		key, line, err := app.NewAPIKey("ops", []app.Role{app.Operator}, scopes)
		require.NoError(t, err)
		tokens[name] = key
		lines = append(lines, line)
	}
	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600))
	in, err := app.NewSignIn(t.Context(), config.Auth{AuthJWTSecret: tokenSecret, APIKeysFile: file}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, in.Close()) })
	return tokens, func(o *app.Options) { o.Authenticate = in.Identify }
}

// To change what a job asks for takes more than the role, at both doors.
func TestWhoMayEdit(t *testing.T) {
	t.Parallel()
	tokens, signIn := editors(t)
	o := startOffice(t)
	s := startGRPC(t, signIn, o.with)
	letters := deadletterv1.NewDeadLetterServiceClient(s.conn)
	for name, token := range tokens {
		for _, over := range []string{"REST", "gRPC"} {
			what := name + " over " + over
			l := aLetter(uuid.NewString())
			o.Add(l)
			p := person{token: token}
			allowed := strings.HasSuffix(name, "with edit")
			var reason string
			if over == "REST" {
				a := s.post("/v1/dead-letters/"+l.ID+":replay", `{"reason":"x","options":{"length":"long"}}`, p.header()...)
				if allowed {
					require.Equal(t, http.StatusAccepted, a.StatusCode, "%s: %s", what, a.body)
					continue
				}
				reason = a.problem(t, http.StatusForbidden)["detail"].(string)
			} else {
				edited := wire.RequestToProto(*l.Request)
				edited.Options.Length = "long"
				_, err := letters.ReplayDeadLetter(p.context(t), &deadletterv1.ReplayDeadLetterRequest{Id: l.ID, Reason: "x", Request: edited})
				if allowed {
					require.NoError(t, err, what)
					continue
				}
				require.Equal(t, codes.PermissionDenied, status.Code(err), what)
				reason = err.Error()
			}
			says := map[string]string{
				"token": "permission edit", "key": "permission edit", "limited key": "deadletters:edit", "key for edit alone": "deadletters:write",
				"student with it": "for operators",
			}[name]
			require.Contains(t, reason, says, what)
			got, err := o.Get(t.Context(), l.ID)
			require.NoError(t, err)
			require.Equal(t, deadletterclient.Open, got.State, what)
		}
	}
	// As it is, anybody with the role replays it.
	a := s.post("/v1/dead-letters/"+letterID+":replay", `{"reason":"x"}`, person{token: tokens["token"]}.header()...)
	require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
}

// An edit is checked as a submission of the job's owner, and the letter keeps
// what it asked for.
func TestEdits(t *testing.T) {
	t.Parallel()
	g, o := startDead(t)
	path := "/v1/dead-letters/" + letterID
	const upload = "0199f1a2-aaaa-7b10-9b1f-0c7d6a1e2f30"
	_, err := g.artifacts.Put(t.Context(), artifact.UploadKey("bob", upload), strings.NewReader("# Tides"), "text/markdown")
	require.NoError(t, err)
	for edit, field := range map[string]string{
		`"source":{"url":"http://10.0.0.1/"}`:          "body.source.url",
		`"source":{"url":"https://e.org/","text":"x"}`: "body.source",
		`"source":{}`:                              "body.source",
		`"source":{"upload":"` + upload + `"}`:     "body.source.upload",
		`"options":{"length":"eternal"}`:           "body.options.length",
		`"options":{"language":"klingon!"}`:        "body.options.language",
		`"options":{"speed":2}`:                    "body.options.speed",
		`"kind":"audio"`:                           "body.kind",
		`"options":{"theme":"dark"},"author":"me"`: "body.author",
	} {
		m := g.post(path+":replay", `{"reason":"x",`+edit+`}`).problem(t, http.StatusUnprocessableEntity)
		require.Equal(t, field, m["errors"].([]any)[0].(map[string]any)["location"], edit)
	}
	_, err = g.artifacts.Put(t.Context(), artifact.UploadKey("ann", upload), strings.NewReader("# Tides"), "text/markdown")
	require.NoError(t, err)
	a := g.post(path+":replay", `{"reason":"x","source":{"upload":"`+upload+`"},"options":{"theme":"paper","language":""}}`)
	require.Equal(t, http.StatusAccepted, a.StatusCode, string(a.body))
	l, err := o.Get(t.Context(), letterID)
	require.NoError(t, err)
	require.Equal(t, job.Options{Length: "short", Theme: "paper"}, l.Edited.Options, "what was not named stays")
	require.Equal(t, job.Source{Upload: upload}, l.Edited.Source)
	require.Equal(t, aLetter("").Request.Source, l.Request.Source)
	one := g.get(path).json()
	require.Equal(t, upload, one["edited"].(map[string]any)["source"].(map[string]any)["upload"])
	require.Equal(t, "https://example.org/", one["request"].(map[string]any)["source"].(map[string]any)["url"])

	unreadable := aLetter(absentID)
	unreadable.Request, unreadable.Undecodable = nil, "it is no request"
	o.Add(unreadable)
	m := g.post("/v1/dead-letters/"+absentID+":replay", `{"reason":"x","options":{"theme":"dark"}}`).problem(t, http.StatusConflict)
	require.Contains(t, m["detail"], "nothing to edit")
}
