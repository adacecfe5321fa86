package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Limits are what one user may do. They hold once sign-in is configured:
// without it everybody is the same local user.
type Limits struct {
	RateLimit          int `help:"Requests a minute of one user; files and their parts have ten times as many of their own; 0 = no limit. Holds with sign-in only." env:"RATE_LIMIT" default:"300"`
	RateBurst          int `help:"Requests of one user at once; 0 = RATE_LIMIT." env:"RATE_BURST" default:"100"`
	MaxJobsInFlight    int `help:"Jobs of one user that are not finished; 0 = no limit. Holds with sign-in only." env:"MAX_JOBS_IN_FLIGHT" default:"100"`
	ServiceLimitFactor int `help:"How many times as much services and operators may do; 0 = they have no limits." env:"SERVICE_LIMIT_FACTOR" default:"10"`
}

// Bounds of limits: above them there is none in practice, and sums stay far from
// overflow.
const (
	maxLimit  = 1_000_000
	maxFactor = 1_000
)

// Check checks that the numbers are limits.
func (l Limits) Check() error {
	var errs []error
	for _, s := range []struct {
		name        string
		value, most int
	}{
		{"RATE_LIMIT", l.RateLimit, maxLimit},
		{"RATE_BURST", l.RateBurst, maxLimit},
		{"MAX_JOBS_IN_FLIGHT", l.MaxJobsInFlight, maxLimit},
		{"SERVICE_LIMIT_FACTOR", l.ServiceLimitFactor, maxFactor},
	} {
		if s.value < 0 || s.value > s.most {
			errs = append(errs, fmt.Errorf("%s %d: use 0 to %d, 0 = no limit", s.name, s.value, s.most))
		}
	}
	return errors.Join(errs...)
}

// Sites are the web sites beside Studycast's own page.
type Sites struct {
	CORSOrigins []string `name:"cors-origins" help:"Web sites whose pages may use the REST API, after commas; empty = none. Example: https://learn.example.org" env:"CORS_ORIGINS"`
}

// Check refuses what no browser sends as Origin, and everybody (*).
func (s Sites) Check() error {
	for _, origin := range s.CORSOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Contains(origin, "*") ||
			origin != strings.ToLower(u.Scheme+"://"+u.Host) {
			return fmt.Errorf("CORS_ORIGINS %q: use scheme://host in lower case, with a port unless it is the usual one, like https://learn.example.org", origin)
		}
	}
	return nil
}
