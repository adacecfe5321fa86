//go:build linux

// Package letters proves, on running systems, that operators can find,
// understand and replay dead letters without hurting anybody: on the programs
// with RabbitMQ and PostgreSQL, and on the one process with the embedded queue
// and store. Sites and endpoints misbehave; everything else is real.
//
//	STUDYCAST_REPLAY_TIME=30s go test -v -count 1 -run Rate ./lab/letters
//
// measures the rate of a replay for longer. STUDYCAST_BIN names a folder of
// binaries to test instead of building them.
package letters
