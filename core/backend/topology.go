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

// DescribeTopology returns the same as a table.
func DescribeTopology(ps job.Policies) string { return rabbitbroker.Describe(queuesOf(ps)) }

func queuesOf(ps job.Policies) []driver.Queue {
	var queues []driver.Queue
	for _, q := range ps.Queues() {
		queues = append(queues, driver.Queue{Name: q.Name, Delays: q.Delays})
	}
	return queues
}
