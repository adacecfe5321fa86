package sayas

import (
	"regexp"
	"strings"
)

const (
	num    = `\d+(?:,\d{3})*(?:\.\d+)?`
	months = `(January|February|March|April|May|June|July|August|September|October|November|December)`
)

var monthNames = strings.Fields(strings.NewReplacer("(", "", ")", "", "|", " ").Replace(months))

// webAddress is the one rule that holds in every language.
var webAddress = row("web address", `(?i)\b(?:https?|ftp)://[^\s<>"]+|\bwww\.[^\s<>"]+`, address,
	"See https://docs.python.org/3/library?x=1.", "See docs dot python dot org.")

// table is what English says, row by row from the top: the rule's name, what it
// finds, what it makes of it, and an example as the whole table says it. A rule
// may leave digits and capitals to the rows below it.
var table = []rule{
	row("quoted code", "`+", to(""), "Call `print`.", "Call print."),
	row("emphasis", `\*\*([^*]+)\*\*|__([^_\s][^_]*)__`, func(m []string) string { return m[1] + m[2] },
		"a **bold** word", "a bold word"),
	row("tag", `</?([A-Za-z][\w-]*)[^<>]{0,80}>`, to(" $1 "), "the <div> tag", "the div tag"),
	webAddress,
	row("mail address", `\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)\b`, func(m []string) string { return dotted(m[1]) + " at " + dotted(m[2]) },
		"Ask ada@example.org.", "Ask ada at example dot org."),
	row("order of growth", `\b([OΘΩ])\(([^()]{1,40})\)`, to("$1 of $2"), "It is O(n log n).", "It is O of n log n."),
	row("call", `\b([A-Za-z_][\w.]*)\(\)`, to("$1"), "Use list.sort() here.", "Use list dot sort here."),
	row("known name", `\b`+anyOf(wordNames())+`\b|\bC\+\+|\bA\*|\b[CF]#|\.NET\b`, func(m []string) string { return names[m[0]] },
		"SQLite, C++ and .NET", "S Q lite, C plus plus and dot net"),
	row("stars of a power", `(\w)\*\*(\w)`, to("$1 to the power of $2"), "a**b", "a to the power of b"),
	row("initials", `\b(?:[A-Z]\.){2,}|\b[ap]\.m\.`, func(m []string) string {
		return strings.TrimSpace(strings.ReplaceAll(strings.ToUpper(m[0]), ".", " "))
	}, "the U.S. at 9 a.m. sharp", "the U S at nine A M sharp"),
	row("abbreviation", `(?:\b|^)`+anyOf(abbreviations)+`(\s*\d)?`, abbreviation,
		"Fig. 3, e.g. for Dr. Ada, etc.", "Figure three, for example for Doctor Ada, et cetera."),
	row("option", `(^|\s)--?([A-Za-z][\w-]*)`, func(m []string) string { return m[1] + strings.ReplaceAll(m[2], "-", " ") },
		"pass --dry-run now", "pass dry run now"),
	row("file path", `(^|\s)[~.]*((?:/[\w.-]*\w){2,})`, func(m []string) string { return m[1] + strings.ReplaceAll(m[2][1:], "/", " ") },
		"in /etc/hosts now", "in etc hosts now"),
	row("date", `\b(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b`, isoDate, "on 2024-03-15", "on March fifteenth, twenty twenty-four"),
	row("month and day", `\b`+months+`\s+(\d{1,2})(?:st|nd|rd|th)?\b`, func(m []string) string { return m[1] + " " + ordinal(atoi(m[2])) },
		"March 15, 2024", "March fifteenth, twenty twenty-four"),
	row("day and month", `\b(\d{1,2})(?:st|nd|rd|th)?\s+`+months+`\b`, func(m []string) string { return "the " + ordinal(atoi(m[1])) + " of " + m[2] },
		"15 March 2024", "the fifteenth of March twenty twenty-four"),
	row("time", `\b([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?:\s?([aApP])\.?[mM]\b\.?)?`, clock,
		"at 10:30am, 9:05 and 14:00", "at ten thirty A M, nine oh five and fourteen o'clock"),
	row("money", `([$€£¥])\s?(`+num+`)(?:\s?(thousand|million|billion|trillion|k|K|M|bn)\b)?`, money,
		"$3.50, €1 and £2.5 million", "three dollars and fifty cents, one euro and two point five million pounds"),
	row("release", `\b((?i:version|release|python|java|go|http|tls|usb|html|postgres|linux|ubuntu|debian|bluetooth|django|rust))\s?/?v?(\d+)\.(\d+)\b`,
		func(m []string) string { return m[1] + " " + integer(m[2]) + " point " + integer(m[3]) },
		"Python 3.10 and HTTP/1.1", "Python three point ten and H T T P one point one"),
	row("marked version", `\bv(\d+(?:\.\d+)*)\b`, func(m []string) string { return "version " + points(m[1]) }, "from v2 on", "from version two on"),
	row("version", `\b(\d+(?:\.\d+){2,})`, func(m []string) string { return points(m[1]) },
		"3.10.8 or later", "three point ten point eight or later"),
	row("decade", `\b(1[1-9]\d0|20\d0)s\b`, func(m []string) string { return plural(year(atoi(m[1]))) },
		"the 1990s", "the nineteen nineties"),
	row("range", `(\d)\s?(?:–|—|-)\s?(\d)`, to("$1 to $2"), "1990–1995, pages 3-4", "nineteen ninety to nineteen ninety-five, pages three to four"),
	row("below zero", `(^|[\s(=])[-−](\d)`, to("${1}minus $2"), "at -5 degrees", "at minus five degrees"),
	row("lowered sign", `[₀₁₂₃₄₅₆₇₈₉]+`, lowered, "CO₂", "C O two"),
	row("power", `\s?\^\s?\{?(-?\w+)\}?`, func(m []string) string { return power(m[1]) }, "n^2 or 2^n", "n squared or two to the power of n"),
	row("temperature", `(?:(`+num+`)\s?)?°\s?([CF])\b`, temperature, "20 °C", "twenty degrees Celsius"),
	row("percentage", `(`+num+`)\s?%`, func(m []string) string { return number(m[1]) + " percent" }, "50% of 1,024", "fifty percent of one thousand twenty-four"),
	row("measure", `\b(`+num+`)[\s-]?(`+anyOf(units)+`)(?:/(`+anyOf(units)+`))?(?:([²³])|\b)`, measure,
		"3 GHz, 90 km/h, 1 MB/s, 5 km²", "three gigahertz, ninety kilometers per hour, one megabyte per second, five square kilometers"),
	row("unit", `\b(`+anyOf(longUnits())+`)(?:/(`+anyOf(units)+`))?\b`, func(m []string) string { return units[m[1]].many + per(m[2]) },
		"in km/h or GHz", "in kilometers per hour or gigahertz"),
	row("raised sign", `[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+`, raised, "x² and 10⁻⁶", "x squared and ten to the power of minus six"),
	row("thousands", `(\d)[kK]\b`, to("$1 thousand"), "10k users", "ten thousand users"),
	row("ordinal", `\b(\d{1,9})(?:st|nd|rd|th)\b`, func(m []string) string { return ordinal(atoi(m[1])) }, "the 21st of 3rd", "the twenty-first of third"),
	row("round the clock", `\b24/7\b`, to("around the clock"), "open 24/7", "open around the clock"),
	row("fraction", `\b(\d{1,4})/(\d{1,4})\b`, func(m []string) string { return fraction(atoi(m[1]), atoi(m[2])) }, "3/4 of 22/7", "three quarters of twenty-two over seven"),
	row("half and more", `(\d)\s?([½¼¾⅓⅔])`, func(m []string) string { return m[1] + " and " + part[m[2]] }, "2½ hours", "two and a half hours"),
	row("numbered part", `\b(Chapter|Part|Section|Volume|War|Act|Type|Phase|Stage|Book|Class|Level|Appendix)\s+([IVX]{1,5})\b`,
		func(m []string) string { return m[1] + " " + cardinal(roman(m[2])) }, "World War II", "World War two"),
	row("ruler", `\b(Louis|Henry|George|Charles|Edward|William|James|Richard|Elizabeth|Napoleon|Philip|Frederick|Catherine)\s+([IVX]{1,5})\b`,
		func(m []string) string { return m[1] + " the " + ordinal(roman(m[2])) }, "Louis XIV", "Louis the fourteenth"),
	row("dotted name", `\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+`, func(m []string) string { return dotted(m[0]) }, "os.path.join", "os dot path dot join"),
	row("underscores", `_+`, to(" "), "my_list and __init__", "my list and init"),
	row("hump", `([a-z])([A-Z])`, to("$1 $2"), "fooBarBaz", "foo Bar Baz"),
	row("hump after capitals", `([A-Z]{2,})([A-Z][a-z]{2,})`, to("$1 $2"), "HTTPServer", "H T T P Server"),
	row("letters and digits", `([A-Za-z])[-‑]?(\d)`, to("$1 $2"), "UTF-8 and x86", "U T F eight and x eighty-six"),
	row("digits and letters", `(\d)([A-Za-rt-z]|s[a-z])`, to("$1 $2"), "a 3D view", "a three D view"),
	row("place", `(^|\s)#(\d)`, to("${1}number $2"), "rule #5", "rule number five"),
	row("about", `(^|[\s(])~\s?(\d)`, to("${1}about $2"), "~10 people", "about ten people"),
	row("star", `([\w)])\s\*\s([\w(])|(\d)\*(\d)`, func(m []string) string { return m[1] + m[3] + " times " + m[2] + m[4] }, "3 * x", "three times x"),
	row("sign", anyOf(signs), func(m []string) string { return " " + signs[m[0]] + " " }, "a ≠ b → c", "a is not equal to b to c"),
	row("single greek letter", `(^|\P{Greek})([`+strings.Join(keys(greek), "")+`])`, func(m []string) string { return m[1] + " " + greek[m[2]] + " " },
		"the angle θ", "the angle theta"),
	row("number", `\b`+num, plainNumber, "1998 and 1,024 or 2.5", "nineteen ninety-eight and one thousand twenty-four or two point five"),
	row("capitals", `\b([A-Z]{2,})('?s)?\b`, capitals, "APIs, NASA and HTML", "A P I's, nasa and H T M L"),
}

func row(name, find string, say func([]string) string, written, said string) rule {
	return rule{name: name, find: regexp.MustCompile(find), say: say, heard: [2]string{written, said}}
}

// to makes a say function of a template with $1, ${2}.
func to(template string) func([]string) string {
	return func(m []string) string {
		pairs := []string{"${1}", at(m, 1), "${2}", at(m, 2), "$1", at(m, 1), "$2", at(m, 2)}
		return strings.NewReplacer(pairs...).Replace(template)
	}
}

func at(m []string, i int) string {
	if i < len(m) {
		return m[i]
	}
	return ""
}
