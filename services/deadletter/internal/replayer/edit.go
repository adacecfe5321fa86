package replayer

import (
	"errors"
	"maps"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/wire"
	"github.com/studycast/studycast/services/deadletter/internal/audit"
	"github.com/studycast/studycast/services/deadletter/store"
)

// edit returns the message that is run instead of a letter's own, and the
// record of what differs.
func (r *Replayer) edit(
	l store.Letter, own, edited job.Request, author, reason string,
) (body []byte, record deadletterclient.AuditRecord, err error) {
	if err := editable(own, edited); err != nil {
		return nil, record, err
	}
	if err := edited.Validate(r.Clock.Now()); err != nil {
		return nil, record, inRequest(err)
	}
	if body, err = wire.EncodeMessage(l.JobID, l.Owner, edited); err != nil {
		return nil, record, err
	}
	record, err = audit.Record(r.Clock.Now(), deadletterclient.ActionEdit, author, reason, "dead letter "+l.ID, "replayed with another request")
	if err != nil {
		return nil, record, err
	}
	record.Detail, err = audit.Diff(own, edited)
	return body, record, err
}

// editable refuses changes of anything but source and options.
func editable(own, edited job.Request) error {
	var bad []job.FieldError
	refuse := func(path string) {
		bad = append(bad, job.FieldError{Path: "request." + path, Message: "must stay as it is: only source and options may be changed"})
	}
	if own.Kind != edited.Kind {
		refuse("kind")
	}
	if !own.RunAt.Equal(edited.RunAt) {
		refuse("run_at")
	}
	if !maps.Equal(own.Labels, edited.Labels) {
		refuse("labels")
	}
	if own.Fresh != edited.Fresh {
		refuse("fresh")
	}
	if own.Source == edited.Source && own.Options.Equal(edited.Options) {
		bad = append(bad, job.FieldError{Path: "request", Message: "changes nothing: leave it out to replay the letter as it is"})
	}
	if bad != nil {
		return &job.InvalidError{Fields: bad}
	}
	return nil
}

// inRequest puts the paths of wrong fields below the request.
func inRequest(err error) error {
	var invalid *job.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	moved := &job.InvalidError{}
	for _, f := range invalid.Fields {
		moved.Fields = append(moved.Fields, job.FieldError{Path: "request." + f.Path, Message: f.Message})
	}
	return moved
}
