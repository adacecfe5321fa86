package dashboards

// workers shows what workers do with their time.
func workers() Dashboard {
	return Dashboard{
		UID: "studycast-workers", Title: "Workers and stages",
		Description: "What the workers do with their time, and what keeps them from it.",
		Rows:        []Row{slots(), work(), stages(), around()},
	}
}

func slots() Row {
	return Row{Title: "Slots", Panels: []Panel{
		{
			Title: "Busy", Look: Lines, Unit: Share, Width: 6,
			Description: "Share of the slots with an attempt. Near 100 % with a queue: more workers are needed.",
			Queries:     one(`sum by (kind) (studycast_worker_slots{state="busy"}) / sum by (kind) (studycast_worker_slots)`, "{{kind}}"),
		},
		{
			Title: "Slots", Look: Stacked, Unit: Count, Width: 6,
			Description: "All slots of all workers.",
			Queries:     one(sum("studycast_worker_slots", "kind, state"), "{{kind}} {{state}}"),
		},
		{
			Title: "Workers", Look: Lines, Unit: Count, Width: 6,
			Description: "Open sessions by what their workers do. silent: not heard for a while.",
			Queries:     one(highest("studycast_status_workers", "kind, state"), "{{kind}} {{state}}"),
		},
		{
			Title: "Sessions and demand", Look: Lines, Unit: Count, Width: 6,
			Description: "Open worker sessions, and jobs that want a slot now.",
			Queries: []Query{
				{highest("studycast_worker_sessions", "kind"), "{{kind}} sessions"},
				{highest("studycast_worker_demand_jobs", "kind"), "{{kind}} demand"},
			},
		},
	}}
}

func work() Row {
	return Row{Title: "Attempts", Panels: []Panel{
		{
			Title: "Attempts that ended", Look: Stacked, Unit: PerSecond,
			Description: "By outcome. released is given back unspent; superseded was fenced off.",
			Queries:     one(rate("studycast_worker_attempts_total", "outcome"), "{{outcome}}"),
		},
		{
			Title: "Attempts that failed", Look: Lines, Unit: PerSecond,
			Description: "By whose fault: source is a student's site, dependency an endpoint or a store, internal is ours.",
			Queries:     one(rate(`studycast_worker_attempts_total{outcome="failed"}`, "kind, fault"), "{{kind}} {{fault}}"),
		},
		{
			Title: "Time of an attempt", Look: Lines, Unit: Seconds,
			Description: "95 of 100 are faster.",
			Queries:     one(quantile("0.95", "studycast_worker_attempt_seconds", "", "kind, outcome"), "{{kind}} {{outcome}}"),
		},
		{
			Title: "From the queue to the start", Look: Lines, Unit: Seconds, Width: 12,
			Description: "95 of 100 messages are taken faster. It is the broker's share of the wait.",
			Queries:     one(quantile("0.95", "studycast_worker_enqueue_to_start_seconds", "", "kind"), "{{kind}}"),
		},
		{
			Title: "Dependencies", Look: Lines, Unit: YesNo, Width: 12,
			Description: "1 while calls go through, 0 once a worker found it down.",
			Queries:     one("min by (kind, dependency) (studycast_dependency_up)", "{{kind}} {{dependency}}"),
		},
	}}
}

func stages() Row {
	return Row{Title: "Stages", Panels: []Panel{
		{
			Title: "Where the time goes", Look: Stacked, Unit: Count, Width: 12,
			Description: "Stages under way at once, on average: seconds of a stage in each second.",
			Queries:     one(rate("studycast_worker_stage_seconds_sum", "kind, stage"), "{{kind}} {{stage}}"),
		},
		{
			Title: "Time of a stage", Look: Lines, Unit: Seconds, Width: 12,
			Description: "95 of 100 are faster.",
			Queries:     one(quantile("0.95", "studycast_worker_stage_seconds", "", "kind, stage"), "{{kind}} {{stage}}"),
		},
	}}
}

func around() Row {
	return Row{Title: "Around the work", Panels: []Panel{
		{
			Title: "Calls made again", Look: Lines, Unit: PerSecond,
			Description: "Calls to the status service or the broker that failed and are tried again.",
			Queries:     one(rate("studycast_worker_call_retries_total", "call"), "{{call}}"),
		},
		{
			Title: "Deaf handlers", Look: Lines, Unit: Count,
			Description: "Attempts that did not end when they were told to, in the time that is shown. Each is a bug.",
			Queries:     one(grown("studycast_worker_handlers_abandoned_total", "kind"), "{{kind}}"),
		},
		{
			Title: "Disk for scratch", Look: Lines, Unit: Share,
			Description: "Share of the disk that is free. No lesson is begun with less than 1 GiB.",
			Queries:     one(`min by (job, instance) (studycast_disk_free_bytes{place="scratch"} / studycast_disk_size_bytes{place="scratch"})`, "{{job}} {{instance}}"),
		},
	}}
}
