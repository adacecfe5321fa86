// Package rpc is how the programs speak gRPC to each other: one way to serve
// and one way to dial, with health, reflection, deadlines, keep-alive, metrics,
// traces, mutual TLS and a drain that leaves nobody hanging.
//
// # Metrics
//
// Those of go-grpc-middleware: grpc_server_handled_total,
// grpc_server_handling_seconds, grpc_client_handled_total,
// grpc_client_handling_seconds and their companions, by service, method, type
// and code.
package rpc

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// defaultDeadline bounds a unary call that its caller does not bound.
	defaultDeadline = 10 * time.Second
	// longestCall bounds a unary call at the server whatever its caller says:
	// the longest honest one is a long poll of 60 s.
	longestCall = 90 * time.Second
	// defaultDrain bounds the end of running calls.
	defaultDrain = 5 * time.Second
)

// share registers c, or returns the one that another server or connection of
// this process has registered before.
func share[C prometheus.Collector](r prometheus.Registerer, c C) (C, error) {
	if r == nil {
		return c, nil
	}
	err := r.Register(c)
	var before prometheus.AlreadyRegisteredError
	if errors.As(err, &before) {
		if shared, ok := before.ExistingCollector.(C); ok {
			return shared, nil
		}
	}
	if err != nil {
		return c, fmt.Errorf("register metrics of gRPC: %w", err)
	}
	return c, nil
}
