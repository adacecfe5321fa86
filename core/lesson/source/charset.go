package source

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/studycast/studycast/core/fault"
)

// maxGarbage is the share of letters that may be undecodable or control
// characters; with more it is no text, whatever it calls itself.
const maxGarbage = 0.02

// decode returns raw's text as UTF-8. Bytes that are valid UTF-8 beat what the
// page declares; else the declaration counts, and without one, or when it
// yields garbage, statistics do.
func decode(raw Raw) (string, error) {
	data := raw.Data
	declared := raw.Charset
	if declared == "" {
		if _, name, certain := charset.DetermineEncoding(data, ""); certain {
			declared = name
		}
	}
	text := bestDecoding(data, declared)
	if garbage(text) > maxGarbage {
		return "", fault.New(fault.Request, "The %s is not text: it looks like a program or data file. Choose a page with text, or upload a PDF.", raw.noun())
	}
	return text, nil
}

func bestDecoding(data []byte, declared string) string {
	unicodeMark := bytes.HasPrefix(data, []byte{0xfe, 0xff}) || bytes.HasPrefix(data, []byte{0xff, 0xfe})
	if utf8.Valid(data) && !unicodeMark && (!isASCII(data) || declared == "" || !bytes.Contains(data, []byte{0x1b})) {
		return string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	}
	best, least := "", 2.0
	consider := func(text string, penalty float64) {
		if g := garbage(text) + penalty; g < least {
			best, least = text, g
		}
	}
	if e := lookup(declared); e != nil {
		consider(convert(e, data), 0)
	}
	// A few broken bytes do not make a page another charset.
	consider(string(bytes.ToValidUTF8(data, []byte("\uFFFD"))), 0.002)
	if unicodeMark || least > 0.004 {
		e, _, _ := charset.DetermineEncoding(data, "")
		if guess, err := chardet.NewTextDetector().DetectBest(data[:min(len(data), 64<<10)]); err == nil && guess.Confidence >= 40 && !unicodeMark {
			consider(convert(lookup(guess.Charset), data), 0.001)
		}
		consider(convert(e, data), 0.003)
	}
	return best
}

func lookup(name string) encoding.Encoding {
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil
	}
	return e
}

func convert(e encoding.Encoding, data []byte) string {
	if e == nil {
		return "\uFFFD"
	}
	text, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return "\uFFFD"
	}
	return string(bytes.TrimPrefix(text, []byte("\ufeff")))
}

func isASCII(data []byte) bool {
	return bytes.IndexFunc(data, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// garbage returns the share of text that no writer wrote.
func garbage(text string) float64 {
	bad, all := 0, 0
	for _, r := range text {
		all++
		switch {
		case r == utf8.RuneError, unicode.Is(unicode.Co, r):
			bad++
		case unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r != '\f':
			bad++
		}
	}
	return float64(bad) / float64(max(1, all))
}
