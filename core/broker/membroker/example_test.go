package membroker_test

import (
	"context"
	"fmt"

	"github.com/studycast/studycast/core/broker"
	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/membroker"
)

// One message is published, consumed and acked.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	queues := []driver.Queue{{Name: "video-generation"}}
	b := broker.New(membroker.New(queues, membroker.Options{}), broker.Options{})

	err := b.Publish(ctx, "video-generation", broker.Message{ID: "job-1", Kind: "video", Body: []byte("request")})
	fmt.Println("published:", err)

	err = b.Consume(ctx, "video-generation", 1, func(ctx context.Context, d *broker.Delivery) {
		fmt.Printf("%s: %s\n", d.Message.ID, d.Message.Body)
		fmt.Println("acked:", d.Ack(ctx))
		cancel() // drains and ends Consume
	})
	fmt.Println("consumed:", err)
	fmt.Println("closed:", b.Close(context.Background()))
	// Output:
	// published: <nil>
	// job-1: request
	// acked: <nil>
	// consumed: <nil>
	// closed: <nil>
}
