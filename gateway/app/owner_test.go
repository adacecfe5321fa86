package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// Operators list and watch everybody's jobs, or those of one owner, and see whose
// they are; nobody else is told.
func TestListsOfOthers(t *testing.T) {
	t.Parallel()
	all, signIn := people(t)
	s := startGRPC(t, signIn)
	owners := map[string]string{}
	for _, name := range []string{"student", "another student", "service"} {
		owners[s.jobOf(all[name], job.Queued)] = all[name].owner
	}
	operator, ann := all["operator"], all["student"]
	require.Empty(t, s.get("/v1/jobs", operator.header()...).json()["jobs"], "their own, by default")
	everybody := s.get("/v1/jobs?owner=*", operator.header()...).json()["jobs"].([]any)
	require.Len(t, everybody, 3)
	for _, j := range everybody {
		require.Equal(t, owners[j.(map[string]any)["id"].(string)], j.(map[string]any)["owner"])
	}
	require.Empty(t, s.get("/v1/jobs?owner=nobody", operator.header()...).json()["jobs"])
	own := s.get("/v1/jobs", ann.header()...).json()["jobs"].([]any)
	require.NotContains(t, own[0], "owner", "whose it is goes without saying")

	events := s.listen("/v1/events?owner=*", operator.header()...)
	for range 3 {
		j := events.next().job
		require.Equal(t, owners[j["id"].(string)], j["owner"])
	}
	late := s.jobOf(ann, job.Queued)
	require.Equal(t, late, events.next().job["id"])
	require.Equal(t, "ann", s.listen("/v1/events?owner=ann", operator.header()...).next().job["owner"])

	list, err := s.ListJobs(operator.context(t), &gatewayv1.ListJobsRequest{Owner: "*"})
	require.NoError(t, err)
	require.Len(t, list.GetJobs(), 4)
	require.NotEmpty(t, list.GetJobs()[0].GetOwner())
	_, err = s.ListJobs(ann.context(t), &gatewayv1.ListJobsRequest{Owner: "bob"})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	own1, err := s.ListJobs(ann.context(t), &gatewayv1.ListJobsRequest{Owner: "ann"})
	require.NoError(t, err)
	require.Len(t, own1.GetJobs(), 2)
	require.Empty(t, own1.GetJobs()[0].GetOwner())

	watch, err := s.WatchJobs(operator.context(t), &gatewayv1.WatchJobsRequest{Owner: "*"})
	require.NoError(t, err)
	seq := int64(0)
	for range 4 {
		e, err := watch.Recv()
		require.NoError(t, err)
		require.Greater(t, e.GetSeq(), seq)
		seq = e.GetSeq()
		require.NotEmpty(t, e.GetJob().GetOwner())
	}
	resumed, err := s.WatchJobs(operator.context(t), &gatewayv1.WatchJobsRequest{Owner: "*", AfterSeq: seq})
	require.NoError(t, err)
	s.status.Remove(job.ID(late))
	for _, stream := range []interface {
		Recv() (*gatewayv1.WatchJobsResponse, error)
	}{watch, resumed} {
		e, err := stream.Recv()
		require.NoError(t, err)
		require.Equal(t, late, e.GetDeleted())
		require.Nil(t, e.GetJob())
	}
	refused, err := s.WatchJobs(ann.context(t), &gatewayv1.WatchJobsRequest{Owner: "*"})
	require.NoError(t, err)
	_, err = refused.Recv()
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	require.Equal(t, http.StatusOK, s.get("/healthz").StatusCode)
}
