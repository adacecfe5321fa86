// Package streams holds thousands of event streams on one gateway, as browsers
// do, and restarts what is behind them. It has tests and a benchmark:
//
//	go test ./lab/streams
//	go test ./lab/streams -run '^$' -bench Idle -benchtime 1x -timeout 30m
//	STUDYCAST_STREAMS=5000 go test ./lab/streams -run Restart -v -timeout 30m
//
// docs/performance.md holds what they said and on what machine.
package streams
