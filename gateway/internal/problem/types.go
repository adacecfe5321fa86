package problem

import (
	"maps"
	"slices"
)

// Type is a kind of problem.
type Type struct {
	URI    string // "urn:studycast:problem:not-found"
	Code   string // its last part
	Title  string
	Status int // that it comes with
}

// Types lists every kind of problem that a caller can be answered, by code.
func Types() []Type {
	statuses := maps.Clone(more)
	for status, code := range codes {
		statuses[code] = status
	}
	for _, a := range faults {
		statuses[a.code] = a.status
	}
	for _, r := range rows {
		statuses[r.code] = r.status
	}
	var all []Type
	for _, code := range slices.Sorted(maps.Keys(titles)) {
		if statuses[code] != StatusClientGone {
			all = append(all, Type{typePrefix + code, code, titles[code], statuses[code]})
		}
	}
	return all
}
