package cli

import (
	"os"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
)

func TestReferenceIsFresh(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/configuration.md")
	require.NoError(t, err)
	require.Equal(t, reference(), string(page), "run `make generate`")
}

// The flags that the reference names are the flags that the parser knows, and
// every setting can be set by its variable.
func TestReferenceNamesRealFlags(t *testing.T) {
	t.Parallel()
	var c commands
	p, err := parser(&c, "test")
	require.NoError(t, err)
	known := map[string]string{}
	for _, group := range p.Model.AllFlags(true) {
		for _, f := range group {
			if len(f.Envs) > 0 {
				known["--"+f.Name] = f.Envs[0]
			}
		}
	}
	for _, n := range p.Model.Children {
		for _, f := range n.Flags {
			if len(f.Envs) > 0 {
				known["--"+f.Name] = f.Envs[0]
			}
		}
	}
	all := append(config.Settings(config.Log{}), config.Settings(settings{})...)
	require.Greater(t, len(all), 40)
	for _, s := range all {
		require.Equal(t, s.Env, known[s.Flag], s.Flag)
		require.NotEmpty(t, s.Help, s.Env)
	}
}

// Every field of the settings has its variable: none is left out by a typo.
func TestEveryFieldIsASetting(t *testing.T) {
	t.Parallel()
	fields := 0
	var count func(reflect.Type)
	count = func(typ reflect.Type) {
		for i := range typ.NumField() {
			if f := typ.Field(i); f.Type.Kind() == reflect.Struct && f.Anonymous {
				count(f.Type)
			} else {
				fields++
			}
		}
	}
	count(reflect.TypeFor[settings]())
	require.Len(t, config.Settings(settings{}), fields)
}
