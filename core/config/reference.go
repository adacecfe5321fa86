package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Setting is one row of the reference.
type Setting struct {
	Env, Flag, Default, Help string
	Secret                   bool
}

// Settings lists the settings of a struct made of the structs of this package
// (embedded or named), in the order of their fields.
func Settings(v any) []Setting {
	return settings(reflect.Indirect(reflect.ValueOf(v)).Type())
}

func settings(t reflect.Type) []Setting {
	var all []Setting
	for i := range t.NumField() {
		f := t.Field(i)
		env := f.Tag.Get("env")
		switch {
		case env != "":
			all = append(all, Setting{
				Env: env, Flag: "--" + kebab(f.Name), Default: f.Tag.Get("default"),
				Help: f.Tag.Get("help"), Secret: f.Tag.Get("secret") != "",
			})
		case f.Type.Kind() == reflect.Struct:
			all = append(all, settings(f.Type)...)
		}
	}
	return all
}

// Markdown writes the settings as a table.
func Markdown(all []Setting) string {
	var b strings.Builder
	b.WriteString("| variable | flag | default | what it does |\n|---|---|---|---|\n")
	for _, s := range all {
		def := "`" + s.Default + "`"
		if s.Default == "" {
			def = ""
		}
		help := s.Help
		if s.Secret {
			help += " Secret: never printed."
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", s.Env, s.Flag, def, strings.ReplaceAll(help, "|", "\\|"))
	}
	return b.String()
}

// kebab turns a field name into the flag that kong makes of it.
func kebab(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		upper := r >= 'A' && r <= 'Z'
		if upper && i > 0 {
			prevLower := runes[i-1] >= 'a' && runes[i-1] <= 'z'
			nextLower := i+1 < len(runes) && runes[i+1] >= 'a' && runes[i+1] <= 'z'
			if prevLower || nextLower {
				b.WriteByte('-')
			}
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}
