package config

import (
	"errors"
	"net/url"
	"strings"
)

// Artifacts is where produced files are kept.
type Artifacts struct {
	ArtifactsURL       string `help:"Artifact store: a folder, or a bucket of S3 with the parameters region, endpoint, path_style, public_endpoint (where browsers reach it) and tags; empty = a folder in the data folder. All programs need the same. Examples: file:/srv/artifacts, s3://bucket/prefix?region=eu-central-1, s3://bucket?endpoint=https://s3.example.org:9000&path_style=true" env:"ARTIFACTS_URL"`
	ArtifactsKeyID     string `help:"Access key of the bucket; empty = AWS_ACCESS_KEY_ID, ~/.aws/credentials, or the role of the machine or pod." env:"ARTIFACTS_KEY_ID"`
	ArtifactsSecretKey string `help:"Secret of ARTIFACTS_KEY_ID." secret:"true" env:"ARTIFACTS_SECRET_KEY"`
}

// Check refuses half a key, and keys where everybody reads them.
func (a Artifacts) Check() error {
	bucket := strings.HasPrefix(a.ArtifactsURL, "s3:")
	switch {
	case a.ArtifactsURL != "" && !bucket && !strings.HasPrefix(a.ArtifactsURL, "file:"):
		return errors.New("ARTIFACTS_URL: use file:PATH, or s3://bucket/prefix?region=…")
	case bucket && holdsUser(a.ArtifactsURL):
		return errors.New("ARTIFACTS_URL holds a key: keys belong in ARTIFACTS_KEY_ID and ARTIFACTS_SECRET_KEY")
	case (a.ArtifactsKeyID == "") != (a.ArtifactsSecretKey == ""):
		return errors.New("ARTIFACTS_KEY_ID and ARTIFACTS_SECRET_KEY go together: set both, or none")
	case a.ArtifactsKeyID != "" && !bucket:
		return errors.New("ARTIFACTS_KEY_ID is for a bucket, and ARTIFACTS_URL names none: use s3://bucket/prefix?region=…, or leave the keys out")
	}
	return nil
}

func holdsUser(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.User != nil
}

// Downloads says how users get the files.
type Downloads struct {
	ArtifactsRedirect bool `help:"Answer the download of a video, of an audio and of what is to be saved by a redirect (307) to a signed link of the bucket, which ends after a quarter of an hour, instead of passing its bytes on. Browsers must reach the bucket; ARTIFACTS_URL must name one." env:"ARTIFACTS_REDIRECT"`
}
