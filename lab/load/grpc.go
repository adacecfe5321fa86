package load

import (
	"context"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// rpc is a gateway by its gRPC service.
type rpc struct {
	conn *grpc.ClientConn
	jobs gatewayv1.JobServiceClient
}

func newGRPC(host string) (*rpc, error) {
	conn, err := grpc.NewClient(host, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	return &rpc{conn, gatewayv1.NewJobServiceClient(conn)}, nil
}

func (r *rpc) close() { _ = r.conn.Close() }

func (r *rpc) submit(ctx context.Context, req job.Request, key string) (acceptance, error) {
	resp, err := r.jobs.CreateJob(ctx, &gatewayv1.CreateJobRequest{Request: wire.RequestToProto(req), IdempotencyKey: key})
	if err != nil {
		return acceptance{}, answered(err)
	}
	j := wire.JobFromProto(resp.GetJob())
	return acceptance{j.ID, j.CreatedAt, resp.GetReplayed()}, nil
}

func (r *rpc) list(ctx context.Context, states []job.State, after time.Time, token string) (page, error) {
	req := &gatewayv1.ListJobsRequest{CreatedAfter: wire.TimeToProto(after), PageSize: pageSize, PageToken: token}
	for _, s := range states {
		req.States = append(req.States, string(s))
	}
	resp, err := r.jobs.ListJobs(ctx, req)
	if err != nil {
		return page{}, err
	}
	p := page{next: resp.GetNextPageToken()}
	for _, j := range resp.GetJobs() {
		p.jobs = append(p.jobs, wire.JobFromProto(j))
	}
	return p, nil
}

func (r *rpc) get(ctx context.Context, id job.ID) (job.Job, error) {
	resp, err := r.jobs.GetJob(ctx, &gatewayv1.GetJobRequest{Id: string(id)})
	if err != nil {
		return job.Job{}, wire.ErrorFromStatus(err)
	}
	return wire.JobFromProto(resp.GetJob()), nil
}

// answered tells a refusal from a call without an answer. UNAVAILABLE may be
// both: with RetryInfo it is the gateway's own word.
func answered(err error) error {
	s := status.Convert(err)
	no := &refused{code: s.Code().String(), text: s.Message()}
	named := false
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			no.after, named = info.GetRetryDelay().AsDuration(), true
		}
	}
	switch s.Code() {
	case codes.DeadlineExceeded, codes.Canceled:
		return err
	case codes.Unavailable:
		if !named {
			return err
		}
		no.passing = true
	case codes.ResourceExhausted, codes.Internal, codes.Unknown, codes.Aborted:
		no.passing = true
	}
	return no
}
