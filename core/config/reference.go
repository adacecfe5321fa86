package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Setting is one row of the reference.
type Setting struct {
	Env, Flag, Default, Help string
	Secret                   bool
	Value                    any // of the struct that was asked
}

// Settings lists the settings of a struct made of the structs of this package
// (embedded or named), in the order of their fields.
func Settings(v any) []Setting {
	return settings(reflect.Indirect(reflect.ValueOf(v)))
}

func settings(v reflect.Value) []Setting {
	var all []Setting
	for i := range v.NumField() {
		f := v.Type().Field(i)
		env := f.Tag.Get("env")
		switch {
		case env != "":
			all = append(all, Setting{
				Env: env, Flag: "--" + flag(f), Default: f.Tag.Get("default"), Help: f.Tag.Get("help"),
				Secret: f.Tag.Get("secret") != "", Value: v.Field(i).Interface(),
			})
		case (f.IsExported() || f.Anonymous) && f.Type.Kind() == reflect.Struct:
			all = append(all, settings(v.Field(i))...)
		}
	}
	return all
}

func flag(f reflect.StructField) string {
	if name := f.Tag.Get("name"); name != "" {
		return name
	}
	return kebab(f.Name)
}

// presets writes the default of a setting, with that of each program where they
// differ.
func presets(s Setting) string {
	if s.Default == "" {
		return ""
	}
	name, varies := strings.CutPrefix(s.Default, "${")
	if !varies {
		return "`" + s.Default + "`"
	}
	var all []string
	for _, p := range []Program{Gateway, Status, DeadLetters, VideoWorker, AudioWorker} {
		all = append(all, fmt.Sprintf("`%s` %s", p.Vars()[strings.TrimSuffix(name, "}")], p.Name))
	}
	return strings.Join(all, "<br>")
}

// Markdown writes all settings as a table, with the programs that have each.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| variable | flag | default | what it does | programs |\n|---|---|---|---|---|\n")
	for _, s := range Everything() {
		help := s.Help
		if s.Secret {
			help += " Secret: never printed."
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", s.Env, s.Flag, presets(s), strings.ReplaceAll(help, "|", "\\|"), having(s))
	}
	return b.String()
}

// having names the programs that have a setting.
func having(s Setting) string {
	var names []string
	all := []struct {
		name     string
		settings any
	}{
		{Single.Name, ForSingle{}},
		{Gateway.Name, ForGateway{}},
		{Status.Name, ForStatus{}},
		{DeadLetters.Name, ForDeadLetters{}},
		{"workers", ForWorker{}},
	}
	for _, p := range all {
		if slices.ContainsFunc(append(Settings(Common{}), Settings(p.settings)...), func(o Setting) bool { return o.Env == s.Env }) {
			names = append(names, p.name)
		}
	}
	switch len(names) {
	case 0:
		return "`studycast doctor`"
	case len(all):
		return "all"
	}
	return strings.Join(names, ", ")
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
