package ledger

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

func TestTokenComesBackWhole(t *testing.T) {
	t.Parallel()
	f := store.Filter{Owner: "ada", States: []job.State{job.Queued}}
	c := store.Cursor{CreatedAt: time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC), ID: "0190-a"}
	got, err := decodeToken(encodeToken(c, f), f)
	require.NoError(t, err)
	require.Equal(t, c, got)
}

func TestForeignTokensAreRefused(t *testing.T) {
	t.Parallel()
	f := store.Filter{Owner: "ada"}
	good := encodeToken(store.Cursor{CreatedAt: time.Unix(1, 0), ID: "a"}, f)
	newer, err := base64.RawURLEncoding.DecodeString(good)
	require.NoError(t, err)
	newer[0] = tokenVersion + 1
	for name, token := range map[string]string{
		"no base64": "!!", "short": "AQ", "cut": good[:len(good)-3], "newer": base64.RawURLEncoding.EncodeToString(newer),
	} {
		var invalid *job.InvalidError
		_, err := decodeToken(token, f)
		require.ErrorAs(t, err, &invalid, name)
		require.Equal(t, "page_token", invalid.Fields[0].Path)
	}
	_, err = decodeToken(good, store.Filter{Owner: "ben"})
	require.ErrorContains(t, err, "another filter")
}

func FuzzDecodeToken(f *testing.F) {
	filter := store.Filter{Owner: "ada"}
	f.Add(encodeToken(store.Cursor{CreatedAt: time.Unix(1, 0), ID: "a"}, filter))
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		c, err := decodeToken(token, filter)
		if err != nil {
			return
		}
		require.Equal(t, token, encodeToken(c, filter), "what is taken is what was given out")
	})
}
