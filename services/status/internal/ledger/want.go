package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Sharing says which jobs of different owners who ask for the same lesson share
// one run.
type Sharing struct {
	// Underway lets a job share a run that is not over.
	Underway bool
	// Finished is how long a lesson that was made answers others at once; 0 =
	// never.
	Finished time.Duration
}

// want says what the job of a request could share. Its key is the same for all
// who ask for the same, and "" for what is not shared.
func (s Sharing) want(in Input, now time.Time) store.Want {
	r := in.Request
	w := store.Want{Owner: in.Owner}
	if !s.Underway || r.Fresh || r.RunAt.After(now) {
		return w
	}
	if s.Finished > 0 {
		w.Since = now.Add(-s.Finished)
	}
	source := []string{"version", in.SourceVersion}
	switch {
	case in.SourceVersion != "":
	case r.Source.URL != "":
		source = []string{"url", canonical(r.Source.URL)}
	case r.Source.Text != "":
		source = []string{"text", r.Source.Text}
	default: // an upload is its owner's own unless its content is known
		return w
	}
	w.Key = workKey(r, source)
	return w
}

// workKey is a digest: what it is made of may be long, and secret.
func workKey(r job.Request, source []string) string {
	o := r.Options
	if o.Length == "" {
		o.Length = "medium"
	}
	switch {
	case r.Kind != job.Video:
		o.Theme = ""
	case o.Theme == "":
		o.Theme = "dark"
	}
	parts := []any{r.Kind, o.Length, o.Theme, strings.ToLower(o.Language), source}
	// Voices and format came later: a request without them keeps the key that
	// programs before them made. Voices that are named are not looked into: which
	// are the default ones is for lessons to know.
	if fs := job.Formats(r.Kind); len(fs) > 0 && o.Format == fs[0] {
		o.Format = ""
	}
	if o.Format != "" || len(o.Voices) > 0 {
		parts = append(parts, o.Format, o.Voices)
	}
	b, err := json.Marshal(parts)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// canonical makes addresses of the same page equal where that is certain.
func canonical(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Fragment, u.RawFragment = "", ""
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	for scheme, port := range map[string]string{"http": ":80", "https": ":443"} {
		if u.Scheme == scheme {
			u.Host = strings.TrimSuffix(u.Host, port)
		}
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}
