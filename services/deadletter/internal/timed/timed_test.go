package timed

import (
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/services/deadletter/store"
)

// The closed set of the label names every method of the port.
func TestEveryCallIsNamed(t *testing.T) {
	t.Parallel()
	port := reflect.TypeFor[store.Store]()
	var names []string
	for i := range port.NumMethod() {
		if name := port.Method(i).Name; name != "Close" {
			names = append(names, snake(name))
		}
	}
	require.ElementsMatch(t, names, calls)
}

func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
