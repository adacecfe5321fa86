package app_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/job"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
	webhookv1 "github.com/studycast/studycast/proto/gen/studycast/webhook/v1"
)

func TestWebhooksOverGRPC(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	s := startGRPC(t, callsLoopback)
	hooks, ctx := gatewayv1.NewWebhookServiceClient(s.conn), t.Context()
	made, err := hooks.CreateWebhook(ctx, &gatewayv1.CreateWebhookRequest{Url: receiver.URL, Kinds: []string{string(job.Audio)}, Description: "x"})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(made.GetSecret(), "whsec_"))
	id := made.GetWebhook().GetId()
	require.Equal(t, []string{"audio"}, made.GetWebhook().GetKinds())
	require.Len(t, made.GetWebhook().GetStates(), 3)
	got, err := hooks.GetWebhook(ctx, &gatewayv1.GetWebhookRequest{Id: id})
	require.NoError(t, err)
	require.Equal(t, "x", got.GetWebhook().GetDescription())
	list, err := hooks.ListWebhooks(ctx, &gatewayv1.ListWebhooksRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetWebhooks(), 1)
	ping, err := hooks.TestWebhook(ctx, &gatewayv1.TestWebhookRequest{Id: id})
	require.NoError(t, err)
	var last *webhookv1.Call
	require.Eventually(t, func() bool {
		page, err := hooks.ListCalls(ctx, &gatewayv1.ListCallsRequest{WebhookId: id})
		require.NoError(t, err)
		last = page.GetCalls()[0]
		return last.GetState() == "delivered"
	}, within, within/500)
	require.Equal(t, ping.GetCall().GetId(), last.GetId())
	again, err := hooks.RetryCall(ctx, &gatewayv1.RetryCallRequest{WebhookId: id, CallId: last.GetId()})
	require.NoError(t, err)
	require.Equal(t, "pending", again.GetCall().GetState())
	rotated, err := hooks.RotateSecret(ctx, &gatewayv1.RotateSecretRequest{Id: id})
	require.NoError(t, err)
	require.NotEqual(t, made.GetSecret(), rotated.GetSecret())
	_, err = hooks.DeleteWebhook(ctx, &gatewayv1.DeleteWebhookRequest{Id: id})
	require.NoError(t, err)
	_, err = hooks.GetWebhook(ctx, &gatewayv1.GetWebhookRequest{Id: id})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = hooks.CreateWebhook(ctx, &gatewayv1.CreateWebhookRequest{Url: "http://10.0.0.1/"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

// Every method over gRPC refuses nobody, another's webhook and a key that is for
// other parts of the API.
func TestAccessToWebhooksOverGRPC(t *testing.T) {
	t.Parallel()
	s := startGRPC(t, asOwner, callsLoopback)
	hooks := gatewayv1.NewWebhookServiceClient(s.conn)
	as := func(pairs ...string) context.Context { return metadata.AppendToOutgoingContext(t.Context(), pairs...) }
	made, err := hooks.CreateWebhook(as("owner", "ann"), &gatewayv1.CreateWebhookRequest{Url: "http://127.0.0.1:1/"})
	require.NoError(t, err)
	id := made.GetWebhook().GetId()
	methods := map[string]func(context.Context) error{
		"GetWebhook": func(ctx context.Context) error {
			_, err := hooks.GetWebhook(ctx, &gatewayv1.GetWebhookRequest{Id: id})
			return err
		},
		"DeleteWebhook": func(ctx context.Context) error {
			_, err := hooks.DeleteWebhook(ctx, &gatewayv1.DeleteWebhookRequest{Id: id})
			return err
		},
		"RotateSecret": func(ctx context.Context) error {
			_, err := hooks.RotateSecret(ctx, &gatewayv1.RotateSecretRequest{Id: id})
			return err
		},
		"TestWebhook": func(ctx context.Context) error {
			_, err := hooks.TestWebhook(ctx, &gatewayv1.TestWebhookRequest{Id: id})
			return err
		},
		"ListCalls": func(ctx context.Context) error {
			_, err := hooks.ListCalls(ctx, &gatewayv1.ListCallsRequest{WebhookId: id})
			return err
		},
		"RetryCall": func(ctx context.Context) error {
			_, err := hooks.RetryCall(ctx, &gatewayv1.RetryCallRequest{WebhookId: id, CallId: absentID})
			return err
		},
		"ListWebhooks": func(ctx context.Context) error {
			_, err := hooks.ListWebhooks(ctx, &gatewayv1.ListWebhooksRequest{})
			return err
		},
		"CreateWebhook": func(ctx context.Context) error {
			_, err := hooks.CreateWebhook(ctx, &gatewayv1.CreateWebhookRequest{Url: "nonsense"})
			return err
		},
	}
	for _, m := range gatewayv1.WebhookService_ServiceDesc.Methods {
		call := methods[m.MethodName]
		require.NotNil(t, call, m.MethodName)
		require.Equal(t, codes.Unauthenticated, status.Code(call(t.Context())), m.MethodName)
		require.Equal(t, codes.PermissionDenied, status.Code(call(as("owner", "ann", "scopes", "jobs:write"))), m.MethodName)
		another := status.Code(call(as("owner", "bob", "scopes", "webhooks:read webhooks:write")))
		switch m.MethodName {
		case "ListWebhooks":
			require.Equal(t, codes.OK, another)
		case "CreateWebhook":
			require.Equal(t, codes.InvalidArgument, another)
		default:
			require.Equal(t, codes.NotFound, another, m.MethodName)
		}
	}
	require.Equal(t, codes.PermissionDenied, status.Code(methods["TestWebhook"](as("owner", "ann", "scopes", "webhooks:read"))))
	require.Equal(t, codes.OK, status.Code(methods["GetWebhook"](as("owner", "ann", "scopes", "webhooks:read"))))
	require.Equal(t, codes.OK, status.Code(methods["DeleteWebhook"](as("owner", "root", "roles", "operator"))))
}
