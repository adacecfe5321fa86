//go:build linux

// Package contract holds running systems to what they promise: the one process
// on the embedded queue and store, and the programs on RabbitMQ and PostgreSQL.
// Every answer is compared with the OpenAPI document that the system itself
// serves, or with the table of errors of its gRPC service; a fuzzer sends what
// nobody should.
//
//	go test -v -count 1 -run 'TestManyPrograms$|TestOneProcess$' ./lab/contract
//
// brings about all that the documents promise and counts it, in about a minute.
//
//	STUDYCAST_FUZZ_TIME=10m STUDYCAST_FUZZ_SEED=7 go test -v -count 1 -timeout 1h -run Fuzz ./lab/contract
//
// sends for longer, with a seed of choice; STUDYCAST_FUZZ_CASE=1234 sends one
// case of that seed alone. STUDYCAST_BIN names a folder of binaries to test
// instead of building them.
package contract
