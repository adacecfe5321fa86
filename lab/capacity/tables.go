package capacity

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Scales are the numbers of students that docs/capacity.md looks at.
var Scales = []float64{10e3, 1e6, 100e6}

// Tables renders the tables of docs/capacity.md as Markdown.
func Tables() string {
	var b strings.Builder
	c, u := Measured(), Supposed()
	b.WriteString("### What one lesson costs\n\n| lesson | share | length | CPU of a worker | CPU per minute of lesson | artifacts |\n|---|---|---|---|---|---|\n")
	for _, l := range c.Lessons {
		fmt.Fprintf(&b, "| %s | %.0f %% | %d s | %.1f s | %.1f s | %.1f MB |\n",
			l.Name, l.Share*100, int(l.Length.Seconds()), l.CPU.Seconds(), l.CPU.Seconds()/l.Length.Minutes(), l.Bytes/1e6)
	}
	fmt.Fprintf(&b, "\nBeside it, per job: %.1f ms of CPU in gateway, status service, broker and database; %.0f messages; %.0f statements that\nchange the store; %.0f kB of tables and indexes.\n",
		c.ServiceCPU.Seconds()*1e3, c.Messages, c.StoreCalls, c.StoreBytes/1e3)

	b.WriteString("\n### What students need\n\n| | " + over(Scales, func(s float64) string { return count(s) + " students" }) + " |\n|---|" + strings.Repeat("---|", len(Scales)) + "\n")
	for _, row := range needs {
		b.WriteString("| " + row.name + " | " + over(Scales, func(s float64) string { return row.value(Plan(s, c, u)) }) + " |\n")
	}

	b.WriteString("\n### What breaks first\n\nHow much of each deployment is used; above 100 % it does not hold.\n")
	for _, d := range Deployments() {
		b.WriteString("\n**" + strings.ToUpper(d.Name[:1]) + d.Name[1:] + "**\n\n| students | breaks first | then | then |\n|---|---|---|---|\n")
		for _, s := range Scales {
			strain := d.Strain(Plan(s, c, u))
			fmt.Fprintf(&b, "| %s | %s |\n", count(s), over(strain[:3], func(u Use) string { return u.Part + " " + percent(u.Share) }))
		}
		b.WriteString("\nWhen it is full: " + d.Then + ".\n")
	}

	b.WriteString("\n### How long a lesson waits in the busiest hour\n\nSimulated, seed 1.\n\n| students | slots | jobs in the hour | waits p50 | p99 | longest |\n|---|---|---|---|---|---|\n")
	for _, s := range Scales[:2] {
		n := Plan(s, c, u)
		jobs := Traffic(n.PeakJobs, c, u, 1)
		for _, busy := range []float64{.95, .8, u.Busy, .3} {
			slots := int(math.Ceil(n.WorkerCores * u.Busy / busy))
			w := Waits(jobs, Simulate(Workers{Slots: slots, Backoff: 5 * time.Second}, jobs))
			fmt.Fprintf(&b, "| %s | %d | %d | %s | %s | %s |\n", count(s), slots, len(jobs), seconds(At(w, .5)), seconds(At(w, .99)), seconds(At(w, 1)))
		}
	}
	return b.String()
}

var needs = []struct {
	name  string
	value func(Need) string
}{
	{"lessons a day", func(n Need) string { return count(n.LessonsADay) }},
	{"jobs a second in the busiest hour", func(n Need) string { return number(n.PeakJobs) }},
	{"cores of workers", func(n Need) string { return number(n.WorkerCores) }},
	{"cores of everything else", func(n Need) string { return number(n.ServiceCPU) }},
	{"messages a second", func(n Need) string { return number(n.Messages) }},
	{"statements a second that change the store", func(n Need) string { return number(n.StoreCalls) }},
	{"event streams at once", func(n Need) string { return count(n.Streams) }},
	{"database after a year", func(n Need) string { return bytes(n.StoreBytes) }},
	{"artifacts after a year", func(n Need) string { return bytes(n.FileBytes) }},
	{"to students in the busiest hour", func(n Need) string { return bytes(n.Egress) + "/s" }},
}

func over[T any](all []T, say func(T) string) string {
	words := make([]string, len(all))
	for i, one := range all {
		words[i] = say(one)
	}
	return strings.Join(words, " | ")
}

func number(v float64) string {
	switch {
	case v < .01:
		return "under 0.01"
	case v < 10:
		return fmt.Sprintf("%.2g", v)
	}
	return count(v)
}

func count(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3g million", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.3g thousand", v/1e3)
	}
	return fmt.Sprintf("%.0f", v)
}

func bytes(v float64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	i := 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	return fmt.Sprintf("%.3g %s", v, units[i])
}

func percent(share float64) string {
	switch {
	case share < .01:
		return "under 1 %"
	case share >= 10:
		return fmt.Sprintf("%s times", count(share))
	}
	return fmt.Sprintf("%.3g %%", math.Round(share*100))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
