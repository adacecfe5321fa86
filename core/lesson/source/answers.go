package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/guard"
)

// longestDelay bounds what a site may ask for by Retry-After.
const longestDelay = 10 * time.Minute

// checkStatus turns an answer without a page into a fault.
func checkStatus(resp *http.Response) error {
	code := resp.StatusCode
	switch {
	case code == http.StatusNoContent, code == http.StatusResetContent:
		return errEmpty("page")
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusPaymentRequired:
		return fault.New(fault.Request, "The page is only shown to people who log in (the site answered %d). "+
			"Open it in a browser, save it, and upload the file.", code)
	case code == http.StatusNotFound, code == http.StatusGone:
		return fault.New(fault.Request, "There is no page at this address (the site answered %d). Check the address and try again.", code)
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return fault.New(fault.Source, "The site is busy (it answered %d).", code).
			After(retryAfter(resp.Header.Get("Retry-After"), time.Now()))
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooEarly:
		return fault.New(fault.Source, "The site has trouble (it answered %d). You can also upload the page.", code)
	}
	return fault.New(fault.Request, "The site does not give out this page (it answered %d). "+
		"Open it in a browser, save it, and upload the file.", code)
}

// retryAfter reads a Retry-After header, seconds or a date; 0 without one.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Duration(min(max(0, seconds), int64(longestDelay/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(now)), longestDelay)
	}
	return 0
}

// explain turns an error of the transport into a fault.
func (r *Reader) explain(err error) error {
	var (
		f       *fault.Error
		private *guard.RefusedError
		dns     *net.DNSError
		cert    *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		record  tls.RecordHeaderError
		timeout net.Error
	)
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &private):
		e := refused(private)
		e.Err = err
		return e
	case errors.As(err, &dns) && dns.IsNotFound:
		return fault.Wrap(fault.Request, err, "There is no site of this name. Check the address and try again.")
	case errors.As(err, &dns):
		return fault.Wrap(fault.Source, err, "The name of the site could not be looked up.")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fault.Wrap(fault.Source, err, "The site did not send the page within %d seconds. You can also upload the page.",
			int(r.o.Timeout/time.Second))
	case errors.As(err, &cert), errors.As(err, &unknown), errors.As(err, &record):
		return fault.Wrap(fault.Source, err, "No safe connection to the site could be made (its certificate is wrong). "+
			"You can also upload the page.")
	}
	return fault.Wrap(fault.Source, err, "The site could not be reached, or broke off. Check the address.")
}

func errEmpty(noun string) *fault.Error {
	return fault.New(fault.Request, "The %s is empty. Check that it is the right one, or paste the text.", noun)
}
