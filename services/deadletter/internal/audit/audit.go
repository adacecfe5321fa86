// Package audit writes down what operators do.
package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/store"
)

// Record is one line of the log.
func Record(at time.Time, action, author, reason, selection, outcome string) (deadletterclient.AuditRecord, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return deadletterclient.AuditRecord{}, fmt.Errorf("make the id of a record: %w", err)
	}
	return deadletterclient.AuditRecord{
		ID: id.String(), At: at, Author: author, Action: action, Reason: reason, Selection: selection, Outcome: outcome,
	}, nil
}

// Selection is a filter in words.
func Selection(f store.Filter) string {
	if f.IDs != nil {
		if len(f.IDs) == 1 {
			return "dead letter " + f.IDs[0]
		}
		return fmt.Sprintf("%d dead letters by id, from %s", len(f.IDs), f.IDs[0])
	}
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	add("states", strings.Join(f.States, ","))
	add("kind", string(f.Kind))
	add("job", string(f.JobID))
	add("fingerprint", f.Fingerprint)
	add("fault", f.Fault)
	add("owner", f.Owner)
	add("died_after", moment(f.DiedAfter))
	add("died_before", moment(f.DiedBefore))
	if f.Text != "" {
		add("text", fmt.Sprintf("%q", f.Text))
	}
	if parts == nil {
		return "all dead letters"
	}
	return "dead letters with " + strings.Join(parts, " ")
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// change is what one field was and is.
type change struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Diff tells what differs between two requests, as a JSON object of the fields
// of the request document.
func Diff(before, after job.Request) (string, error) {
	changes := map[string]change{}
	for _, f := range []struct{ path, from, to string }{
		{"source.url", before.Source.URL, after.Source.URL},
		{"source.upload", before.Source.Upload, after.Source.Upload},
		{"source.text", before.Source.Text, after.Source.Text},
		{"options.length", before.Options.Length, after.Options.Length},
		{"options.theme", before.Options.Theme, after.Options.Theme},
		{"options.language", before.Options.Language, after.Options.Language},
		{"options.voices", strings.Join(before.Options.Voices, ", "), strings.Join(after.Options.Voices, ", ")},
		{"options.format", before.Options.Format, after.Options.Format},
	} {
		if f.from != f.to {
			changes[f.path] = change{From: f.from, To: f.to}
		}
	}
	b, err := json.Marshal(changes)
	return string(b), err
}
