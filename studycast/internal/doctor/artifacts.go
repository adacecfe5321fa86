package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/job"
)

func (o Options) artifactCheck() check {
	return check{name: "artifacts", looks: "whether the artifact store takes, gives and removes a file", run: func(ctx context.Context) finding {
		if folder, ok := strings.CutPrefix(o.ArtifactsURL, "file:"); ok {
			if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
				return o.notYet(folder)
			}
		}
		s, err := backend.OpenArtifacts(o.ArtifactsURL, backend.ArtifactOptions{KeyID: o.ArtifactsKeyID, SecretKey: o.ArtifactsSecretKey})
		if err != nil {
			return fail(oneLine(err), o.artifactRemedy(err))
		}
		err = tryStore(ctx, s, strings.HasPrefix(o.ArtifactsURL, "s3:"))
		if c, ok := s.(io.Closer); ok {
			err = errors.Join(err, c.Close())
		}
		if err != nil {
			return fail(oneLine(err), o.artifactRemedy(err))
		}
		return saw("a file was written, read and removed")
	}}
}

// tryStore puts a file of its own into a store and takes it out again; into a
// bucket also one like those of stages, which have a tag there.
func tryStore(ctx context.Context, s artifact.Store, bucket bool) (err error) {
	name, content := "doctor-"+strings.ToLower(rand.Text()), []byte(rand.Text())
	keys := []string{name}
	if bucket {
		keys = append(keys, artifact.StageKey(job.ID(name), "probe"))
	}
	defer func() {
		for _, key := range keys {
			if gone := s.Delete(context.WithoutCancel(ctx), key); err == nil { // of two errors the first says why
				err = gone
			}
		}
	}()
	for _, key := range keys {
		if err := tryFile(ctx, s, key, content); err != nil {
			return err
		}
	}
	return nil
}

func tryFile(ctx context.Context, s artifact.Store, key string, content []byte) error {
	if _, err := s.Put(ctx, key, bytes.NewReader(content), "text/plain"); err != nil {
		return err
	}
	f, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if !bytes.Equal(got, content) {
		return errors.New("a file that was written reads differently")
	}
	return nil
}

// artifactRemedy says what to do about a store that can't be used.
func (o Options) artifactRemedy(err error) string {
	if !strings.HasPrefix(o.ArtifactsURL, "s3:") {
		return "give the programs' user the right to write there, or name another place in ARTIFACTS_URL; all programs need the same"
	}
	for _, known := range []struct {
		err    error
		remedy string
	}{
		{backend.ErrNoBucket, "make the bucket (aws s3api create-bucket --bucket NAME), or correct its name in ARTIFACTS_URL"},
		{backend.ErrBucketNoKeys, "set ARTIFACTS_KEY_ID and ARTIFACTS_SECRET_KEY, or give the machine or pod a role that may use the bucket"},
		{backend.ErrBucketKeys, "correct ARTIFACTS_KEY_ID and ARTIFACTS_SECRET_KEY (aws sts get-caller-identity tells whether a pair is valid); a pair that was replaced has to reach all programs"},
		{backend.ErrBucketForbidden, "give the user of the keys the rights s3:GetObject, s3:GetObjectVersion, s3:PutObject, s3:PutObjectTagging and s3:DeleteObject on the objects and s3:ListBucket on the bucket: core/artifact/s3store/policy.json; if no keys are set at all, set them"},
		{backend.ErrBucketRegion, "write the region of the bucket (aws s3api get-bucket-location --bucket NAME) as region=… in ARTIFACTS_URL"},
		{backend.ErrBucketClock, "set the clock of this machine by the network: timedatectl set-ntp true; S3 refuses what is off by more than 15 minutes"},
		{artifact.ErrUnavailable, "see whether the server is up and reached from here (curl -v ENDPOINT), or correct endpoint in ARTIFACTS_URL; jobs wait for it and go on by themselves"},
	} {
		if errors.Is(err, known.err) {
			return known.remedy
		}
	}
	return "correct ARTIFACTS_URL: s3://bucket/prefix?region=…, or s3://bucket?endpoint=https://host:port&path_style=true; a server that knows no tags needs tags=false; all programs need the same"
}
