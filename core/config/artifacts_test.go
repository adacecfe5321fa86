package config_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
)

func TestArtifactsCheck(t *testing.T) {
	t.Parallel()
	const bucket = "s3://lessons?region=eu-central-1"
	for _, ok := range []config.Artifacts{
		{},
		{ArtifactsURL: "file:/srv/artifacts"},
		{ArtifactsURL: bucket},
		{ArtifactsURL: bucket, ArtifactsKeyID: "k", ArtifactsSecretKey: "hush"},
	} {
		require.NoError(t, config.Check(&ok))
	}
	for says, bad := range map[string]config.Artifacts{
		"use file:PATH":    {ArtifactsURL: "/srv/artifacts"},
		"ARTIFACTS_KEY_ID": {ArtifactsURL: "s3://k:hush@lessons?region=eu-central-1"},
		"set both":         {ArtifactsURL: bucket, ArtifactsSecretKey: "hush"},
		"for a bucket":     {ArtifactsURL: "file:/srv", ArtifactsKeyID: "k", ArtifactsSecretKey: "hush"},
	} {
		err := config.Check(&bad)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "hush")
	}
}

func TestSecretOfTheBucketIsNotPrinted(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	a := config.Artifacts{ArtifactsURL: "s3://lessons?region=x", ArtifactsKeyID: "k", ArtifactsSecretKey: "hush"}
	require.NoError(t, config.Print(&b, a, func(config.Setting) string { return "here" }))
	require.Contains(t, b.String(), "ARTIFACTS_SECRET_KEY: '***'")
	require.NotContains(t, b.String(), "hush")
}
