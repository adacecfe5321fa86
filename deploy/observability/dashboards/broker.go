package dashboards

// broker shows RabbitMQ as the programs see it and as it sees itself.
func broker() Dashboard {
	return Dashboard{
		UID: "studycast-broker", Title: "Broker (RabbitMQ)",
		Description: "RabbitMQ as our programs see it, and as it sees itself.",
		Rows:        []Row{ours(), flow(), perQueue(), nodes()},
	}
}

func ours() Row {
	return Row{Title: "As the programs see it", Panels: []Panel{
		{
			Title: "Connected", Look: Lines, Unit: YesNo,
			Description: "0 while a program can't publish: the broker is away, or blocks publishers.",
			Queries:     one("min by (job, instance) (studycast_broker_connected)", "{{job}} {{instance}}"),
		},
		{
			Title: "Connected anew", Look: Lines, Unit: PerSecond,
			Description: "Connections made again after one was lost.",
			Queries:     one(rate("studycast_broker_reconnects_total", "job"), "{{job}}"),
		},
		{
			Title: "Consumers", Look: Lines, Unit: Count,
			Description: "By whether they are really consuming now.",
			Queries:     one(sum("studycast_broker_consumers", "queue, ready"), "{{queue}} ready={{ready}}"),
		},
		{
			Title: "Publishes", Look: Stacked, Unit: PerSecond,
			Description: "stored is confirmed and routed; all others are tried again or answered to the caller.",
			Queries:     one(rate("studycast_broker_publishes_total", "queue, outcome"), "{{queue}} {{outcome}}"),
		},
		{
			Title: "Time of a publish", Look: Lines, Unit: Seconds,
			Description: "Until the broker had the message durably. 99 of 100 are faster.",
			Queries:     one(quantile("0.99", "studycast_broker_publish_seconds", "", "queue"), "{{queue}}"),
		},
		{
			Title: "Deliveries", Look: Lines, Unit: PerSecond,
			Description: "Messages handed to a program.",
			Queries:     one(rate("studycast_broker_deliveries_total", "queue"), "{{queue}}"),
		},
		{
			Title: "Settled", Look: Stacked, Unit: PerSecond,
			Description: "What became of deliveries.",
			Queries:     one(rate("studycast_broker_settled_total", "queue, action"), "{{queue}} {{action}}"),
		},
		{
			Title: "Settling failed", Look: Lines, Unit: PerSecond,
			Description: "The delivery comes again, and finds its outcome stored.",
			Queries:     one(rate("studycast_broker_settle_failures_total", "queue, action"), "{{queue}} {{action}}"),
		},
		{
			Title: "Left unsettled", Look: Lines, Unit: PerSecond,
			Description: "Deliveries given back because their handler left them: a bug.",
			Queries:     one(rate("studycast_broker_unsettled_released_total", "queue, cause"), "{{queue}} {{cause}}"),
		},
	}}
}

func flow() Row {
	return Row{Title: "As it sees itself", Panels: []Panel{
		{
			Title: "In and confirmed", Look: Lines, Unit: PerSecond,
			Description: "Received, routed and confirmed should lie on each other.",
			Queries: []Query{
				{rate("rabbitmq_global_messages_received_total", ""), "received"},
				{rate("rabbitmq_global_messages_routed_total", ""), "routed"},
				{rate("rabbitmq_global_messages_confirmed_total", ""), "confirmed"},
			},
		},
		{
			Title: "Out and acknowledged", Look: Lines, Unit: PerSecond,
			Description: "Delivered, acknowledged and delivered again.",
			Queries: []Query{
				{rate("rabbitmq_global_messages_delivered_total", ""), "delivered"},
				{rate("rabbitmq_global_messages_acknowledged_total", ""), "acknowledged"},
				{rate("rabbitmq_global_messages_redelivered_total", ""), "again"},
			},
		},
		{
			Title: "Unroutable", Look: Lines, Unit: PerSecond,
			Description: "Messages for which there was no queue. returned came back to us; dropped is gone: a fault of the topology.",
			Queries: []Query{
				{rate("rabbitmq_global_messages_unroutable_returned_total", ""), "returned"},
				{rate("rabbitmq_global_messages_unroutable_dropped_total", ""), "dropped"},
			},
		},
		{
			Title: "Dead-lettered by the broker", Look: Lines, Unit: PerSecond,
			Description: "expired is the end of a delay and usual; delivery_limit is a message that killed workers.",
			Queries: []Query{
				{rate("rabbitmq_global_messages_dead_lettered_expired_total", ""), "expired"},
				{rate("rabbitmq_global_messages_dead_lettered_rejected_total", ""), "rejected"},
				{rate("rabbitmq_global_messages_dead_lettered_delivery_limit_total", ""), "delivery limit"},
			},
		},
		{
			Title: "Polling", Look: Lines, Unit: PerSecond,
			Description: "basic.get instead of consuming. Not one of our programs does: somebody else reads our queues.",
			Queries:     one(rate("rabbitmq_global_messages_get_empty_total", ""), "empty gets"),
		},
		{
			Title: "Opened anew", Look: Lines, Unit: PerSecond,
			Description: "Connections and channels opened in a second. Above a few: somebody connects for each message.",
			Queries: []Query{
				{rate("rabbitmq_connections_opened_total", ""), "connections"},
				{rate("rabbitmq_channels_opened_total", ""), "channels"},
			},
		},
	}}
}

func perQueue() Row {
	return Row{Title: "Queues", Panels: []Panel{
		{
			Title: "Ready", Look: Lines, Unit: Count,
			Description: "Messages that nobody has taken, also in the queues of the delays.",
			Queries:     one(sum("rabbitmq_detailed_queue_messages_ready", "queue"), "{{queue}}"),
		},
		{
			Title: "In flight", Look: Lines, Unit: Count,
			Description: "Messages handed out and not yet settled: what workers do now.",
			Queries:     one(sum("rabbitmq_detailed_queue_messages_unacked", "queue"), "{{queue}}"),
		},
		{
			Title: "Consumers", Look: Lines, Unit: Count,
			Description: "The queues of the delays have none.",
			Queries:     one(sum("rabbitmq_detailed_queue_consumers", "queue"), "{{queue}}"),
		},
	}}
}

// node joins a metric of RabbitMQ with the name of its node.
func node(expr string) string {
	return expr + " * on (instance, job) group_left (rabbitmq_node) rabbitmq_identity_info"
}

func nodes() Row {
	return Row{Title: "Nodes", Panels: []Panel{
		{
			Title: "Memory", Look: Lines, Unit: Share, Width: 6,
			Description: "Share of the limit at which publishers are blocked.",
			Queries:     one(node("rabbitmq_process_resident_memory_bytes / rabbitmq_resident_memory_limit_bytes"), "{{rabbitmq_node}}"),
		},
		{
			Title: "Disk", Look: Lines, Unit: Bytes, Width: 6,
			Description: "Space before publishers are blocked.",
			Queries:     one(node("(rabbitmq_disk_space_available_bytes - rabbitmq_disk_space_available_limit_bytes)"), "{{rabbitmq_node}}"),
		},
		{
			Title: "Open files", Look: Lines, Unit: Share, Width: 6,
			Description: "Share of the file descriptors. At 100 % no connection is taken.",
			Queries:     one(node("rabbitmq_process_open_fds / rabbitmq_process_max_fds"), "{{rabbitmq_node}}"),
		},
		{
			Title: "Alarms", Look: Lines, Unit: YesNo, Width: 6,
			Description: "1 blocks all publishers of the cluster.",
			Queries: []Query{
				{node("rabbitmq_alarms_memory_used_watermark"), "{{rabbitmq_node}} memory"},
				{node("rabbitmq_alarms_free_disk_space_watermark"), "{{rabbitmq_node}} disk"},
			},
		},
		{
			Title: "Connections, channels, queues", Look: Lines, Unit: Count, Width: 24,
			Description: "One connection or two a process. A growing number of channels is a leak.",
			Queries: []Query{
				{sum("rabbitmq_connections", ""), "connections"},
				{sum("rabbitmq_channels", ""), "channels"},
				{sum("rabbitmq_queues", ""), "queues"},
			},
		},
	}}
}
