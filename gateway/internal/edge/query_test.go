package edge

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/gateway/internal/problem"
)

func TestReadableQuery(t *testing.T) {
	t.Parallel()
	for raw, field := range map[string]string{
		"":                           "",
		"state=queued,running&kind=": "",
		"name=%E2%80%AE%20+x":        "",
		"page_token=%ff":             "query.page_token",
		"a=1&page_token=x%00y":       "query.page_token",
		"%ff%00=1":                   "query.??",
		"page_size=%zz":              "query",
		"state=queued;failed":        "query",
	} {
		err := checkQuery(raw)
		if field == "" {
			require.NoError(t, err, raw)
			continue
		}
		var p *problem.Error
		require.ErrorAs(t, err, &p, raw)
		require.Equal(t, 422, p.Status)
		require.Equal(t, field, p.Field, raw)
	}
}

func FuzzReadableQuery(f *testing.F) {
	f.Add("page_token=%ff&a=b;c")
	f.Add("%00=%00")
	f.Fuzz(func(t *testing.T, raw string) {
		var p *problem.Error
		if err := checkQuery(raw); err != nil {
			require.ErrorAs(t, err, &p)
			require.True(t, utf8.ValidString(p.Field), "%q", p.Field)
		}
	})
}
