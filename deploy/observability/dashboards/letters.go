package dashboards

// letters shows what waits for operators, and what became of their decisions.
func letters() Dashboard {
	return Dashboard{
		UID: "studycast-letters", Title: "Dead letters and replays",
		Description: "Jobs that nothing tries again until somebody decides, and what became of the decisions.",
		Rows:        []Row{lettersNow(), taking(), replays()},
	}
}

func lettersNow() Row {
	return Row{Title: "Dead letters", Panels: []Panel{
		{
			Title: "Open", Look: Stat, Unit: Count, Steps: few(1000),
			Description: "Letters on which nobody has decided.",
			Queries:     one(`sum(max by (fault) (studycast_dead_letters{state="open"}))`, ""),
		},
		{
			Title: "Deleted soon", Look: Stat, Unit: Count, Steps: few(100),
			Description: "Letters that retention exports and deletes within days.",
			Queries:     one("max(studycast_dead_letters_expiring)", ""),
		},
		{
			Title: "Open, by whose fault", Look: Stacked, Unit: Count,
			Description: "`studycast dead groups` names the causes behind the faults.",
			Queries:     one(`max by (fault) (studycast_dead_letters{state="open"})`, "{{fault}}"),
		},
		{
			Title: "All, by state", Look: Lines, Unit: Count,
			Description: "Letters in the store. recovered and discarded ones are kept as a record.",
			Queries:     one("sum by (state) (max by (state, fault) (studycast_dead_letters))", "{{state}}"),
		},
		{
			Title: "New, by whose fault", Look: Stacked, Unit: PerSecond, Width: 12,
			Description: "source: a student's site; dependency: an endpoint or a store; internal: ours; poison: unreadable.",
			Queries:     one(rate("studycast_dead_letters_stored_total", "fault"), "{{fault}}"),
		},
		{
			Title: "New, by kind", Look: Lines, Unit: PerSecond, Width: 12,
			Description: "other is what somebody else wrote into our queues. Copies are of letters that were there.",
			Queries: []Query{
				{rate("studycast_dead_letters_stored_total", "kind"), "{{kind}}"},
				{rate("studycast_dead_letters_copies_total", "kind"), "{{kind}} copies"},
			},
		},
	}}
}

func taking() Row {
	return Row{Title: "From the broker to the store", Panels: []Panel{
		{
			Title: "From death to the store", Look: Lines, Unit: Seconds, Width: 6,
			Description: "95 of 100 are faster. Operators can't see a letter before.",
			Queries:     one(quantile("0.95", "studycast_dead_letters_lag_seconds", "", "queue"), "{{queue}}"),
		},
		{
			Title: "Held", Look: Lines, Unit: Count, Width: 6,
			Description: "Taken from a dead queue and not yet settled. A few, for a moment, are usual.",
			Queries:     one(sum("studycast_dead_letters_held", "queue"), "{{queue}}"),
		},
		{
			Title: "Calls made again", Look: Lines, Unit: PerSecond, Width: 6,
			Description: "Letters that could not be stored, reported or settled at once.",
			Queries:     one(rate("studycast_dead_letters_retries_total", "queue, call"), "{{queue}} {{call}}"),
		},
		{
			Title: "Deleted by retention", Look: Lines, Unit: Count, Width: 6,
			Description: "Letters exported and deleted in the time that is shown.",
			Queries:     one(grown("studycast_dead_letters_expired_total", ""), "deleted"),
		},
	}}
}

func replays() Row {
	return Row{Title: "Replays", Panels: []Panel{
		{
			Title: "What happened to replays", Look: Lines, Unit: Count,
			Description: "In the time that is shown. halted stopped by itself: the cause is still there.",
			Queries:     one(grown("studycast_dead_letter_replays_total", "event"), "{{event}}"),
		},
		{
			Title: "Letters put back", Look: Stacked, Unit: PerSecond,
			Description: "refused can't be replayed as it is; unavailable is tried again.",
			Queries:     one(rate("studycast_dead_letters_replayed_total", "outcome"), "{{outcome}}"),
		},
		{
			Title: "What became of them", Look: Stacked, Unit: PerSecond,
			Description: "recovered became a lesson; failed_again is a new letter.",
			Queries:     one(rate("studycast_dead_letters_outcomes_total", "outcome"), "{{outcome}}"),
		},
	}}
}
