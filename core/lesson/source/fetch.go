package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"path"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/guard"
	"github.com/studycast/studycast/core/lesson"
)

// acceptTypes is what Fetch asks for; servers answer as they like.
const acceptTypes = "text/html,application/xhtml+xml,application/pdf,text/markdown,text/plain;q=0.9,*/*;q=0.5"

// Fetch reads the page at address. Errors are *fault.Error, except when ctx
// ends: then errors.Is(err, ctx.Err()) holds.
func (r *Reader) Fetch(ctx context.Context, address string, progress lesson.Progress) (Raw, error) {
	u, err := r.o.parse(address)
	if err != nil {
		return Raw{}, err
	}
	began := time.Now()
	inner, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	client := r.client()
	defer client.CloseIdleConnections()
	raw, err := r.fetch(inner, client, u.String(), progress)
	if ctx.Err() != nil {
		return Raw{}, fmt.Errorf("fetch: %w", ctx.Err())
	}
	if err != nil {
		return Raw{}, r.explain(err)
	}
	raw.Took = time.Since(began)
	progress(1)
	return raw, nil
}

func (r *Reader) fetch(ctx context.Context, client *http.Client, address string, progress lesson.Progress) (Raw, error) {
	resp, err := r.get(ctx, client, address, acceptTypes)
	if err != nil {
		return Raw{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := checkStatus(resp); err != nil {
		return Raw{}, err
	}
	final := *resp.Request.URL
	final.Fragment, final.RawFragment = "", ""
	raw := Raw{URL: final.String()}
	mediaType, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err == nil {
		raw.MediaType, raw.Charset = mediaType, params["charset"]
	}
	if err := refuseType(raw.MediaType, "page"); err != nil {
		return Raw{}, err
	}
	if resp.ContentLength > r.o.Body {
		return Raw{}, r.tooLarge()
	}
	body := &meter{r: resp.Body, limit: r.o.Body, total: resp.ContentLength, progress: progress, tooLarge: r.tooLarge}
	raw.Data, err = r.decompress(body, resp.Header.Get("Content-Encoding"))
	return raw, err
}

// client returns a client of its own for one source, so that no connection
// outlives it and no source learns of another.
func (r *Reader) client() *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: guard.Addresses(r.o.Addresses).Control, Resolver: r.resolver}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy from the environment would dial in our place, unchecked
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  10 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // decompress counts both sides
			ForceAttemptHTTP2:      true,
			IdleConnTimeout:        5 * time.Second,
		},
		CheckRedirect: r.checkRedirect,
	}
}

func (r *Reader) checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > r.o.Redirects {
		return fault.New(fault.Request, "The address redirects more than %d times. "+
			"Open the page in a browser and paste the address shown there, or upload the page.", r.o.Redirects)
	}
	if _, err := r.o.parse(req.URL.String()); err != nil {
		e := fault.Invalid(field, "redirects to an address that is not read: it is not public, or not a web page. "+
			"Paste the address of a public page, or upload the file.")
		e.Err = err
		return e
	}
	return nil
}

func (r *Reader) get(ctx context.Context, client *http.Client, address, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fault.Invalid(field, "is not an address. Paste one like https://example.org/article.")
	}
	req.Header.Set("User-Agent", r.o.UserAgent)
	req.Header.Set("Accept", accept)
	req.Header.Set("Accept-Language", "en;q=0.9,*;q=0.5")
	req.Header.Set("Accept-Encoding", "gzip, deflate")
	return client.Do(req)
}

func (r *Reader) tooLarge() error {
	return fault.New(fault.Request, "The page is larger than %d MiB. Choose a shorter page, or paste the part you want to learn.", r.o.Body>>20)
}

// meter counts a body against its limit and reports progress.
type meter struct {
	r        io.Reader
	n, limit int64
	total    int64 // as announced; -1 when unknown
	progress lesson.Progress
	tooLarge func() error
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if m.n += int64(n); m.n > m.limit {
		return 0, m.tooLarge()
	}
	if m.total > 0 {
		m.progress(min(1, float64(m.n)/float64(m.total)))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("body ended early: %w", err)
	}
	return n, err
}

// nameOf returns what to call the source in texts and on slides.
func (raw Raw) nameOf() string {
	if raw.Name != "" {
		return path.Base(raw.Name)
	}
	return ""
}
