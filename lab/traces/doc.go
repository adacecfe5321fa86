// Package traces follows jobs through the real programs: by their spans, which
// a collector in the test receives, and by their logs.
package traces
