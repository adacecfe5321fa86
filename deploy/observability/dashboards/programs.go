package dashboards

const (
	ourJobs  = `job=~"gateway|status|deadletter|video-worker|audio-worker|studycast"`
	ourCalls = `grpc_service=~"studycast[.].*"`
	ourFault = `grpc_code=~"Unknown|DeadlineExceeded|Internal|Unavailable"`
)

// programs shows our processes as processes.
func programs() Dashboard {
	return Dashboard{
		UID: "studycast-programs", Title: "Programs",
		Description: "Our processes: what runs, what they answer, what they keep, and what they use.",
		Rows:        []Row{running(), grpc(), http(), stores(), goruntime()},
	}
}

func running() Row {
	return Row{Title: "What runs", Panels: []Panel{
		{
			Title: "Processes that answer", Look: Lines, Unit: Count,
			Description: "Processes that could be scraped. None of a program pages.",
			Queries:     one("sum by (job) (up{"+ourJobs+"})", "{{job}}"),
		},
		{
			Title: "Versions", Look: Table, Unit: Count,
			Description: "More than one version at a time is a roll-out, or half of one.",
			Queries:     one("count by (job, version, revision, goversion) (studycast_build_info)", ""),
		},
		{
			Title: "Age of the processes", Look: Lines, Unit: Seconds,
			Description: "One that falls to 0 again and again crashes.",
			Queries:     one("time() - process_start_time_seconds{"+ourJobs+"}", "{{job}} {{instance}}"),
		},
	}}
}

func grpc() Row {
	return Row{Title: "gRPC", Panels: []Panel{
		{
			Title: "Calls", Look: Lines, Unit: PerSecond,
			Description: "Calls that a program answered.",
			Queries:     one(rate("grpc_server_handled_total{"+ourCalls+"}", "job, grpc_service"), "{{job}} {{grpc_service}}"),
		},
		{
			Title: "Calls that failed by our fault", Look: Lines, Unit: PerSecond,
			Description: "Codes that are not the caller's. Streams that end with a process are among them.",
			Queries:     one(rate("grpc_server_handled_total{"+ourCalls+","+ourFault+"}", "job, grpc_method, grpc_code"), "{{job}} {{grpc_method}} {{grpc_code}}"),
		},
		{
			Title: "Time of a call", Look: Lines, Unit: Seconds,
			Description: "99 of 100 are faster; without streams, which last.",
			Queries:     one(quantile("0.99", "grpc_server_handling_seconds", `grpc_type="unary",`+ourCalls, "grpc_service"), "{{grpc_service}}"),
		},
		{
			Title: "Messages on streams", Look: Lines, Unit: PerSecond,
			Description: "Heartbeats and progress of workers come in, changes of jobs go out.",
			Queries: []Query{
				{rate(`grpc_server_msg_received_total{grpc_type!="unary",`+ourCalls+"}", "grpc_method"), "{{grpc_method}} in"},
				{rate(`grpc_server_msg_sent_total{grpc_type!="unary",`+ourCalls+"}", "grpc_method"), "{{grpc_method}} out"},
			},
		},
		{
			Title: "Calls begun and answered", Look: Lines, Unit: PerSecond,
			Description: "Begun more than answered for long: calls hang.",
			Queries: []Query{
				{rate(`grpc_server_started_total{grpc_type="unary",`+ourCalls+"}", "job"), "{{job}} begun"},
				{rate(`grpc_server_handled_total{grpc_type="unary",`+ourCalls+"}", "job"), "{{job}} answered"},
			},
		},
		{
			Title: "As the callers see it", Look: Lines, Unit: PerSecond,
			Description: "Calls by who makes them and how they end. Unavailable here only, and not above: the network.",
			Queries:     one(rate("grpc_client_handled_total{"+ourCalls+"}", "job, grpc_code"), "{{job}} {{grpc_code}}"),
		},
	}}
}

func http() Row {
	return Row{Title: "HTTP", Panels: []Panel{
		{
			Title: "Requests", Look: Stacked, Unit: PerSecond,
			Description: "Answers of the gateways by code.",
			Queries:     one(rate("studycast_http_request_duration_seconds_count", "code"), "{{code}}"),
		},
		{
			Title: "Time of an answer", Look: Lines, Unit: Seconds,
			Description: "95 of 100 are faster; without event streams, which last.",
			Queries:     one(quantile("0.95", "studycast_http_request_duration_seconds", `route!~".*events"`, "route"), "{{route}}"),
		},
		{
			Title: "Panics", Look: Lines, Unit: Count,
			Description: "Handlers that panicked in the time that is shown. Each is a bug; the log has its stack.",
			Queries:     one(grown("studycast_http_panics_total", "job"), "{{job}}"),
		},
	}}
}

func stores() Row {
	return Row{Title: "Stores and disks", Panels: []Panel{
		{
			Title: "Calls of the stores", Look: Lines, Unit: PerSecond,
			Description: "How often the services ask their databases.",
			Queries:     one(rate("studycast_store_call_seconds_count", "store, call"), "{{store}} {{call}}"),
		},
		{
			Title: "Time of a call", Look: Lines, Unit: Seconds,
			Description: "95 of 100 are faster.",
			Queries:     one(quantile("0.95", "studycast_store_call_seconds", "", "store, call"), "{{store}} {{call}}"),
		},
		{
			Title: "Free on disks", Look: Lines, Unit: Share,
			Description: "Share of the disk that is free. Below 5 % pages.",
			Queries:     one("min by (job, place) (studycast_disk_free_bytes / studycast_disk_size_bytes)", "{{job}} {{place}}"),
		},
	}}
}

func goruntime() Row {
	process := func(title, description, metric string, unit Unit) Panel {
		return Panel{Title: title, Description: description, Look: Lines, Unit: unit, Queries: one(metric, "{{job}} {{instance}}")}
	}
	return Row{Title: "Processes", Panels: []Panel{
		process("Cores in use", "Processor time in a second, without that of ffmpeg and the voices.",
			"rate(process_cpu_seconds_total{"+ourJobs+"}[$__rate_interval])", Count),
		process("Memory", "Resident memory, without that of ffmpeg and the voices.", "process_resident_memory_bytes{"+ourJobs+"}", Bytes),
		process("Open files", "Share of the file descriptors that are in use.",
			"process_open_fds{"+ourJobs+"} / process_max_fds{"+ourJobs+"}", Share),
		process("Goroutines", "They grow with streams and jobs, and fall with them. Growth by itself is a leak.",
			"go_goroutines{"+ourJobs+"}", Count),
		process("Heap", "Memory of Go that is in use.", "go_memstats_heap_inuse_bytes{"+ourJobs+"}", Bytes),
		process("Pauses of the collector", "Time in which a process stood still, in each second.",
			"rate(go_gc_duration_seconds_sum{"+ourJobs+"}[$__rate_interval])", Share),
	}}
}
