package statusclient

import (
	"context"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// Count counts the jobs of an owner, who must be named; no states mean all of
// them.
func (c *Client) Count(ctx context.Context, owner string, states []job.State) (int, error) {
	req := &statusv1.CountJobsRequest{Owner: owner}
	for _, s := range states {
		req.States = append(req.States, string(s))
	}
	resp, err := c.jobs.CountJobs(ctx, req)
	if err != nil {
		return 0, wire.ErrorFromStatus(err)
	}
	return int(resp.GetJobs()), nil
}
