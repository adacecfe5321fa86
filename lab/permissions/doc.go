//go:build linux

// Package permissions proves on a RabbitMQ server that starts with the files of
// deploy/rabbitmq that each program works as a user of its own, that this user
// is refused what the program does not need, and that it needs all the rest.
//
// STUDYCAST_RABBITMQ_ROOT names the root folder of a system whose RabbitMQ is to
// be used instead of this machine's, as core/sandbox/rabbitmq/rabbitmq4.sh makes
// it. STUDYCAST_BIN names a folder of binaries to test instead of building them.
package permissions

//go:generate sh -c "go run ../../studycast/cmd/studycast topology --users --vhost studycast > ../../deploy/rabbitmq/definitions.json"
