package backend

import "github.com/studycast/studycast/core/broker/rabbitbroker"

// Unroutable is the queue of messages that RabbitMQ could not move to their next
// queue.
const Unroutable = rabbitbroker.Unroutable
