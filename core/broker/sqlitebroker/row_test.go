package sqlitebroker

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzHeaders(f *testing.F) {
	f.Add("name", "value", "other", "")
	f.Add("ключ", "\u2028<&>\"\\\x00", "", "\U0001F600")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		h := map[string]string{}
		for _, s := range []struct{ name, value string }{{name1, value1}, {name2, value2}} {
			// The port lets only UTF-8 through.
			h[strings.ToValidUTF8(s.name, "?")] = strings.ToValidUTF8(s.value, "?")
		}
		text, err := encodeHeaders(h)
		require.NoError(t, err)
		got, err := decodeHeaders(text)
		require.NoError(t, err)
		require.True(t, maps.Equal(h, got), "%q became %q", h, got)
	})
}

func FuzzDecodeHeaders(f *testing.F) {
	f.Add("")
	f.Add(`{"a":"b"}`)
	f.Add(`{"a":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		h, err := decodeHeaders(text)
		if err != nil {
			return
		}
		again, err := encodeHeaders(h)
		require.NoError(t, err)
		got, err := decodeHeaders(again)
		require.NoError(t, err)
		require.True(t, maps.Equal(h, got))
	})
}
