package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
)

func TestLimitsAreChecked(t *testing.T) {
	t.Parallel()
	require.NoError(t, config.Limits{}.Check())
	require.NoError(t, config.Limits{RateLimit: 300, RateBurst: 100, MaxJobsInFlight: 100, ServiceLimitFactor: 10}.Check())
	err := config.Limits{RateLimit: -1, RateBurst: 2_000_000, MaxJobsInFlight: -5, ServiceLimitFactor: 1001}.Check()
	for _, name := range []string{"RATE_LIMIT -1", "RATE_BURST 2000000", "MAX_JOBS_IN_FLIGHT -5", "SERVICE_LIMIT_FACTOR 1001"} {
		require.ErrorContains(t, err, name)
	}
}

func TestOriginsAreChecked(t *testing.T) {
	t.Parallel()
	require.NoError(t, config.Sites{}.Check())
	require.NoError(t, config.Sites{CORSOrigins: []string{"https://learn.example.org", "http://127.0.0.1:3000"}}.Check())
	for _, bad := range []string{
		"*", "https://*.example.org", "learn.example.org", "https://learn.example.org/", "https://learn.example.org/a", "HTTPS://learn.example.org",
		"https://Learn.example.org", "https://user@learn.example.org", "ftp://example.org", "null", "",
	} {
		require.ErrorContains(t, config.Sites{CORSOrigins: []string{"https://a.example", bad}}.Check(), "CORS_ORIGINS", bad)
	}
}
