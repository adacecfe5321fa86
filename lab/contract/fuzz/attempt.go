package fuzz

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/studycast/studycast/lab/contract/document"
)

// framing says how a body is sent.
type framing int

const (
	whole    framing = iota // with its length
	chunked                 // in chunks
	cutChunk                // in chunks, and no more after the first half
	cutBody                 // with the length of more than is sent
)

// attempt is a case: a request as it goes over the wire.
type attempt struct {
	no     uint64
	op     *document.Operation
	caller Caller

	method  string
	path    string   // as it is sent
	query   []string // pairs as they are sent
	headers []string // lines as they are sent, without the end of line
	body    []byte
	hasBody bool
	framing framing

	// redirected says that method or path are no longer those of op.
	redirected bool
	// broken says that it is no HTTP any more: the server itself refuses it.
	broken bool
	// leave says that nobody waits for the answer.
	leave bool
	// noLength leaves the length of the body to headers.
	noLength bool
	done     []string // what was done to it
}

func (c *attempt) note(format string, args ...any) {
	c.done = append(c.done, fmt.Sprintf(format, args...))
}

// target is the request's address as it is sent.
func (c *attempt) target() string {
	if len(c.query) == 0 {
		return c.path
	}
	return c.path + "?" + strings.Join(c.query, "&")
}

// set replaces a header, or adds it.
func (c *attempt) set(name, value string) {
	c.unset(name)
	c.headers = append(c.headers, name+": "+value)
}

func (c *attempt) unset(name string) {
	kept := c.headers[:0]
	for _, line := range c.headers {
		if before, _, _ := strings.Cut(line, ":"); !strings.EqualFold(before, name) {
			kept = append(kept, line)
		}
	}
	c.headers = kept
}

// held reports whether the caller asked the server to hold the answer back.
func (c *attempt) held() bool {
	for _, pair := range c.query {
		if strings.HasPrefix(pair, "wait=") {
			return true
		}
	}
	return false
}

// cut reports whether the body does not arrive whole.
func (c *attempt) cut() bool { return c.hasBody && (c.framing == cutBody || c.framing == cutChunk) }

// missing is how much a body that is cut off says to have besides.
const missing = 1000

// raw is the request as it goes over the wire.
func (c *attempt) raw() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", c.method, c.target())
	for _, line := range c.headers {
		b.WriteString(line + "\r\n")
	}
	if !c.hasBody {
		b.WriteString("\r\n")
		return b.Bytes()
	}
	switch c.framing {
	case whole:
		if !c.noLength {
			b.WriteString("Content-Length: " + strconv.Itoa(len(c.body)) + "\r\n")
		}
		b.WriteString("\r\n")
		b.Write(c.body)
	case cutBody:
		b.WriteString("Content-Length: " + strconv.Itoa(len(c.body)+missing) + "\r\n\r\n")
		b.Write(c.body)
	case chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		half := len(c.body) / 2
		chunk(&b, c.body[:half])
		chunk(&b, c.body[half:])
		b.WriteString("0\r\n\r\n")
	case cutChunk:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		chunk(&b, c.body[:len(c.body)/2])
		fmt.Fprintf(&b, "%x\r\n", len(c.body)+missing)
	}
	return b.Bytes()
}

func chunk(b *bytes.Buffer, data []byte) {
	if len(data) > 0 { // an empty one would be the end
		fmt.Fprintf(b, "%x\r\n%s\r\n", len(data), data)
	}
}
