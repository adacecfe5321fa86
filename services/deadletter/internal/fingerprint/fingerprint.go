// Package fingerprint tells which faults have one cause: it takes out of a
// fault's text what differs from case to case and hashes the rest.
package fingerprint

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
)

const (
	hashBytes = 8
	// maxLine is how much of a line is looked at, in bytes: a cause says what is
	// the matter at its beginning.
	maxLine = 600
	// maxRounds bounds how often the rules are applied: taking one thing out may
	// show another. Texts that people and programs write need two.
	maxRounds = 16
)

// Of returns the fingerprint of a fault, 16 hexadecimal digits, and the text
// that stands for every fault with it.
func Of(f job.Fault) (print, template string) {
	template = Template(f)
	h := sha256.Sum256([]byte(f.Kind + "\x00" + f.Stage + "\x00" + template))
	return hex.EncodeToString(h[:hashBytes]), template
}

// Template is the first line of a fault's text and of its cause with <…> where
// faults of one cause differ. The cause of poison stays out: bytes that can't be
// read are unreadable in a thousand ways.
func Template(f job.Fault) string {
	text := Normal(f.Text)
	if f.Kind == string(fault.Poison) {
		return text
	}
	if cause := Normal(f.Cause); cause != "" && !repeats(f, cause, text) {
		text += " · " + cause
	}
	return text
}

// repeats reports whether a cause is only the fault again as its package prints
// it, which tells nothing more.
func repeats(f job.Fault, cause, text string) bool {
	for _, before := range []string{f.Kind + " (" + f.Stage + "): ", f.Kind + ": "} {
		if said, ok := strings.CutPrefix(cause, before); ok && strings.HasPrefix(text, said) {
			return true
		}
	}
	return false
}

// rule replaces what a pattern finds. What its first group matched stays.
type rule struct {
	find *regexp.Regexp
	put  string
}

// The rules in their order: what may hold another comes first.
var rules = []rule{
	{regexp.MustCompile(`()\b[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>` + "`" + `]+`), "<url>"},
	{regexp.MustCompile(`()(?i:\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)`), "<id>"},
	{regexp.MustCompile(`()"[^"]*"`), "<value>"},
	{regexp.MustCompile("()`[^`]*`"), "<value>"},
	{regexp.MustCompile(`()“[^”]*”`), "<value>"},
	{regexp.MustCompile(`(^|[\s(\[=:,])'[^']*'`), "<value>"},
	{regexp.MustCompile(`(^|[\s(\[=:,])~?/[^\s"'<>:;,()\[\]` + "`" + `]+`), "<path>"},
	{regexp.MustCompile(`()\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?\b`), "<time>"},
	{regexp.MustCompile(`()(\[[0-9A-Fa-f]*:[0-9A-Fa-f:.%]*\]|\b[0-9A-Fa-f]{1,4}(:[0-9A-Fa-f]{0,4}){2,7}\b|\b\d{1,3}(\.\d{1,3}){3}\b)(:\d{1,5}\b)?`), "<address>"},
	{regexp.MustCompile(`()\b([A-Za-z0-9_-]+\.)+[A-Za-z]{2,}(:\d{1,5})?\b`), "<host>"},
	{regexp.MustCompile(`()\b[A-Za-z][A-Za-z0-9_-]*:\d{2,5}\b`), "<host>"},
	{regexp.MustCompile(`()\b(once|\d+ times)\b`), "<n> times"},
	{regexp.MustCompile(`()\b(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+\b`), "<time>"},
	{regexp.MustCompile(`()\b(0x[0-9A-Fa-f]+|[0-9a-f]*[0-9][0-9a-f]{7,}|[0-9a-f]{7,}[0-9][0-9a-f]*)\b`), "<id>"},
	{regexp.MustCompile(`()[+-]?\b\d+([.,]\d+)*([A-Za-z]{1,3}\b|%|\b)`), "<n>"},
}

// Normal returns the first line of a text with <…> where texts of one cause
// differ. The normal form of a normal form is itself.
func Normal(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	line = strings.ToValidUTF8(line[:min(len(line), maxLine)], "")
	for range maxRounds {
		before := line
		for _, r := range rules {
			line = r.find.ReplaceAllString(line, "${1}"+r.put)
		}
		line = strings.Join(strings.Fields(line), " ")
		if line == before && len(line) <= maxLine {
			return line
		}
		line = strings.ToValidUTF8(line[:min(len(line), maxLine)], "")
	}
	return "<text>"
}
