// Package version says which build of Studycast a program is.
package version

import "runtime/debug"

// Set by the linker: -ldflags "-X github.com/studycast/studycast/core/version.version=…".
var version, revision string

// unset is the version of a build that nobody gave one.
const unset = "dev"

// Version returns the version that the build was given; "dev" when it was given
// none.
func Version() string {
	if version == "" {
		return unset
	}
	return version
}

// Revision returns the commit that was built: the one that the build was given,
// else the one that the go command found; "unknown" when it found none.
func Revision() string {
	if revision != "" {
		return revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "unknown"
}
