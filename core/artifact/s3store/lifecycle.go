package s3store

import (
	"github.com/minio/minio-go/v7/pkg/lifecycle"
)

// Days after which the bucket itself removes what the programs can't or need
// not.
const (
	// StageDays: what stages kept for the next attempt of a job that failed. The
	// job's own removal takes it along earlier; a replay after that makes it
	// again.
	StageDays = 30
	// UploadDays: sources that were uploaded. No job removes its upload, for
	// others may share it; one that is tried again after that asks for the file
	// anew.
	UploadDays = 90
	// OldVersionDays: what was deleted, in a bucket with versions.
	OldVersionDays = 7
	// MultipartDays: uploads in parts, which the programs never make.
	MultipartDays = 1
)

// Lifecycle returns the rules that a bucket needs whose objects lie below a
// prefix ("" = none). Lessons are in none of them: how many are kept is said by
// the programs' own retention, which deletes them.
func Lifecycle(prefix string) *lifecycle.Configuration {
	if prefix != "" {
		prefix += "/"
	}
	rule := func(id string, f lifecycle.Filter) lifecycle.Rule {
		return lifecycle.Rule{ID: id, Status: "Enabled", RuleFilter: f}
	}
	stages := rule("studycast-stages", lifecycle.Filter{And: lifecycle.And{
		Prefix: prefix + "jobs/", Tags: []lifecycle.Tag{{Key: stageTag, Value: stageTagValue}},
	}})
	stages.Expiration.Days = StageDays
	uploads := rule("studycast-uploads", lifecycle.Filter{Prefix: prefix + "uploads/"})
	uploads.Expiration.Days = UploadDays
	jobs := rule("studycast-jobs", lifecycle.Filter{Prefix: prefix + "jobs/"})
	jobs.Expiration.DeleteMarker = true // once the versions that it hides are gone
	rules := []lifecycle.Rule{stages, uploads, jobs}
	for i := range rules[1:] {
		rules[1+i].NoncurrentVersionExpiration.NoncurrentDays = OldVersionDays
		rules[1+i].AbortIncompleteMultipartUpload.DaysAfterInitiation = MultipartDays
	}
	return &lifecycle.Configuration{Rules: rules}
}

// statement is one of a policy of Amazon's access management.
type statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// Grant is a policy for the users of a bucket.
type Grant struct {
	Version   string
	Statement []statement
}

// Policy returns the rights that the programs need, and no more. Without the
// right to list, S3 answers "forbidden" instead of "not found".
func Policy(bucket, prefix string) Grant {
	arn := "arn:aws:s3:::" + bucket
	names := statement{Sid: "Names", Effect: "Allow", Resource: []string{arn}, Action: []string{"s3:ListBucket"}}
	below := "*"
	if prefix != "" {
		below = prefix + "/*"
		// IfExists: a question for an object that is missing names no prefix.
		names.Condition = map[string]map[string][]string{"StringLikeIfExists": {"s3:prefix": {below}}}
	}
	return Grant{Version: "2012-10-17", Statement: []statement{
		{
			Sid: "Objects", Effect: "Allow", Resource: []string{arn + "/" + below},
			Action: []string{"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"},
		}, names,
	}}
}
