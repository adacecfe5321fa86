package cli

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTopology(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, exitOK, Main([]string{"topology"}, &out, &errs, "test"), errs.String())
	for _, want := range []string{"studycast.unroutable", "video-generation.retry.20000", "audio-generation.dead"} {
		require.Contains(t, out.String(), want)
	}

	out.Reset()
	args := []string{"topology", "--definitions", "--vhost", "lessons", "--video-retries", "1"}
	require.Equal(t, exitOK, Main(args, &out, &errs, "test"), errs.String())
	var file struct {
		Queues []struct {
			Name, Vhost string
			Arguments   map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &file))
	var names []string
	for _, q := range file.Queues {
		require.Equal(t, "lessons", q.Vhost)
		require.Equal(t, "quorum", q.Arguments["x-queue-type"])
		names = append(names, q.Name)
	}
	require.Contains(t, names, "video-generation.retry.5000")
	require.NotContains(t, names, "video-generation.retry.10000", "the policies are those of the settings")

	out.Reset()
	require.Equal(t, exitOK, Main([]string{"topology", "--users"}, &out, &errs, "test"), errs.String())
	var users struct {
		Users []struct {
			Name string
			Hash *string `json:"password_hash"`
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &users))
	require.Len(t, users.Users, 5)
	for _, u := range users.Users {
		require.NotNil(t, u.Hash)
		require.Empty(t, *u.Hash, "nobody gets in by password")
	}

	require.Equal(t, exitFailed, Main([]string{"topology", "--video-retries", "99"}, &out, &errs, "test"))
	require.Contains(t, errs.String(), "retries 99")
}
