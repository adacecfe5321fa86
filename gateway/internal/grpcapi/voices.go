package grpcapi

import (
	"context"

	"github.com/studycast/studycast/core/lesson/voice"
	gatewayv1 "github.com/studycast/studycast/proto/gen/studycast/gateway/v1"
)

// ListVoices implements gatewayv1.JobServiceServer.
func (s *service) ListVoices(ctx context.Context, _ *gatewayv1.ListVoicesRequest) (*gatewayv1.ListVoicesResponse, error) {
	if _, _, err := s.enter(ctx); err != nil {
		return nil, err
	}
	out := &gatewayv1.ListVoicesResponse{}
	for _, v := range s.o.Jobs.Voices() {
		out.Voices = append(out.Voices, &gatewayv1.Voice{
			Name: v.Name, Language: v.Language, Gender: v.Gender, Character: v.Character,
			Suits: hosts(v.Suits), DefaultFor: hosts(v.DefaultFor), Available: v.Available,
		})
	}
	return out, nil
}

func hosts(all []voice.Host) []string {
	names := make([]string, len(all))
	for i, h := range all {
		names[i] = string(h)
	}
	return names
}
