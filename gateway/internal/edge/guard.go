package edge

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/studycast/studycast/gateway/internal/problem"
)

// maxHeaderValue bounds one header value. A token is below 4 KiB; the server's
// own limit covers all headers together and cuts the connection.
const maxHeaderValue = 8 << 10

// LimitHeaders refuses a request with a header value over 8 KiB.
func LimitHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := checkHeaders(r.Header); err != nil {
			problem.Write(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func checkHeaders(h http.Header) error {
	for name, values := range h {
		for _, v := range values {
			if len(v) > maxHeaderValue {
				return problem.New(http.StatusRequestHeaderFieldsTooLarge,
					"The header %s is %d bytes long; at most %d are taken. Sign in again for a fresh token.", name, len(v), maxHeaderValue)
			}
		}
	}
	return nil
}

// LocalHost lets only requests through that call this machine by a loopback
// name. Without it any web site could point its own name at 127.0.0.1 and talk
// to a gateway that asks nobody who they are (DNS rebinding).
func LocalHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.Host) {
			problem.Write(w, r, problem.New(http.StatusMisdirectedRequest,
				"This gateway serves one local user. Call it as localhost or 127.0.0.1, or configure sign-in to open it to others."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// policy is for everything that is not the page: nothing may load or frame it.
const policy = "default-src 'none'; frame-ancestors 'none'"

// SecurityHeaders sets the headers that hold for every answer. Handlers of
// pages and files replace the Content-Security-Policy with their own.
func SecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
