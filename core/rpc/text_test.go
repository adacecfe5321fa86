package rpc

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	deadletterv1 "github.com/studycast/studycast/proto/gen/studycast/deadletter/v1"
	jobv1 "github.com/studycast/studycast/proto/gen/studycast/job/v1"
	statusv1 "github.com/studycast/studycast/proto/gen/studycast/status/v1"
)

func TestNULIsFoundWhereverItIs(t *testing.T) {
	t.Parallel()
	for path, m := range map[string]proto.Message{
		"selection.filter.text": &deadletterv1.RestoreLettersRequest{
			Reason:    "x",
			Selection: &deadletterv1.Selection{Filter: &deadletterv1.LetterFilter{Text: "a\x00"}},
		},
		"selection.ids":       &deadletterv1.RestoreLettersRequest{Selection: &deadletterv1.Selection{Ids: []string{"a", "\x00"}}},
		"request.labels":      &statusv1.CreateJobRequest{Request: &jobv1.Request{Labels: map[string]string{"\x00": "x"}}},
		"request.source.text": &statusv1.CreateJobRequest{Request: &jobv1.Request{Source: &jobv1.Source{From: &jobv1.Source_Text{Text: "\x00"}}}},
		"":                    &statusv1.CreateJobRequest{Owner: "ann", Request: &jobv1.Request{Labels: map[string]string{"a": "b"}}},
	} {
		require.Equal(t, path, firstNUL(m.ProtoReflect()), "%v", m)
	}
	require.NoError(t, checkText("no message"))
}
