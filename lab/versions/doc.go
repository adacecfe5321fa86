//go:build linux

// Package versions proves that programs of neighbour versions work together in
// any order of roll-out, on running systems.
//
// Always: today's programs take over what the programs of the last release left
// in their stores and on the broker, as testdata holds it.
//
// With STUDYCAST_NEIGHBOUR=REF, a commit or tag of this repository, it builds the
// programs of REF too and runs every mixture in which one program is of another
// version than the rest, through a roll-out and back:
//
//	STUDYCAST_NEIGHBOUR=v1.2.0 go test -v -count 1 -timeout 60m -run Pairs ./lab/versions
//
// With STUDYCAST_RECORD=true besides, -run Record writes testdata anew with the
// programs of REF. That is done once for each release.
//
// STUDYCAST_BIN and STUDYCAST_NEIGHBOUR_BIN name folders of binaries to be used
// instead of building them.
package versions
