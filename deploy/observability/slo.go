package observability

import (
	"fmt"
	"strings"
)

// SLO is a promise to students: of all events, at least the objective is good.
// docs/slo.md says it in words.
type SLO struct {
	Name      string // as the label slo: "acceptance"
	Budget    string // share of events that may be bad, as PromQL: "0.01"
	Allowed   string // the same for a person: "1 %"
	Events    string // counts events in a window; %[1]s stands for the window
	Good      string // counts the good ones among them
	Bad       string // what a bad event is, for a person
	FirstLook string // where to look first, for a person
	// LeastBad is how many bad events a page takes: with little traffic one
	// unlucky student is a large share.
	LeastBad int
}

// SLOs returns all promises. A bound of a bucket is matched with and without a
// decimal: Prometheus reads "30" or "30.0", as the scrape was negotiated.
func SLOs() []SLO {
	const (
		submits = `route="/v1/jobs",method="POST"`
		ended   = `studycast_job_moves_total{to=~"succeeded|failed",fault!="request"}`
	)
	return []SLO{
		{
			Name: "acceptance", Budget: "0.001", Allowed: "0.1 %", LeastBad: 5,
			Events:    `sum(increase(studycast_http_request_duration_seconds_count{` + submits + `}[%[1]s]))`,
			Good:      `sum(increase(studycast_http_request_duration_seconds_bucket{` + submits + `,code!~"5..",le="0.3"}[%[1]s]))`,
			Bad:       "new jobs are refused by a fault of ours, or are answered later than 300 ms",
			FirstLook: "the gateway, the status service and its store",
		},
		{
			Name: "start", Budget: "0.01", Allowed: "1 %", LeastBad: 5,
			Events:    `sum(increase(studycast_job_queue_wait_seconds_count[%[1]s]))`,
			Good:      `sum(increase(studycast_job_queue_wait_seconds_bucket{le=~"30([.]0)?"}[%[1]s]))`,
			Bad:       "jobs start later than 30 s after they were due",
			FirstLook: "the number of workers, their slots, and paused queues",
		},
		{
			Name: "finish", Budget: "0.01", Allowed: "1 %", LeastBad: 5,
			Events:    `sum(increase(` + ended + `[%[1]s]))`,
			Good:      `sum(increase(studycast_job_moves_total{to="succeeded"}[%[1]s]))`,
			Bad:       "lessons fail for a reason that is not the student's",
			FirstLook: "the causes of the dead letters",
		},
		{
			Name: "freshness", Budget: "0.01", Allowed: "1 %", LeastBad: 50,
			Events:    `sum(increase(studycast_progress_delay_seconds_count[%[1]s]))`,
			Good:      `sum(increase(studycast_progress_delay_seconds_bucket{le=~"2([.]0)?"}[%[1]s]))`,
			Bad:       "progress reaches the students' pages later than 2 s after it was made",
			FirstLook: "the gateway, the status service and its store",
		},
	}
}

// burn is a pair of windows: an alert fires while the budget of both is spent
// so many times too fast. The short one ends it soon after the cause is gone.
type burn struct {
	long, short, times string
}

// severity is what an alert asks for: a person at once, or one within days.
type severity struct {
	name, suffix, lasts, means string
	burns                      []burn
}

// severities are those of the SRE workbook: with them the budget of 30 days is
// 2 % gone after an hour, 5 % after six, 10 % after three days.
var severities = []severity{
	{"page", "BurnFast", "2m", "within a day or two", []burn{{"1h", "5m", "14.4"}, {"6h", "30m", "6"}}},
	{"ticket", "BurnSlow", "15m", "before the month is over", []burn{{"1d", "2h", "3"}, {"3d", "6h", "1"}}},
}

var windows = []string{"5m", "30m", "1h", "2h", "6h", "1d", "3d"}

// Runbook is where the alerts point, with a heading for each.
const Runbook = "https://github.com/studycast/studycast/blob/main/docs/runbook.md"

// sloRules returns what is recorded and alerted for all promises.
func sloRules() RuleFile {
	var f RuleFile
	for _, s := range SLOs() {
		f.Groups = append(f.Groups, Group{Name: "studycast-slo-" + s.Name, Rules: append(s.records(), s.alerts()...)})
	}
	for _, s := range SLOs() {
		f.Groups = append(f.Groups, Group{Name: "studycast-budget-" + s.Name, Interval: "5m", Rules: s.month()})
	}
	return f
}

func (s SLO) labels() map[string]string { return map[string]string{"slo": s.Name} }

// records counts, for each window, events, bad ones and their share. What has no
// good event has only bad ones; what has no event has no share.
func (s SLO) records() []Rule {
	var rules []Rule
	for _, w := range windows {
		events, good := fmt.Sprintf(s.Events, w), fmt.Sprintf(s.Good, w)
		rules = append(rules,
			Rule{Record: "studycast:slo_events:increase" + w, Expr: events, Labels: s.labels()},
			Rule{
				Record: "studycast:slo_bad:increase" + w, Labels: s.labels(),
				Expr: fmt.Sprintf("clamp_min(\n  %s\n  - (%s or vector(0)),\n  0\n)\n", events, good),
			},
			s.ratio(w))
	}
	return rules
}

func (s SLO) ratio(window string) Rule {
	return Rule{
		Record: "studycast:slo_error_ratio:increase" + window, Labels: s.labels(),
		Expr: fmt.Sprintf("studycast:slo_bad:increase%[1]s{slo=%[2]q}\n/ (studycast:slo_events:increase%[1]s{slo=%[2]q} > 0)\n",
			window, s.Name),
	}
}

// month adds up recorded hours: the buckets of 30 days would be too much to
// read each time.
func (s SLO) month() []Rule {
	var rules []Rule
	for _, what := range []string{"events", "bad"} {
		rules = append(rules, Rule{
			Record: "studycast:slo_" + what + ":increase30d", Labels: s.labels(),
			Expr: fmt.Sprintf(`sum_over_time(studycast:slo_%s:increase1h{slo=%q}[30d:1h])`, what, s.Name),
		})
	}
	return append(rules, s.ratio("30d"), Rule{
		Record: "studycast:slo_budget:ratio", Expr: fmt.Sprintf("vector(%s)", s.Budget), Labels: s.labels(),
	}, Rule{
		Record: "studycast:slo_budget_left:ratio30d", Labels: s.labels(),
		Expr: fmt.Sprintf("1 - studycast:slo_error_ratio:increase30d{slo=%q} / %s", s.Name, s.Budget),
	})
}

func (s SLO) alerts() []Rule {
	var rules []Rule
	for _, v := range severities {
		name := "Studycast" + strings.ToUpper(s.Name[:1]) + s.Name[1:] + v.suffix
		var parts []string
		for _, b := range v.burns {
			parts = append(parts, s.burning(b))
		}
		rules = append(rules, Rule{
			Alert: name, Expr: strings.Join(parts, "or\n"), For: v.lasts,
			Labels: map[string]string{"severity": v.name, "slo": s.Name},
			Annotations: map[string]string{
				"summary": "Studycast breaks a promise to students: " + s.Bad + ".",
				"description": fmt.Sprintf("{{ $value | humanizePercentage }} of the events are bad, %s may be. "+
					"If it goes on, the budget of the month is spent %s. Look first at %s.", s.Allowed, v.means, s.FirstLook),
				"runbook_url": Runbook + "#" + strings.ToLower(name),
			},
		})
	}
	return rules
}

func (s SLO) burning(b burn) string {
	return fmt.Sprintf(`(
  studycast:slo_error_ratio:increase%[1]s{slo=%[4]q} > %[3]s * %[5]s
  and studycast:slo_error_ratio:increase%[2]s{slo=%[4]q} > %[3]s * %[5]s
  and studycast:slo_bad:increase%[1]s{slo=%[4]q} >= %[6]d
)
`, b.long, b.short, b.times, s.Name, s.Budget, s.LeastBad)
}
