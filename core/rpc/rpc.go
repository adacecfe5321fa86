// Package rpc is how the programs speak gRPC to each other: one way to serve
// and one way to dial, with health, reflection, deadlines, keep-alive, metrics,
// traces, mutual TLS and a drain that leaves nobody hanging.
//
// What it counts is defined in Metrics.
package rpc

import "time"

const (
	// defaultDeadline bounds a unary call that its caller does not bound.
	defaultDeadline = 10 * time.Second
	// longestCall bounds a unary call at the server whatever its caller says:
	// the longest honest one is a long poll of 60 s.
	longestCall = 90 * time.Second
	// defaultDrain bounds the end of running calls.
	defaultDrain = 5 * time.Second
)
