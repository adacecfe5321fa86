package sayas

import (
	"fmt"
	"strconv"
	"strings"
)

var (
	small = strings.Fields(`zero one two three four five six seven eight nine ten eleven twelve thirteen
		fourteen fifteen sixteen seventeen eighteen nineteen`)
	tens      = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
	thousands = []string{"", " thousand", " million", " billion", " trillion"}
	irregular = map[string]string{
		"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
		"nine": "ninth", "twelve": "twelfth",
	}
)

// longNumber is the number of digits from which a number is no longer read as
// a quantity but digit by digit; endless is from where its length is told.
const (
	longNumber = 16
	endless    = 24
)

// number says a number as written: "1,024", "2.5", "007".
func number(s string) string {
	s = strings.ReplaceAll(s, ",", "")
	whole, fraction, decimal := strings.Cut(s, ".")
	said := integer(whole)
	if decimal && fraction != "" {
		said += " point " + digits(fraction)
	}
	return said
}

func integer(s string) string {
	if len(s) >= longNumber || len(s) > 1 && s[0] == '0' {
		return digits(s)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return s
	}
	return cardinal(n)
}

// digits says each digit, or only how many there are when they have no end.
func digits(s string) string {
	if len(s) >= endless {
		return fmt.Sprintf("a number of %s digits", cardinal(int64(len(s))))
	}
	said := make([]string, 0, len(s))
	for _, d := range s {
		if d >= '0' && d <= '9' {
			said = append(said, small[d-'0'])
		}
	}
	return strings.Join(said, " ")
}

func cardinal(n int64) string {
	if n == 0 {
		return small[0]
	}
	var groups []string
	for i := 0; n > 0 && i < len(thousands); i++ {
		if g := n % 1000; g > 0 {
			groups = append([]string{below1000(g) + thousands[i]}, groups...)
		}
		n /= 1000
	}
	return strings.Join(groups, " ")
}

func below1000(n int64) string {
	switch {
	case n < 20:
		return small[n]
	case n < 100 && n%10 == 0:
		return tens[n/10]
	case n < 100:
		return tens[n/10] + "-" + small[n%10]
	case n%100 == 0:
		return small[n/100] + " hundred"
	}
	return small[n/100] + " hundred " + below1000(n%100)
}

func ordinal(n int64) string {
	said := cardinal(n)
	at := strings.LastIndexAny(said, " -") + 1
	head, last := said[:at], said[at:]
	if s, ok := irregular[last]; ok {
		return head + s
	}
	if strings.HasSuffix(last, "y") {
		return head + strings.TrimSuffix(last, "y") + "ieth"
	}
	return head + last + "th"
}

// year says a year from 1100 to 2099 as people do.
func year(n int64) string {
	century, rest := n/100, n%100
	switch {
	case n >= 2000 && n < 2010:
		return cardinal(n)
	case rest == 0:
		return cardinal(century) + " hundred"
	case rest < 10:
		return cardinal(century) + " oh " + small[rest]
	}
	return cardinal(century) + " " + cardinal(rest)
}

func isYear(n int64) bool { return n >= 1100 && n < 2100 }

// plural makes the last word of a said number plural: nineties, hundreds.
func plural(said string) string {
	if strings.HasSuffix(said, "y") {
		return strings.TrimSuffix(said, "y") + "ies"
	}
	if strings.HasSuffix(said, "x") {
		return said + "es"
	}
	return said + "s"
}

// fraction says n/d, for small denominators as a part.
func fraction(n, d int64) string {
	if d < 2 || d > 10 || n < 1 || n >= d {
		return cardinal(n) + " over " + cardinal(d)
	}
	part := ordinal(d)
	switch d {
	case 2:
		part = "half"
	case 4:
		part = "quarter"
	}
	if n > 1 {
		part += "s"
	}
	return cardinal(n) + " " + part
}

func roman(s string) int64 {
	value := map[byte]int64{'I': 1, 'V': 5, 'X': 10}
	var sum int64
	for i := range len(s) {
		v := value[s[i]]
		if i+1 < len(s) && value[s[i+1]] > v {
			v = -v
		}
		sum += v
	}
	return sum
}

func atoi(s string) int64 {
	n, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
