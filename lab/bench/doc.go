// Package bench measures the whole system from outside: every program a process
// of its own, on RabbitMQ and PostgreSQL. It has benchmarks only:
//
//	go test ./lab/bench -run '^$' -bench Flow -benchtime 3000x
//	go test ./lab/bench -run '^$' -bench Start -benchtime 3000x
//	go test ./lab/bench -run '^$' -bench Idle -benchtime 1x
//
// docs/performance.md holds what they said and on what machine.
package bench
