package fuzz

import (
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pb33f/libopenapi/datamodel/high/base"

	"github.com/studycast/studycast/lab/contract/document"
)

// generator draws values. The draws of a case do not depend on what answers
// have shown: those are only looked up by a number drawn.
type generator struct {
	*rand.Rand
	doc    *document.Document
	pool   *pool
	canary string
}

// chance is true n times of m.
func (g *generator) chance(n, m int) bool { return g.IntN(m) < n }

func pick[T any](g *generator, all []T) T { return all[g.IntN(len(all))] }

// deepest bounds nesting where a schema does not.
const deepest = 6

// value returns one that a schema allows, often at its bounds. name is that of
// the field or parameter, collection that of what it belongs to.
func (g *generator) value(s *base.Schema, collection, name string, depth int) any {
	if s == nil || depth > deepest {
		return nil
	}
	if len(s.Enum) > 0 {
		return scalar(s, pick(g, s.Enum).Value)
	}
	if several := slices.Concat(s.OneOf, s.AnyOf); len(several) > 0 {
		return g.value(g.doc.Schema(pick(g, several)), collection, name, depth)
	}
	kinds := slices.DeleteFunc(slices.Clone(s.Type), func(t string) bool { return t == "null" })
	if len(kinds) == 0 {
		return g.text(s, collection, name)
	}
	switch pick(g, kinds) {
	case "object":
		return g.object(s, depth)
	case "array":
		return g.array(s, collection, name, depth)
	case "integer":
		return int64(g.number(s))
	case "number":
		return g.number(s)
	case "boolean":
		return g.chance(1, 2)
	}
	return g.text(s, collection, name)
}

func scalar(s *base.Schema, text string) any {
	if slices.Contains(s.Type, "integer") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	}
	return text
}

func (g *generator) object(s *base.Schema, depth int) any {
	o := map[string]any{}
	for name, p := range s.Properties.FromOldest() {
		if slices.Contains(s.Required, name) || g.chance(1, 3) {
			o[name] = g.value(g.doc.Schema(p), "", name, depth+1)
		}
	}
	if more := s.AdditionalProperties; more != nil && more.IsA() {
		most := 4
		if s.MaxProperties != nil && g.chance(1, 8) {
			most = int(*s.MaxProperties)
		}
		for i := range g.IntN(most + 1) {
			o[fmt.Sprintf("k%d", i)] = g.value(g.doc.Schema(more.A), "", "", depth+1)
		}
	}
	return o
}

func (g *generator) array(s *base.Schema, collection, name string, depth int) any {
	least, most := 0, 3
	if s.MinItems != nil {
		least = int(*s.MinItems)
	}
	if s.MaxItems != nil {
		most = min(most, int(*s.MaxItems))
		if g.chance(1, 10) {
			most = int(*s.MaxItems)
		}
	}
	list := []any{}
	if s.Items == nil || !s.Items.IsA() {
		return list
	}
	for range least + g.IntN(max(1, most-least+1)) {
		list = append(list, g.value(g.doc.Schema(s.Items.A), collection, name, depth+1))
	}
	return list
}

func (g *generator) number(s *base.Schema) float64 {
	least, most := 0.0, 1000.0
	if s.Minimum != nil {
		least = *s.Minimum
	}
	if s.Maximum != nil {
		most = *s.Maximum
	}
	switch g.IntN(4) {
	case 0:
		return least
	case 1:
		return most
	}
	return least + float64(g.IntN(int(max(1, most-least))))
}

// text returns a string that a schema allows: a known one, one of its format or
// pattern, or any.
func (g *generator) text(s *base.Schema, collection, name string) string {
	if known, ok := g.pool.get(g.Uint64(), collection, name); ok && g.chance(4, 5) {
		return known
	}
	switch s.Format {
	case "date-time":
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(g.IntN(400*24)) * time.Hour)
		return at.Format(time.RFC3339)
	case "uuid":
		return g.uuid()
	case "uri":
		return "https://example.org/" + strconv.Itoa(g.IntN(1000))
	}
	if s.Pattern != "" {
		if re, err := syntax.Parse(s.Pattern, syntax.Perl); err == nil {
			return g.match(re.Simplify())
		}
	}
	n := 1 + g.IntN(40)
	if s.MinLength != nil {
		n = max(n, int(*s.MinLength))
	}
	if s.MaxLength != nil {
		n = min(n, int(*s.MaxLength))
		if g.chance(1, 8) {
			n = int(*s.MaxLength)
		}
	}
	word := "w" + strconv.Itoa(g.IntN(100))
	if g.canary != "" && len(g.canary) <= n {
		word = g.canary
	}
	return (word + strings.Repeat("x", n))[:n]
}

func (g *generator) uuid() string {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(g.IntN(256))
	}
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id.String()
}

// match returns a string that a simplified expression matches.
func (g *generator) match(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		i := 2 * g.IntN(len(re.Rune)/2)
		low, high := re.Rune[i], min(re.Rune[i+1], re.Rune[i]+100)
		return string(low + rune(g.IntN(int(high-low)+1)))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpCapture:
		return g.match(re.Sub[0])
	case syntax.OpAlternate:
		return g.match(pick(g, re.Sub))
	case syntax.OpQuest:
		return strings.Repeat(g.match(re.Sub[0]), g.IntN(2))
	case syntax.OpStar, syntax.OpPlus:
		var b strings.Builder
		for range 1 + g.IntN(5) {
			b.WriteString(g.match(re.Sub[0]))
		}
		return b.String()
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(g.match(sub))
		}
		return b.String()
	}
	return ""
}
