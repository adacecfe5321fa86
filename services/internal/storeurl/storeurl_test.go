package storeurl_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/services/internal/storeurl"
)

func TestFile(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"sqlite:///var/lib/a.db": "/var/lib/a.db", "sqlite:a%20b.db": "a b.db",
		"postgres://user:geheim@host/db?sslmode=disable": "", "postgresql:///db": "",
	} {
		got, err := storeurl.File(address)
		require.NoError(t, err, address)
		require.Equal(t, want, got, address)
	}
	for address, says := range map[string]string{
		"": "unknown kind", "mysql://u:geheim@h/d": "unknown kind", "postgres://u:geheim@h:x/d": "not a URL",
		"sqlite:": "not the address of a file", "sqlite://host/a.db": "not the address of a file",
		"sqlite:a.db?mode=ro": "not the address of a file", "sqlite://u:geheim@h/a.db": "not the address of a file",
	} {
		_, err := storeurl.File(address)
		require.ErrorContains(t, err, says, address)
		require.NotContains(t, err.Error(), "geheim")
	}
}
