package backend

import (
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/rabbitbroker"
	"github.com/studycast/studycast/core/job"
)

// Definitions returns the definitions file that gives a virtual host of a
// RabbitMQ server what the policies need, for a server whose users may not
// configure it.
func Definitions(vhost string, ps job.Policies) ([]byte, error) {
	return rabbitbroker.Definitions(vhost, queuesOf(ps))
}

// DefinitionsWithUsers returns the same file with an account for every program
// beside, which may do no more than the program needs in verify mode. Nobody
// gets in by password until the empty hashes are filled.
func DefinitionsWithUsers(vhost string, ps job.Policies) ([]byte, error) {
	queues := queuesOf(ps)
	return rabbitbroker.Definitions(vhost, queues, rabbitbroker.Users(queues, workers())...)
}

// workers names the program that works off each queue.
func workers() map[string]string {
	names := map[string]string{}
	for _, k := range job.Kinds() {
		names[k.Queue()] = string(k) + "-worker"
	}
	return names
}

// DescribeTopology returns the same as a table.
func DescribeTopology(ps job.Policies) string { return rabbitbroker.Describe(queuesOf(ps)) }

func queuesOf(ps job.Policies) []driver.Queue {
	var queues []driver.Queue
	for _, q := range ps.Queues() {
		queues = append(queues, driver.Queue{Name: q.Name, Delays: q.Delays})
	}
	return queues
}
