package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/studycast/studycast/core/guard"
	"github.com/studycast/studycast/core/webhook"
)

// Bounds of a try.
const (
	tryTimeout     = 10 * time.Second
	dialTimeout    = 5 * time.Second
	maxAnswerBytes = 4 << 10
	maxHeaderBytes = 32 << 10
	idleTimeout    = 30 * time.Second
	userAgent      = "Studycast-Webhooks/1.0"
)

// What became of a try, as label values.
const (
	labelDelivered = "delivered"
	labelAnswered  = "answered"
	labelGone      = "gone"
	labelUnreached = "unreached"
	labelRefused   = "refused"
)

// result is an outcome with what only operators see.
type result struct {
	webhook.Outcome
	label string
	cause error // without the address, whose query may hold secrets
}

// client makes tries.
type client struct {
	http    *http.Client
	timeout time.Duration
	now     func() time.Time
}

func newClient(o SenderOptions) *client {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: o.Addresses.Control}
	return &client{
		timeout: o.Timeout, now: o.Clock,
		http: &http.Client{
			Transport: &http.Transport{
				Proxy:                  nil, // a proxy from the environment would dial in our place, unchecked
				DialContext:            dialer.DialContext,
				TLSHandshakeTimeout:    dialTimeout,
				MaxResponseHeaderBytes: maxHeaderBytes,
				DisableCompression:     true,
				ForceAttemptHTTP2:      true,
				MaxIdleConnsPerHost:    1,
				IdleConnTimeout:        idleTimeout,
			},
			// A receiver says by 2xx that it has the call; elsewhere nobody asked for it.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// try sends a call once and waits for the answer.
func (c *client) try(ctx context.Context, d webhook.Due) result {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := c.request(ctx, d)
	if err != nil {
		return result{webhook.Outcome{Error: "The call could not be put together."}, labelUnreached, err}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreached(err)
	}
	defer func() { _ = resp.Body.Close() }()
	// The status says it all. What is read lets the connection be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswerBytes))
	return answered(resp, c.now())
}

// request signs a call as of now.
func (c *client) request(ctx context.Context, d webhook.Due) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Payload))
	if err != nil {
		return nil, errors.New("the address can't be read")
	}
	at := c.now()
	signature, err := webhook.Sign(d.Secrets, d.ID, at, d.Payload)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set(webhook.HeaderID, string(d.ID))
	req.Header.Set(webhook.HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(webhook.HeaderSignature, signature)
	return req, nil
}

// answered reads an answer.
func answered(resp *http.Response, now time.Time) result {
	code := resp.StatusCode
	o := webhook.Outcome{Status: code}
	switch {
	case code >= 200 && code < 300:
		return result{o, labelDelivered, nil}
	case code == http.StatusGone:
		o.Gone, o.Error = true, "It answered 410: it is gone for good."
		return result{o, labelGone, nil}
	case code >= 300 && code < 400:
		o.Error = fmt.Sprintf("It answered %d: redirects are not followed. Register the address that it leads to.", code)
	default:
		o.Error = fmt.Sprintf("It answered %d.", code)
	}
	o.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
	return result{o, labelAnswered, nil}
}

// unreached turns an error of the transport into words for the owner.
func (c *client) unreached(err error) result {
	var (
		private *guard.RefusedError
		dns     *net.DNSError
		cert    *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		record  tls.RecordHeaderError
		timeout net.Error
	)
	label, text := labelUnreached, "It could not be reached, or broke off."
	switch {
	case errors.As(err, &private):
		label, text = labelRefused, "Its name does not lead to the public internet, so it is not called."
	case errors.As(err, &dns):
		text = "Its name could not be looked up."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		text = fmt.Sprintf("It did not answer within %s.", c.timeout)
	case errors.As(err, &cert), errors.As(err, &unknown), errors.As(err, &record):
		text = "No safe connection to it could be made: its certificate is wrong."
	}
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err
	}
	return result{webhook.Outcome{Error: text}, label, err}
}

// retryAfter reads a Retry-After header, seconds or a date; 0 without one.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Duration(min(max(0, seconds), int64(webhook.MaxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(now)), webhook.MaxRetryAfter)
	}
	return 0
}
