package sayas

import (
	"regexp"
	"sort"
	"strings"
)

// names are read otherwise than their letters suggest. Letters apart are spelt.
var names = map[string]string{
	"PostgreSQL": "postgres", "Postgres": "postgres", "MySQL": "my S Q L", "NoSQL": "no S Q L",
	"SQLite": "S Q lite", "SQL": "S Q L", "JSON": "jason", "YAML": "yamel", "TOML": "tommel",
	"GUI": "gooey", "ASCII": "askey", "LaTeX": "lay tech", "TeX": "tech", "nginx": "engine x",
	"IEEE": "I triple E", "OAuth": "O auth", "OAuth2": "O auth two", "PhD": "P H D", "JPEG": "jay peg",
	"Wi-Fi": "wifi", "WiFi": "wifi", "IPv4": "I P version four", "IPv6": "I P version six",
	"C++": "C plus plus", "C#": "C sharp", "F#": "F sharp", ".NET": "dot net", "Node.js": "node J S",
	"async": "ay sync", "asyncio": "ay sync I O", "stdin": "standard in", "stdout": "standard out",
	"stderr": "standard error", "char": "character", "tuple": "tupple", "tuples": "tupples",
	"regex": "reg ex", "GitHub": "git hub", "kubectl": "cube control", "k8s": "kubernetes",
	"README": "read me", "SaaS": "sass", "IoT": "I O T", "macOS": "mac O S", "AT&T": "A T and T", "A*": "A star",
	"x86-64": "x eighty-six, sixty-four", "x86_64": "x eighty-six, sixty-four", "ARM64": "arm sixty-four", "ARM": "arm", "iOS": "eye O S",
}

// words in capitals that are read as words and not spelt.
var spokenCapitals = set(`NASA NATO RAM ROM LASER RADAR SCUBA UNESCO UNICEF OPEC SIM PIN FIFO LIFO CRUD REST ACID
	AJAX BIOS CAPTCHA GIF SOAP WYSIWYG POSIX BASIC COBOL FORTRAN LISP BASH SWAT CERN COVID SARS AIDS
	NOT AND OR IF THE IS IN TO OF ALL ANY NO ON BY AS AT IT BE DO SO BUT FOR ONE TWO NEW NOW YES WHO WHY HOW
	ARE WAS HAS CAN MAY MUST ONLY ALSO NOTE THIS THAT WITH FROM WHEN THEN ELSE WHERE SELECT INSERT UPDATE
	DELETE TABLE INTO JOIN ORDER GROUP INDEX VIEW READ WRITE TRUE FALSE NULL NONE GET PUT POST HEAD PATCH
	SET ADD TIP WARNING IMPORTANT CAUTION NEVER ALWAYS BEGIN COMMIT ROLLBACK LOCK SHARE`)

// abbreviations that end in a stop, said in full.
var abbreviations = map[string]string{
	"e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus", "cf.": "compare",
	"approx.": "approximately", "et al.": "and others", "a.k.a.": "also known as", "ca.": "about",
	"Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Missis", "Ms.": "Miz", "Prof.": "Professor",
	"Fig.": "Figure", "Figs.": "Figures", "Eq.": "Equation", "Sec.": "Section", "Ch.": "Chapter",
	"Vol.": "Volume", "No.": "Number", "pp.": "pages", "p.": "page", "Inc.": "Incorporated",
	"Ltd.": "Limited", "w.r.t.": "with respect to", "resp.": "respectively", "incl.": "including",
	"Jan.": "January", "Feb.": "February", "Aug.": "August", "Sept.": "September", "Oct.": "October",
	"Nov.": "November", "Dec.": "December",
}

// needNumber are abbreviations that mean what they say only before a number;
// elsewhere they end a sentence.
var needNumber = set("No. p. pp. Fig. Figs. Eq. Sec. Ch. Vol. ca. Jan. Feb. Aug. Sept. Oct. Nov. Dec.")

// unit is a unit of measure: one of it, many of it.
type unit struct{ one, many string }

// units by their sign. Those of one letter count only right after a number.
var units = map[string]unit{
	"Hz": {"hertz", "hertz"}, "kHz": {"kilohertz", "kilohertz"}, "MHz": {"megahertz", "megahertz"},
	"GHz": {"gigahertz", "gigahertz"}, "THz": {"terahertz", "terahertz"},
	"kB": {"kilobyte", "kilobytes"}, "KB": {"kilobyte", "kilobytes"}, "MB": {"megabyte", "megabytes"},
	"GB": {"gigabyte", "gigabytes"}, "TB": {"terabyte", "terabytes"}, "PB": {"petabyte", "petabytes"},
	"KiB": {"kibibyte", "kibibytes"}, "MiB": {"mebibyte", "mebibytes"}, "GiB": {"gibibyte", "gibibytes"},
	"kbit": {"kilobit", "kilobits"}, "Mbit": {"megabit", "megabits"}, "Gbit": {"gigabit", "gigabits"},
	"kbps": {"kilobit per second", "kilobits per second"}, "Mbps": {"megabit per second", "megabits per second"},
	"Gbps": {"gigabit per second", "gigabits per second"},
	"s":    {"second", "seconds"}, "sec": {"second", "seconds"}, "ms": {"millisecond", "milliseconds"},
	"µs": {"microsecond", "microseconds"}, "μs": {"microsecond", "microseconds"}, "ns": {"nanosecond", "nanoseconds"},
	"min": {"minute", "minutes"}, "h": {"hour", "hours"}, "hr": {"hour", "hours"}, "hrs": {"hour", "hours"},
	"kg": {"kilogram", "kilograms"}, "g": {"gram", "grams"}, "mg": {"milligram", "milligrams"},
	"lb": {"pound", "pounds"}, "lbs": {"pound", "pounds"}, "oz": {"ounce", "ounces"},
	"km": {"kilometer", "kilometers"}, "m": {"meter", "meters"}, "cm": {"centimeter", "centimeters"},
	"mm": {"millimeter", "millimeters"}, "µm": {"micrometer", "micrometers"}, "μm": {"micrometer", "micrometers"},
	"nm": {"nanometer", "nanometers"}, "ft": {"foot", "feet"}, "mph": {"mile per hour", "miles per hour"},
	"W": {"watt", "watts"}, "kW": {"kilowatt", "kilowatts"}, "MW": {"megawatt", "megawatts"},
	"GW": {"gigawatt", "gigawatts"}, "kWh": {"kilowatt hour", "kilowatt hours"}, "V": {"volt", "volts"},
	"mV": {"millivolt", "millivolts"}, "kV": {"kilovolt", "kilovolts"}, "mA": {"milliamp", "milliamps"},
	"kJ": {"kilojoule", "kilojoules"}, "eV": {"electron volt", "electron volts"},
	"Pa": {"pascal", "pascals"}, "kPa": {"kilopascal", "kilopascals"},
	"L": {"liter", "liters"}, "l": {"liter", "liters"}, "ml": {"milliliter", "milliliters"},
	"mL": {"milliliter", "milliliters"}, "dB": {"decibel", "decibels"}, "px": {"pixel", "pixels"},
	"fps": {"frame per second", "frames per second"}, "rpm": {"turn per minute", "turns per minute"},
	"ppm": {"part per million", "parts per million"}, "mol": {"mole", "moles"}, "kcal": {"kilocalorie", "kilocalories"},
}

// signs are said as a word between what stands beside them.
var signs = map[string]string{
	"==": "equals", "!=": "is not equal to", "<=": "at most", ">=": "at least", "&&": "and", "||": "or",
	"->": "to", "=>": "to", "<-": "from", ":=": "becomes", "+=": "plus equals", "=": "equals", "≠": "is not equal to",
	"≤": "at most", "≥": "at least", "<": "less than", ">": "greater than", "±": "plus or minus",
	"×": "times", "÷": "divided by", "√": "the square root of", "∞": "infinity", "≈": "about", "≡": "is equivalent to",
	"→": "to", "←": "from", "↔": "to and from", "⇒": "implies", "⇔": "if and only if", "∈": "in", "∉": "not in",
	"⊂": "within", "∪": "union", "∩": "intersection", "∑": "the sum of", "∏": "the product of", "∫": "the integral of",
	"∂": "partial", "∇": "nabla", "∀": "for all", "∃": "there is", "∅": "the empty set", "∝": "is proportional to",
	"¬": "not", "∧": "and", "∨": "or", "&": "and", "%": "percent", "‰": "per mille", "°": "degrees", "§": "section",
	"−": "minus", "+": "plus", "@": "at", "½": "one half", "¼": "one quarter", "¾": "three quarters", "⅓": "one third",
	"⅔": "two thirds", "€": "euros", "£": "pounds", "¥": "yen",
}

// greek names the letters that formulas use.
var greek = map[string]string{
	"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
	"ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi",
	"ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi", "χ": "chi",
	"ψ": "psi", "ω": "omega", "Γ": "gamma", "Δ": "delta", "Θ": "theta", "Λ": "lambda", "Ξ": "xi", "Π": "pi",
	"Σ": "sigma", "Φ": "phi", "Ψ": "psi", "Ω": "omega",
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// anyOf returns a pattern that matches the longest of the keys first.
func anyOf[V any](m map[string]V) string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, regexp.QuoteMeta(k))
	}
	sort.Slice(keys, func(i, j int) bool {
		if len(keys[i]) != len(keys[j]) {
			return len(keys[i]) > len(keys[j])
		}
		return keys[i] < keys[j]
	})
	return "(?:" + strings.Join(keys, "|") + ")"
}
