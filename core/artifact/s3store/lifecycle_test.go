package s3store_test

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/artifact/s3store"
	"github.com/studycast/studycast/core/job"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file that operators use as it is.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	got = append(got, '\n')
	if *update {
		require.NoError(t, os.WriteFile(name, got, 0o600))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "%s: go test ./artifact/s3store -update", name)
}

func TestRulesOfTheBucket(t *testing.T) {
	t.Parallel()
	golden(t, "lifecycle.json", s3store.Lifecycle(""))
	golden(t, "policy.json", s3store.Policy("studycast", ""))
	rules := s3store.Lifecycle("pre")
	_, err := xml.Marshal(rules)
	require.NoError(t, err)
	require.Len(t, rules.Rules, 3)
	// They are for what the programs put there, and no rule expires a lesson.
	require.Equal(t, "pre/jobs/", rules.Rules[0].RuleFilter.And.Prefix)
	require.Contains(t, artifact.StageKey("j", "k"), "jobs/")
	require.Equal(t, "pre/uploads/", rules.Rules[1].RuleFilter.Prefix)
	require.Contains(t, artifact.UploadKey("o", "u"), "uploads/")
	require.Zero(t, rules.Rules[2].Expiration.Days)
	for kind, p := range job.DefaultPolicies() {
		require.Greater(t, s3store.StageDays*24, int(p.AttemptTimeout.Hours()), kind)
	}
}
