package dashboards

// jobs shows where jobs are and what keeps them there.
func jobs() Dashboard {
	return Dashboard{
		UID: "studycast-jobs", Title: "Jobs and queues",
		Description: "Where jobs are, how they get to the workers, and what holds them up.",
		Rows:        []Row{states(), outbox(), queues(), attempts()},
	}
}

func states() Row {
	stat := func(title, description, expr string, steps []Step) Panel {
		return Panel{Title: title, Description: description, Look: Stat, Unit: Count, Queries: one(expr, ""), Steps: steps}
	}
	return Row{Title: "Jobs", Panels: []Panel{
		stat("Running", "Attempts under way.", `sum(max by (kind) (studycast_jobs{state="running"}))`, nil),
		stat("Queued", "Jobs that wait for a slot or for their turn.", `sum(max by (kind) (studycast_jobs{state="queued"}))`, nil),
		stat("In line", "Queued jobs whose message waits for the turn of its owner: fairness, not trouble.", "sum(max by (kind) (studycast_jobs_in_line))", nil),
		stat("Retrying", "Jobs that wait for another attempt.", `sum(max by (kind) (studycast_jobs{state="retrying"}))`, nil),
		stat("Parked", "Jobs that wait for an endpoint or a store that is down.", "sum(max by (kind, dependency) (studycast_jobs_parked))", few(100)),
		stat("Paused queues", "Queues that an operator paused.", "sum(max by (queue) (studycast_status_queue_paused))", few(2)),
		{
			Title: "Jobs by state", Look: Stacked, Unit: Count,
			Description: "Jobs that are not final.",
			Queries:     one(`sum by (state) (max by (kind, state) (studycast_jobs{state!~"succeeded|failed|cancelled"}))`, "{{state}}"),
		},
		{
			Title: "Changes of state", Look: Lines, Unit: PerSecond,
			Description: "What happens to jobs. More retrying than succeeded is a storm.",
			Queries:     one(rate("studycast_job_moves_total", "to"), "{{to}}"),
		},
		{
			Title: "Longest in a state", Look: Lines, Unit: Seconds,
			Description: "Age of the job that is longest in a state which is not final.",
			Queries:     one(highest("studycast_jobs_oldest_age_seconds", "kind, state"), "{{kind}} {{state}}"),
		},
	}}
}

func outbox() Row {
	return Row{Title: "From the store to the broker", Panels: []Panel{
		{
			Title: "Promised messages", Look: Lines, Unit: Count,
			Description: "Messages that the store promised and no broker has confirmed. A few, for a moment, are usual.",
			Queries:     one("max(studycast_outbox_promises)", "promises"),
		},
		{
			Title: "Oldest late message", Look: Lines, Unit: Seconds,
			Description: "How long the oldest message is due. More than a minute pages: the broker or the relay is down.",
			Queries:     one("max(studycast_outbox_overdue_seconds)", "late"),
		},
		{
			Title: "From due to the broker", Look: Lines, Unit: Seconds,
			Description: "95 of 100 are faster. fast is the way of a new job, loop that of all others.",
			Queries:     one(quantile("0.95", "studycast_relay_lag_seconds", "", "path"), "{{path}}"),
		},
		{
			Title: "Published by the relay", Look: Stacked, Unit: PerSecond,
			Description: "By path and outcome. unroutable is a fault of the topology.",
			Queries:     one(rate("studycast_relay_published_total", "path, outcome"), "{{path}} {{outcome}}"),
		},
		{
			Title: "Relay at a stand", Look: Lines, Unit: Count,
			Description: "Parts of the relay that wait for the broker to come back.",
			Queries:     one("sum(studycast_relay_held)", "waiting"),
		},
		{
			Title: "Claims that failed", Look: Lines, Unit: PerSecond,
			Description: "The relay could not ask the status service what to publish.",
			Queries:     one(rate("studycast_relay_claim_failures_total", ""), "failed"),
		},
	}}
}

func queues() Row {
	return Row{Title: "Queues", Panels: []Panel{
		{
			Title: "Messages", Look: Lines, Unit: Count,
			Description: "As the broker tells the dead-letter service. RabbitMQ does not tell what is in flight.",
			Queries:     one(highest("studycast_queue_messages", "queue, state"), "{{queue}} {{state}}"),
		},
		{
			Title: "Age of the oldest message", Look: Lines, Unit: Seconds,
			Description: "Brokers that do not know leave it out: RabbitMQ, for one. The age of the oldest queued job says the same.",
			Queries:     one(highest("studycast_queue_oldest_age_seconds", "queue"), "{{queue}}"),
		},
		{
			Title: "Consumers", Look: Lines, Unit: Count,
			Description: "Who takes messages. 0 with messages waiting pages.",
			Queries:     one(highest("studycast_queue_consumers", "queue"), "{{queue}}"),
		},
		{
			Title: "Unobserved", Look: Lines, Unit: YesNo,
			Description: "1 while the broker does not tell: the other panels of this row are empty then.",
			Queries:     one(highest("studycast_queue_unobserved", "queue"), "{{queue}}"),
		},
		{
			Title: "Paused", Look: Lines, Unit: YesNo,
			Description: "1 while an operator holds the queue.",
			Queries:     one(highest("studycast_status_queue_paused", "queue"), "{{queue}}"),
		},
		{
			Title: "Delivered again", Look: Lines, Unit: PerSecond,
			Description: "Messages that were handed out before: a worker went away with them.",
			Queries:     one(rate("studycast_broker_redelivered_total", "queue"), "{{queue}}"),
		},
	}}
}

func attempts() Row {
	return Row{Title: "Attempts", Panels: []Panel{
		{
			Title: "Answers to workers", Look: Stacked, Unit: PerSecond,
			Description: "granted begins an attempt; wait: another one lives; drop: the job is final; bury: it is a dead letter.",
			Queries:     one(rate("studycast_attempts_total", "answer"), "{{answer}}"),
		},
		{
			Title: "Rescued", Look: Lines, Unit: PerSecond,
			Description: "Attempts taken from workers that were lost.",
			Queries:     one(rate("studycast_attempts_rescued_total", "kind"), "{{kind}}"),
		},
		{
			Title: "Parked, by what they wait for", Look: Stacked, Unit: Count,
			Description: "They go on by themselves when it answers.",
			Queries:     one(highest("studycast_jobs_parked", "kind, dependency"), "{{kind}} {{dependency}}"),
		},
		{
			Title: "Trials of what is down", Look: Lines, Unit: PerSecond, Width: 24,
			Description: "From time to time one parked job tries: answered lets the others go on.",
			Queries:     one(rate("studycast_park_trials_total", "dependency, outcome"), "{{dependency}} {{outcome}}"),
		},
	}}
}
