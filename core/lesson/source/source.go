// Package source is the first stage of a lesson: from an address, or from
// bytes that the student uploaded or pasted, to a lesson.Document.
//
// Fetch goes to the public internet only (the address that is dialled is
// checked, at every redirect) and within limits on time, size, redirects and
// decompression. Extract reads HTML, PDF, Markdown and plain text. Whatever is
// wrong with an address or a page comes back as a *fault.Error whose text says
// what to do next: kind Request when another try would not help, kind Source
// when the site is at fault.
package source

import (
	"log/slog"
	"net"
	"time"
)

// Limits bound one lesson's source. A zero field means the default beside it.
type Limits struct {
	Timeout      time.Duration // for the page and its figures together; default 20 s
	Body         int64         // bytes as received; default 10 MiB
	Decompressed int64         // bytes after decompression; default 50 MiB
	Redirects    int           // followed in a row; default 5
	Figures      int           // pictures fetched; default 6; negative: none
}

// Options configure a Reader. The zero value is fit for production.
type Options struct {
	Limits
	Addresses
	Logger    *slog.Logger // default: silent
	UserAgent string       // default "Studycast/1.0"
}

// Raw is a source as received, decompressed. It can be kept between attempts
// as JSON or gob.
type Raw struct {
	Data      []byte        `json:"data"`
	MediaType string        `json:"media_type,omitempty"` // as declared, without parameters; "" when unknown
	Charset   string        `json:"charset,omitempty"`    // as declared
	Name      string        `json:"name,omitempty"`       // of the uploaded file; "" for a fetched page
	URL       string        `json:"url,omitempty"`        // after redirects, without fragment; "" for an upload
	Took      time.Duration `json:"took,omitempty"`       // spent fetching; what is left of Limits.Timeout is for figures
}

// Reader fetches and extracts. It is safe for concurrent use.
type Reader struct {
	o        Options
	resolver *net.Resolver // nil: the system's
}

// NewReader returns a Reader. It opens nothing and needs no closing. With
// AllowLoopback it logs a warning.
func NewReader(o Options) *Reader {
	o.Timeout = or(o.Timeout, 20*time.Second)
	o.Body = or(o.Body, 10<<20)
	o.Decompressed = or(o.Decompressed, 50<<20)
	o.Redirects = or(o.Redirects, 5)
	o.Figures = or(o.Figures, 6)
	o.UserAgent = or(o.UserAgent, "Studycast/1.0")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.AllowLoopback {
		o.Logger.Warn("DEVELOPMENT ONLY: pages on this machine's loopback addresses may be read by anyone who can submit a job; " +
			"switch loopback sources off in production")
	}
	return &Reader{o: o}
}

func or[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}
