//go:build linux

package contract

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/studycast/studycast/lab/local"
	_ "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1" // registers its methods
	_ "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

// method is one of the gateway's gRPC services.
type method struct {
	twin string // the operation of REST that does the same
	body string // a request as JSON; $id stands for that of a thing
	bad  string // a request that is refused for a field; "" = there is none
}

// The methods that others may call, in the folders of their services.
var methods = map[string]method{
	"gateway.v1.JobService/CreateJob":         {"submit-job", `{"request":` + tides + `}`, `{"request":{"kind":"film"}}`},
	"gateway.v1.JobService/BatchCreateJobs":   {"submit-jobs", `{"requests":[` + tides + `]}`, `{}`},
	"gateway.v1.JobService/GetJob":            {"get-job", `{"id":"$id"}`, ""},
	"gateway.v1.JobService/ListJobs":          {"list-jobs", `{}`, `{"kind":"film"}`},
	"gateway.v1.JobService/ListVoices":        {"list-voices", `{}`, ""},
	"gateway.v1.JobService/CancelJob":         {"cancel-job", `{"id":"$id"}`, ""},
	"gateway.v1.JobService/RetryJob":          {"retry-job", `{"id":"$id"}`, ""},
	"gateway.v1.JobService/DeleteJob":         {"delete-job", `{"id":"$id"}`, ""},
	"gateway.v1.JobService/WatchJob":          {"watch-job", `{"id":"$id"}`, ""},
	"gateway.v1.JobService/WatchJobs":         {"watch-jobs", `{}`, ""},
	"gateway.v1.WebhookService/CreateWebhook": {"create-webhook", `{"url":"https://example.org/hook"}`, `{"url":"http://10.0.0.1/"}`},
	"gateway.v1.WebhookService/GetWebhook":    {"get-webhook", `{"id":"$id"}`, ""},
	"gateway.v1.WebhookService/ListWebhooks":  {"list-webhooks", `{}`, ""},
	"gateway.v1.WebhookService/DeleteWebhook": {"delete-webhook", `{"id":"$id"}`, ""},
	"gateway.v1.WebhookService/RotateSecret":  {"rotate-webhook-secret", `{"id":"$id"}`, ""},
	"gateway.v1.WebhookService/TestWebhook":   {"test-webhook", `{"id":"$id"}`, ""},
	"gateway.v1.WebhookService/ListCalls":     {"list-webhook-calls", `{"webhookId":"$id"}`, ""},
	"gateway.v1.WebhookService/RetryCall":     {"retry-webhook-call", `{"webhookId":"$id","callId":"$id"}`, ""},

	letterService + "ListDeadLetters":  {"list-dead-letters", `{}`, ""},
	letterService + "GetDeadLetter":    {"get-dead-letter", `{"id":"$id"}`, ""},
	letterService + "ReplayDeadLetter": {"replay-dead-letter", onPurpose, ""},
	letterService + "ListGroups":       {"list-dead-letter-groups", `{}`, ""},
	letterService + "CreateReplay":     {"create-replay", `{"selection":{"ids":["$id"]},"rate":5,"reason":"again"}`, ""},
	letterService + "GetReplay":        {"get-replay", `{"id":"$id"}`, ""},
	letterService + "ListReplays":      {"list-replays", `{}`, ""},
	letterService + "WatchReplay":      {"watch-replay", `{"id":"$id"}`, ""},
	letterService + "PauseReplay":      {"pause-replay", onPurpose, ""},
	letterService + "ResumeReplay":     {"resume-replay", onPurpose, ""},
	letterService + "StopReplay":       {"stop-replay", onPurpose, ""},
	letterService + "DiscardLetters":   {"discard-dead-letters", `{"selection":{"ids":["$id"]},"reason":"again"}`, ""},
	letterService + "RestoreLetters":   {"restore-dead-letters", `{"selection":{"ids":["$id"]},"reason":"again"}`, ""},
	letterService + "ResendLetter":     {"resend-dead-letter", `{"id":"$id","queue":"video-generation","reason":"again"}`, ""},
	letterService + "ListAudit":        {"list-audit", `{}`, ""},
	letterService + "ExportLetters":    {"export-dead-letters", `{"reason":"again"}`, ""},
	letterService + "ImportLetters":    {"import-dead-letters", `{"reason":"again"}`, ""},

	queueService + "ListQueues":  {"list-queues", `{}`, ""},
	queueService + "PauseQueue":  {"pause-queue", `{"queue":"$id","reason":"again"}`, ""},
	queueService + "ResumeQueue": {"resume-queue", `{"queue":"$id","reason":"again"}`, ""},
	queueService + "ListWorkers": {"list-workers", `{}`, ""},
	queueService + "DrainWorker": {"drain-worker", onPurpose, ""},
	queueService + "ListAudit":   {"list-audit", `{}`, ""},
}

const (
	letterService = "deadletter.v1.DeadLetterService/"
	queueService  = "status.v1.QueueService/"
	tides         = `{"kind":"audio","source":{"text":"Tides."}}`
	onPurpose     = `{"id":"$id","reason":"again"}`
)

// forOperators reports whether the method belongs to a service behind, which the
// gateway offers to operators as it is.
func forOperators(name string) bool { return !strings.HasPrefix(name, "gateway.") }

// names reports whether the method is about one thing that may not be there. A
// selection of letters leaves out what is not.
func (m method) names() bool {
	return strings.Contains(m.body, "$id") && !strings.Contains(m.body, "selection")
}

// invoke makes a call and reads its first answer.
func invoke(ctx context.Context, conn *grpc.ClientConn, name, body string) error {
	service, short, _ := strings.Cut("studycast."+name, "/")
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service + "." + short))
	if err != nil {
		return err
	}
	desc := found.(protoreflect.MethodDescriptor)
	in, out := dynamicpb.NewMessage(desc.Input()), dynamicpb.NewMessage(desc.Output())
	if err := protojson.Unmarshal([]byte(body), in); err != nil {
		return err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: desc.IsStreamingClient(), ServerStreams: desc.IsStreamingServer()},
		"/"+service+"/"+short)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(in); err == nil { // else the reason comes with the answer
		_ = stream.CloseSend()
	}
	return stream.RecvMsg(out)
}

// offered lists the methods of Studycast that a gateway says it has.
func offered(t *testing.T, conn *grpc.ClientConn) (names []string) {
	t.Helper()
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}))
	answer, err := stream.Recv()
	require.NoError(t, err)
	require.NoError(t, stream.CloseSend())
	for _, s := range answer.GetListServicesResponse().GetService() {
		rest, ours := strings.CutPrefix(s.GetName(), "studycast.")
		if !ours {
			continue
		}
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(s.GetName()))
		require.NoError(t, err)
		all := found.(protoreflect.ServiceDescriptor).Methods()
		for i := range all.Len() {
			names = append(names, rest+"/"+string(all.Get(i).Name()))
		}
	}
	return names
}

func (r *rig) dial(t *testing.T, gateway int) *grpc.ClientConn {
	conn, err := grpc.NewClient(r.Programs(local.Gateway)[gateway].GRPC(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return conn
}
