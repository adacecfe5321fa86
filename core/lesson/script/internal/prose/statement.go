package prose

import "strings"

// plainVerbs are verbs that are hardly ever nouns: after a plural they are the
// verb of a clause.
var plainVerbs = set(`come become begin behave believe bring build buy carry choose compare compete connect consider consist contain continue create deal decide define deliver depend derive
describe determine develop differ die disappear discover distribute divide eat eliminate emerge enable encourage ensure enter evolve exist expand explain fail fall feel fill find follow
get give go grow happen hear help hide hold improve include interact keep know learn leave let live lose maintain make mean meet move obtain occur operate prefer prepare prevent produce promote
protect prove provide publish put reach receive reduce remain replace require rise save say see seem sell send serve sit solve speak spend stay survive take teach tell tend think throw understand
vary wait want win write affect need`)

// Statement reports whether the words of a heading are a clause of their own:
// "Tides come from a difference in pull", "The Earth turns under the bulges".
func Statement(words []string) bool {
	if Assertion(words) {
		return true
	}
	for i, w := range words {
		if i == 0 || i+1 == len(words) || !verbs[w] || !pluralNoun(words[i-1]) {
			continue
		}
		if plainVerbs[w] || determiners[words[i+1]] && words[i+1] != "of" {
			return true
		}
	}
	return false
}

func pluralNoun(w string) bool {
	switch w {
	case "people", "men", "women", "children", "they", "we", "you":
		return true
	}
	return len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !prepositions[w] && !auxiliaries[w] && !strings.HasSuffix(w, "us")
}

// clauseVerb returns the place of the verb in words that begin with a short
// subject; 0 when it is not clear.
func clauseVerb(words []string) int {
	for i := 1; i < min(len(words)-1, 6); i++ {
		w, prev := words[i], words[i-1]
		switch {
		case strings.HasSuffix(w, "ly"):
			continue
		case auxiliaries[w]:
			return i
		case determiners[prev] || prepositions[prev]:
			continue
		case verbs[w] && pluralNoun(prev) && (plainVerbs[w] || english.stop[words[i+1]] || i > 1):
			return i
		case thirdPerson(w) != "" && !pluralNoun(prev) && (i > 1 || determiners[words[i+1]] || english.stop[words[i+1]]):
			return i
		}
	}
	return 0
}

// thirdPerson returns the base form of a verb in the third person singular,
// or "".
func thirdPerson(w string) string {
	if stem, ok := strings.CutSuffix(w, "ies"); ok && verbs[stem+"y"] {
		return stem + "y"
	}
	if stem, ok := strings.CutSuffix(w, "s"); ok && verbs[stem] {
		return stem
	}
	if stem, ok := strings.CutSuffix(w, "es"); ok && verbs[stem] {
		return stem
	}
	return ""
}

// Topic returns what sentence s is about: its subject, when that is short and
// stands by itself ("Spring tides bring …").
func (l *Lang) Topic(s string) (Subject, bool) {
	if l.Tag != "en" || l.NeedsContext(s) {
		return Subject{}, false
	}
	fields := strings.Fields(s)
	words := Words(s[:min(len(s), 120)])
	at := clauseVerb(words)
	if at == 0 || at > 4 || len(fields) < at+3 || len(words) < at || strings.HasSuffix(words[at-1], "ly") {
		return Subject{}, false
	}
	term := strings.Join(fields[:at], " ")
	if !definable(term) || leads[words[0]] || subordinate[words[0]] || gerund(words[0]) || verbs[words[0]] && !pluralNoun(words[at-1]) {
		return Subject{}, false
	}
	for _, w := range words[:at] {
		if prepositions[w] || l.pronouns[w] || w == "and" || w == "or" || w == "our" || w == "own" {
			return Subject{}, false
		}
	}
	return Subject{Term: term, Plural: pluralNoun(words[at-1])}, true
}

// gerund reports whether w is the -ing form of a verb.
func gerund(w string) bool {
	stem, ok := strings.CutSuffix(w, "ing")
	return ok && len(stem) > 1 && (verbs[stem] || verbs[stem+"e"] || doubled(stem))
}

// Why returns the question that s answers, when s gives a reason: "Neap tides
// are small, because …" gives "Why are neap tides small?", "That is why high
// water comes later" gives "Why does high water come later?".
func (l *Lang) Why(s string, start func(string) string) (string, bool) {
	if l.Tag != "en" {
		return "", false
	}
	clause := ""
	for _, lead := range []string{"That is why ", "This is why ", "That's why "} {
		if rest, ok := strings.CutPrefix(s, lead); ok {
			clause = rest
		}
	}
	if clause == "" {
		head, _, ok := strings.Cut(s, " because ")
		if !ok || strings.HasSuffix(head, " just") || strings.HasSuffix(head, " only") || strings.HasSuffix(head, " partly") || strings.HasSuffix(head, " not") || strings.HasSuffix(s, "because of") {
			return "", false
		}
		if strings.HasPrefix(s[len(head):], " because of ") || l.NeedsContext(head) {
			return "", false
		}
		clause = head
	}
	clause = strings.TrimRight(clause, " ,.")
	if strings.ContainsAny(clause, ",;:\"“(") || Count(clause) > 14 || Count(clause) < 4 || l.NeedsContext(Upper(clause)) {
		return "", false
	}
	return invert(clause, start)
}

// invert makes a why-question of a clause.
func invert(clause string, start func(string) string) (string, bool) {
	fields, words := strings.Fields(clause), Words(clause)
	if len(fields) != len(words) || subordinate[words[0]] || leads[words[0]] {
		return "", false
	}
	for _, w := range words {
		if w == "not" || w == "who" || w == "which" || w == "that" || w == "and" || strings.HasSuffix(w, "n't") {
			return "", false
		}
	}
	at := clauseVerb(words)
	if at == 0 {
		return "", false
	}
	subject := start(strings.Join(fields[:at], " "))
	rest := strings.Join(fields[at+1:], " ")
	switch verb := words[at]; {
	case verb == "has" || verb == "have" || verb == "had" || verb == "do" || verb == "does" || verb == "did":
		if !strings.HasPrefix(verb, "h") || at+1 < len(words) && (finite(words[at+1]) || irregular[words[at+1]]) {
			return "", false
		}
		return "Why " + map[string]string{"has": "does", "have": "do", "had": "did"}[verb] + " " + subject + " have " + rest + "?", true
	case auxiliaries[verb]:
		return "Why " + verb + " " + subject + " " + rest + "?", true
	case thirdPerson(verb) != "" && !pluralNoun(words[at-1]):
		return "Why does " + subject + " " + thirdPerson(verb) + " " + rest + "?", true
	case verbs[verb]:
		return "Why do " + subject + " " + verb + " " + rest + "?", true
	}
	return "", false
}
