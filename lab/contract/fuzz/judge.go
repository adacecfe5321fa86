package fuzz

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/studycast/studycast/lab/contract/document"
)

// refusals are what a server may say itself about what is no HTTP.
var refusals = []int{
	http.StatusBadRequest, http.StatusRequestTimeout, http.StatusLengthRequired, http.StatusRequestHeaderFieldsTooLarge,
	http.StatusExpectationFailed, http.StatusNotImplemented, http.StatusHTTPVersionNotSupported,
}

// clientGone is what the log has of a client that closed its side of the
// connection, as those who send what is no HTTP do.
const clientGone = 499

// judge returns which promise of the document an answer keeps, if any, or what
// is wrong with it.
func (f *fuzzer) judge(c *attempt, out outcome) (promise string, err error) {
	switch {
	case out.left:
		return "", nil
	case out.err != nil && (c.broken || slices.Contains(refusals, out.answer.Status) && itself(c, out.answer)):
		return "", f.alive(out.err)
	case out.err != nil:
		return "", out.err
	}
	a := out.answer
	if err := f.leaks(c, a); err != nil {
		return "", err
	}
	if a.Header.Get("X-Request-Id") == "" { // it came to no handler of ours
		if slices.Contains(refusals, a.Status) && itself(c, a) {
			return "", nil
		}
		return "", fmt.Errorf("status %d without X-Request-Id: %.200s", a.Status, a.Body)
	}
	if a.Status >= http.StatusInternalServerError {
		return "", fmt.Errorf("status %d: %.500s", a.Status, a.Body)
	}
	if c.broken && a.Status == clientGone {
		return "", nil
	}
	o := f.operation(c)
	if o == nil {
		return "", f.elsewhere(c, a)
	}
	promise, err = f.o.Document.Check(o, a)
	if err != nil && c.redirected && (a.Status == http.StatusNotFound || a.Status == http.StatusMethodNotAllowed) {
		return "", f.elsewhere(c, a) // the router sees another address in it
	}
	return promise, err
}

// operation is the one that was asked for, or nil.
func (f *fuzzer) operation(c *attempt) *document.Operation {
	if !c.redirected {
		return c.op
	}
	return f.o.Document.Find(c.method, c.path)
}

// elsewhere judges the answer to what no operation is for.
func (f *fuzzer) elsewhere(c *attempt, a document.Answer) error {
	lists := c.method == http.MethodOptions && a.Status == http.StatusNoContent || a.Status == http.StatusMethodNotAllowed
	switch {
	case lists && a.Header.Get("Allow") == "":
		return fmt.Errorf("status %d without Allow", a.Status)
	case c.method == http.MethodOptions && a.Status == http.StatusNoContent:
		return nil
	case a.Status < http.StatusBadRequest && strings.HasPrefix(c.path, "/v1/"):
		return fmt.Errorf("status %d where the document knows no call: %.200s", a.Status, a.Body)
	case a.Status < http.StatusBadRequest: // the page, its files, health
		return nil
	}
	_, err := f.o.Document.Error(a)
	return err
}

// leaks looks for what others wrote.
func (f *fuzzer) leaks(c *attempt, a document.Answer) error {
	if c.caller.SeesAll {
		return nil
	}
	var all bytes.Buffer
	_ = a.Header.Write(&all) // into memory
	all.Write(a.Body)
	for _, other := range f.o.Callers {
		if other.Canary != "" && other.Canary != c.caller.Canary && bytes.Contains(all.Bytes(), []byte(other.Canary)) {
			return fmt.Errorf("%s sees what %s wrote: %.500s", c.caller.Name, other.Name, all.Bytes())
		}
	}
	return nil
}

// itself reports whether the server may refuse a request before any handler
// sees it: when it is no HTTP, by a header that only servers understand.
func itself(c *attempt, a document.Answer) bool {
	if c.broken || a.Status == http.StatusExpectationFailed {
		return true
	}
	target := c.target()
	odd := func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }
	return strings.ContainsFunc(strings.Join(c.headers, ""), odd) || strings.ContainsAny(target, " #") || strings.Contains(c.path, "%") ||
		strings.ContainsFunc(target, odd) || c.method == "CONNECT"
}

// alive excuses a connection that was cut for what is no HTTP, not a server
// that is gone or does not answer.
func (f *fuzzer) alive(err error) error {
	if text := err.Error(); strings.Contains(text, "timeout") || strings.Contains(text, "nobody answers") {
		return err
	}
	return nil
}
