// Package dashboards is the dashboards of Studycast as code: rows of panels,
// and the JSON that Grafana reads of them.
package dashboards

// Dashboard is one page.
type Dashboard struct {
	UID         string // also the name of the file and part of its address
	Title       string
	Description string
	Rows        []Row
}

// Row is a headline and the panels below it, from left to right.
type Row struct {
	Title  string
	Panels []Panel
}

// Look is how a panel shows its series.
type Look string

// The looks.
const (
	Lines   Look = "timeseries"
	Stacked Look = "stacked" // lines on top of each other, filled
	Stat    Look = "stat"    // the last value, large
	Table   Look = "table"   // the labels of the last values
)

// Unit is what a value counts, in Grafana's words.
type Unit string

// The units.
const (
	Seconds   Unit = "s"
	Bytes     Unit = "bytes"
	PerSecond Unit = "cps"
	Share     Unit = "percentunit"
	Count     Unit = "short"
	YesNo     Unit = "bool"
)

// Panel answers one question.
type Panel struct {
	Title       string
	Description string // what is good, what is bad, where to go on
	Look        Look
	Unit        Unit
	Width       int // of 24; 0 = usual for the look
	Queries     []Query
	Steps       []Step // colours of the values; none = no judgement
}

// Query is a question to Prometheus; Legend names the series by its labels.
type Query struct{ Expr, Legend string }

// Step is the colour of values from a bound on. The first one's bound is not
// looked at.
type Step struct {
	From  float64
	Color string
}

// few is for what should not be there at all; bad is the end of yellow.
func few(bad float64) []Step {
	return []Step{{0, "green"}, {1, "yellow"}, {bad, "red"}}
}

// All returns every dashboard.
func All() []Dashboard {
	return []Dashboard{students(), jobs(), workers(), letters(), broker(), programs()}
}
