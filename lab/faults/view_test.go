//go:build linux

package faults

import (
	"encoding/json"
	"net/http"

	"github.com/studycast/studycast/core/job"
)

// view is a job as users see it.
type view struct {
	State   string
	Attempt int
	Fault   struct{ Kind string }
}

// finalView waits until a job is final, past the status service: as a user.
func (s *scenario) finalView(id job.ID) (v view) {
	s.Helper()
	eventually(s.T, "job "+string(id)+" is not final", func() bool {
		resp, err := http.Get(s.URLs.Gateway + "/v1/jobs/" + string(id))
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		v = view{}
		err = json.NewDecoder(resp.Body).Decode(&v)
		return err == nil && resp.StatusCode == http.StatusOK && job.State(v.State).Final()
	})
	return v
}
