package sayas

import (
	"net/url"
	"sort"
	"strings"
)

// address says the host of a web address, "a link" when it has none to say.
func address(m []string) string {
	raw := m[0]
	trimmed := strings.TrimRight(raw, ".,;:!?)]}'")
	tail := raw[len(trimmed):]
	if !strings.Contains(trimmed, "://") {
		trimmed = "http://" + trimmed
	}
	u, err := url.Parse(trimmed)
	if err != nil {
		return "a link" + tail
	}
	host := strings.TrimPrefix(u.Hostname(), "www.")
	if host == "" || len(host) > 40 || !strings.ContainsAny(host, "abcdefghijklmnopqrstuvwxyz") || strings.Contains(host, ":") {
		return "a link" + tail
	}
	return dotted(host) + tail
}

func dotted(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '.' }), " dot ")
}

// abbreviation says a short form; one that needs a number keeps its stop
// without one, because it ends the sentence ("No.").
func abbreviation(m []string) string {
	short := strings.TrimSuffix(m[0], m[1])
	if needNumber[short] && m[1] == "" {
		return m[0]
	}
	return abbreviations[short] + m[1]
}

func isoDate(m []string) string {
	return monthNames[atoi(m[2])-1] + " " + ordinal(atoi(m[3])) + ", " + m[1]
}

func clock(m []string) string {
	hour, minute, half := atoi(m[1]), atoi(m[2]), strings.ToUpper(m[3])
	said := cardinal(hour)
	switch {
	case minute == 0 && half == "":
		return said + " o'clock"
	case minute == 0:
	case minute < 10:
		said += " oh " + small[minute]
	default:
		said += " " + cardinal(minute)
	}
	if half != "" {
		said += " " + half + " M"
	}
	return said
}

var (
	currencies = map[string]unit{"$": {"dollar", "dollars"}, "€": {"euro", "euros"}, "£": {"pound", "pounds"}, "¥": {"yen", "yen"}}
	pennies    = map[string]unit{"$": {"cent", "cents"}, "€": {"cent", "cents"}, "£": {"penny", "pence"}}
	scales     = map[string]string{"k": "thousand", "K": "thousand", "M": "million", "bn": "billion"}
	part       = map[string]string{"½": "a half", "¼": "a quarter", "¾": "three quarters", "⅓": "a third", "⅔": "two thirds"}
)

func money(m []string) string {
	sign, amount, scale := m[1], m[2], m[3]
	if scale != "" {
		if full, ok := scales[scale]; ok {
			scale = full
		}
		return number(amount) + " " + scale + " " + currencies[sign].many
	}
	whole, rest, _ := strings.Cut(amount, ".")
	p, hasPennies := pennies[sign]
	if len(rest) != 2 || !hasPennies {
		return count(amount, currencies[sign])
	}
	said := count(whole, currencies[sign])
	if rest == "00" {
		return said
	}
	small := count(strings.TrimPrefix(rest, "0"), p)
	if whole == "0" {
		return small
	}
	return said + " and " + small
}

func count(amount string, u unit) string {
	if amount == "1" {
		return "one " + u.one
	}
	return number(amount) + " " + u.many
}

// points says the numbers of a release one by one.
func points(numbers string) string {
	var said []string
	for _, n := range strings.Split(numbers, ".") {
		said = append(said, integer(n))
	}
	return strings.Join(said, " point ")
}

var (
	raisedDigits  = strings.NewReplacer("⁰", "0", "¹", "1", "²", "2", "³", "3", "⁴", "4", "⁵", "5", "⁶", "6", "⁷", "7", "⁸", "8", "⁹", "9", "⁺", "", "⁻", "-", "ⁿ", "n")
	loweredDigits = strings.NewReplacer("₀", "0", "₁", "1", "₂", "2", "₃", "3", "₄", "4", "₅", "5", "₆", "6", "₇", "7", "₈", "8", "₉", "9")
)

func raised(m []string) string  { return power(raisedDigits.Replace(m[0])) }
func lowered(m []string) string { return " " + loweredDigits.Replace(m[0]) + " " }

func power(exponent string) string {
	switch exponent {
	case "2":
		return " squared"
	case "3":
		return " cubed"
	}
	return " to the power of " + strings.Replace(exponent, "-", "minus ", 1)
}

func temperature(m []string) string {
	scale := map[string]string{"C": "Celsius", "F": "Fahrenheit"}[m[2]]
	if m[1] == "" {
		return "degrees " + scale
	}
	return count(m[1], unit{"degree", "degrees"}) + " " + scale
}

func measure(m []string) string {
	u := units[m[2]]
	if m[4] != "" {
		square := map[string]string{"²": "square ", "³": "cubic "}[m[4]]
		u = unit{square + u.one, square + u.many}
	}
	return count(m[1], u) + per(m[3])
}

func per(of string) string {
	if of == "" {
		return ""
	}
	return " per " + units[of].one
}

func plainNumber(m []string) string {
	if n := atoi(m[0]); len(m[0]) == 4 && isYear(n) {
		return " " + year(n) + " "
	}
	return " " + number(m[0]) + " "
}

// capitals says a word of capitals: as a word where it is one or sounds like
// one, else letter by letter.
func capitals(m []string) string {
	word, s := m[1], m[2]
	if spokenCapitals[word] || len(word) > 3 && pronounceable(word) {
		return strings.ToLower(word) + strings.TrimPrefix(s, "'")
	}
	out := strings.Join(strings.Split(word, ""), " ")
	if s != "" {
		out += "'s"
	}
	return out
}

// pronounceable reports whether vowels and consonants take turns closely enough
// for the letters to be a word.
func pronounceable(word string) bool {
	run, wasVowel, vowels := 0, false, 0
	for i, r := range word {
		vowel := strings.ContainsRune("AEIOUY", r)
		if vowel {
			vowels++
		}
		if i > 0 && vowel == wasVowel {
			run++
		} else {
			run = 1
		}
		wasVowel = vowel
		if run > 2 {
			return false
		}
	}
	return vowels > 0 && 4*vowels >= len(word)
}

// wordNames are the names that begin and end in a letter or digit.
func wordNames() map[string]string {
	m := map[string]string{}
	for k, v := range names {
		if !strings.ContainsAny(k[:1]+k[len(k)-1:], ".+#*") {
			m[k] = v
		}
	}
	return m
}

// longUnits are the units that are known without a number before them.
func longUnits() map[string]unit {
	m := map[string]unit{}
	for k, v := range units {
		if len(k) > 1 && k != "min" && k != "oz" && k != "ft" && k != "sec" {
			m[k] = v
		}
	}
	return m
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
