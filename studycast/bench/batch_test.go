package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// batchSize is the largest batch.
const batchSize = 100

// BenchmarkBatch measures how long 100 jobs for later take: as one batch, and
// one after the other.
func BenchmarkBatch(b *testing.B) {
	base := serveNoOp(b, "memory:")
	at := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	all := make([]string, batchSize)
	for i := range all {
		all[i] = fmt.Sprintf(`{"kind":"video","source":{"url":"https://example.org/%d"},"run_at":%q,"fresh":true}`, i, at)
	}
	b.Run("together", func(b *testing.B) {
		for b.Loop() {
			var out struct {
				Results []struct {
					Status int `json:"status"`
				} `json:"results"`
			}
			require.NoError(b, json.Unmarshal(post(b, base+"/v1/jobs:batch", `{"jobs":[`+strings.Join(all, ",")+`]}`), &out))
			require.Len(b, out.Results, batchSize)
			for _, r := range out.Results {
				require.Equal(b, http.StatusAccepted, r.Status)
			}
		}
	})
	b.Run("one by one", func(b *testing.B) {
		for b.Loop() {
			for _, one := range all {
				post(b, base+"/v1/jobs", one)
			}
		}
	})
}

// post returns the body of an answer that is no error.
func post(b *testing.B, address, body string) []byte {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, address, strings.NewReader(body))
	require.NoError(b, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(b, err)
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	require.NoError(b, err)
	require.Less(b, res.StatusCode, http.StatusMultipleChoices, string(data))
	return data
}
