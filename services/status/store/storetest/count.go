package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

func countsOfAnOwner(t *testing.T, b *bench) {
	for id, r := range map[job.ID]store.Row{
		"1": small("1", "ann", job.Queued, 1), "2": small("2", "ann", job.Running, 2), "3": small("3", "ann", job.Succeeded, 3),
		"4": small("4", "bob", job.Queued, 4), "5": small("5", "ann", job.Queued, 5),
	} {
		if id == "5" {
			r.Request.Kind = job.Audio
		}
		b.insert(r)
	}
	for _, c := range []struct {
		owner  string
		states []job.State
		want   int
	}{
		{"ann", nil, 4},
		{"ann", []job.State{job.Queued, job.Running}, 3},
		{"ann", []job.State{job.Failed}, 0},
		{"bob", []job.State{job.Queued}, 1},
		{"nobody", nil, 0},
	} {
		b.view(func(r store.Reader) error {
			n, err := r.CountJobs(c.owner, c.states)
			require.Equal(t, c.want, n, "%v", c)
			return err
		})
	}
}
