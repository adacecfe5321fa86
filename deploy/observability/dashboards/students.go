package dashboards

import "fmt"

const submits = `route="/v1/jobs",method="POST"`

// students asks the only question that matters to them: are they served?
func students() Dashboard {
	return Dashboard{
		UID: "studycast-students", Title: "Students",
		Description: "Are students served? The promises of docs/slo.md, what is left of their budgets, and what is behind them.",
		Rows:        []Row{promises(), accepted(), started(), finished(), fresh(), called()},
	}
}

func promises() Row {
	row := Row{Title: "Promises"}
	for _, p := range []struct{ slo, title, means string }{
		{"acceptance", "Acceptance: budget left", "99.9 % of new jobs are answered within 300 ms, and not with a fault of ours."},
		{"start", "Start: budget left", "99 % of jobs start within 30 s of being due."},
		{"finish", "Finish: budget left", "99 % of lessons succeed without an operator; what is the student's fault is left out."},
		{"freshness", "Freshness: budget left", "99 % of progress is on the student's page within 2 s."},
	} {
		row.Panels = append(row.Panels, Panel{
			Title: p.title, Look: Stat, Unit: Share, Width: 6, Steps: []Step{{0, "red"}, {0, "yellow"}, {.5, "green"}},
			Description: p.means + " The share of the budget of 30 days that is left; below 0 the promise is broken. " +
				"An installation younger than that has kept its promises before.",
			Queries: one(fmt.Sprintf("studycast:slo_budget_left:ratio30d{slo=%q}", p.slo), ""),
		})
	}
	row.Panels = append(row.Panels,
		Panel{
			Title: "How fast the budgets are spent", Look: Lines, Unit: Count, Width: 12,
			Description: "1 spends the budget in just 30 days. The alerts page at 14.4 over an hour and at 6 over six hours.",
			Queries:     one("studycast:slo_error_ratio:increase1h / on (slo) studycast:slo_budget:ratio", "{{slo}}"),
		},
		Panel{
			Title: "Broken promises within an hour", Look: Lines, Unit: Count, Width: 12,
			Description: "How many students' jobs (or steps of progress) got less than was promised.",
			Queries:     one("studycast:slo_bad:increase1h", "{{slo}}"),
		})
	return row
}

func accepted() Row {
	return Row{Title: "Jobs are accepted", Panels: []Panel{
		{
			Title: "New jobs", Look: Stacked, Unit: PerSecond,
			Description: "Answers to POST /v1/jobs by code. 202 is a job; 4xx is a typo or a limit of the student's; 5xx is ours.",
			Queries:     one(rate("studycast_http_request_duration_seconds_count{"+submits+"}", "code"), "{{code}}"),
		},
		{
			Title: "Time of the answer", Look: Lines, Unit: Seconds,
			Description: "From the request for a new job to its answer. 300 ms are promised.",
			Queries:     spread("studycast_http_request_duration_seconds", submits),
		},
		{
			Title: "Refused for the broker's sake", Look: Lines, Unit: PerSecond,
			Description: "New jobs refused because the broker is away or takes no messages. Anything but 0 is bad.",
			Queries:     one(rate("studycast_submits_refused_total", "why"), "{{why}}"),
		},
	}}
}

func started() Row {
	return Row{Title: "Jobs start", Panels: []Panel{
		{
			Title: "Wait for the start", Look: Lines, Unit: Seconds,
			Description: "From when a job was due to its start: 30 s are promised. If it grows, there are too few slots.",
			Queries:     spread("studycast_job_queue_wait_seconds", ""),
		},
		{
			Title: "Oldest job that waits", Look: Lines, Unit: Seconds,
			Description: "Age of the oldest queued job. Jobs that never start are missing in the promise, but not here.",
			Queries:     one(highest(`studycast_jobs_oldest_age_seconds{state="queued"}`, "kind"), "{{kind}}"),
		},
		{
			Title: "Wanted and there", Look: Lines, Unit: Count,
			Description: "Jobs that want a slot now, and the slots. Workers are scaled by the first.",
			Queries: []Query{
				{highest("studycast_worker_demand_jobs", "kind"), "{{kind}} wanted"},
				{sum("studycast_worker_slots", "kind"), "{{kind}} slots"},
			},
		},
	}}
}

func finished() Row {
	return Row{Title: "Lessons are finished", Panels: []Panel{
		{
			Title: "Ends", Look: Stacked, Unit: PerSecond,
			Description: "Jobs that became final, by how.",
			Queries:     one(rate(`studycast_job_moves_total{to=~"succeeded|failed|cancelled"}`, "to"), "{{to}}"),
		},
		{
			Title: "Failed, by whose fault", Look: Lines, Unit: PerSecond,
			Description: "request is the student's typo and leaves the promise alone; all others count.",
			Queries:     one(rate(`studycast_job_moves_total{to="failed"}`, "fault"), "{{fault}}"),
		},
		{
			Title: "From the click to the lesson", Look: Lines, Unit: Seconds,
			Description: "From when a job was accepted to its success.",
			Queries: []Query{
				{quantile("0.5", "studycast_job_duration_seconds", `outcome="succeeded"`, "kind"), "{{kind}} half"},
				{quantile("0.95", "studycast_job_duration_seconds", `outcome="succeeded"`, "kind"), "{{kind}} 95 %"},
			},
		},
	}}
}

func fresh() Row {
	return Row{Title: "Progress is fresh", Panels: []Panel{
		{
			Title: "Age of progress", Look: Lines, Unit: Seconds,
			Description: "From a change of a job until it was written to a student's stream: 2 s are promised.",
			Queries:     spread("studycast_progress_delay_seconds", ""),
		},
		{
			Title: "Open streams", Look: Lines, Unit: Count,
			Description: "Pages and programs that follow jobs, by what they follow.",
			Queries:     one(sum("studycast_sse_clients", "stream"), "{{stream}}"),
		},
		{
			Title: "Watchers in the status service", Look: Lines, Unit: Count,
			Description: "What the gateways and others follow there. It grows with the open streams, and falls with them.",
			Queries:     one(sum("studycast_job_watchers", ""), "watchers"),
		},
	}}
}

func called() Row {
	return Row{Title: "Webhooks are called", Panels: []Panel{
		{
			Title: "Calls", Look: Stacked, Unit: PerSecond, Width: 6,
			Description: "Tries by outcome. answered is an answer that says no; unreached and gone are receivers that are down.",
			Queries:     one(rate("studycast_webhook_tries_total", "outcome"), "{{outcome}}"),
		},
		{
			Title: "Time of a call", Look: Lines, Unit: Seconds, Width: 6,
			Description: "How long receivers take. A slow one holds nobody but itself up.",
			Queries:     spread("studycast_webhook_try_duration_seconds", ""),
		},
		{
			Title: "Calls that wait", Look: Lines, Unit: Count, Width: 6,
			Description: "Not delivered and not given up. Receivers that are down are tried with growing pauses.",
			Queries:     one("max(studycast_webhook_calls_pending)", "calls"),
		},
		{
			Title: "Oldest late call", Look: Lines, Unit: Seconds, Width: 6,
			Description: "How long the oldest call is due. More than a minute: no gateway makes calls, or too few do.",
			Queries:     one("max(studycast_webhook_calls_overdue_seconds)", "late"),
		},
		{
			Title: "Trouble with their records", Look: Lines, Unit: PerSecond, Width: 12,
			Description: "Calls that could not be fetched from the status service or reported to it; they are made again.",
			Queries: []Query{
				{rate("studycast_webhook_claim_failures_total", ""), "not fetched"},
				{rate("studycast_webhook_unreported_total", ""), "not reported"},
			},
		},
	}}
}
