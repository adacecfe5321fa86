// Package obs is how a program is seen from outside: its log, its health, its
// metrics.
package obs

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// secret lists parts of attribute names whose values never reach a log.
var secret = []string{"key", "token", "secret", "password", "authorization"}

// plain lists attribute names that look secret and are not.
var plain = map[string]bool{"idempotency_key": true}

// NewLogger returns a logger in the given format ("json" or "text") that
// writes lines at or above level ("debug", "info", "warn", "error") to w.
// Values of attributes that are secret by their name are written as "***".
func NewLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level %q: use debug, info, warn or error", level)
	}
	o := &slog.HandlerOptions{Level: l, ReplaceAttr: hide}
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	}
	return nil, fmt.Errorf("log format %q: use json or text", format)
}

func hide(_ []string, a slog.Attr) slog.Attr {
	name := strings.ToLower(a.Key)
	if plain[name] {
		return a
	}
	for _, s := range secret {
		if strings.Contains(name, s) {
			return slog.String(a.Key, "***")
		}
	}
	return a
}
