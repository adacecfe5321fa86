package pipeline

import (
	"sync"

	"github.com/studycast/studycast/core/lesson"
)

// Stage is a named step with its share of the time of a lesson, in any unit.
type Stage struct {
	Name  string
	Share float64
}

// common are the stages that every kind begins with, with shares measured on
// two cores with the offline writer and voices.
var common = []Stage{{"fetch", 2}, {"extract", 1}, {"script", 2}, {"narrate", 43}}

// publishShare is what publishing the files takes after Make.
const publishShare = 2

// meter turns progress within a stage into percent of the whole. It is safe
// for concurrent use and never goes back.
type meter struct {
	mu     sync.Mutex
	tell   func(stage string, percent float64)
	from   map[string]float64
	share  map[string]float64
	name   string
	latest float64
}

func newMeter(tell func(stage string, percent float64), more []Stage) *meter {
	m := &meter{tell: tell, from: map[string]float64{}, share: map[string]float64{}}
	if m.tell == nil {
		m.tell = func(string, float64) {}
	}
	total := float64(publishShare)
	stages := append(append([]Stage(nil), common...), more...)
	for _, s := range stages {
		total += s.Share
	}
	at := 0.0
	for _, s := range stages {
		m.from[s.Name], m.share[s.Name] = at/total*100, s.Share/total*100
		at += s.Share
	}
	return m
}

// report tells that a stage is done to the given part, 0 to 1.
func (m *meter) report(stage string, done float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	percent := m.from[stage] + m.share[stage]*min(max(done, 0), 1)
	if percent < m.latest {
		return
	}
	m.name, m.latest = stage, percent
	m.tell(stage, percent)
}

// stage returns the Progress of one stage.
func (m *meter) stage(name string) lesson.Progress {
	return func(done float64) { m.report(name, done) }
}

// current returns the stage that reported last.
func (m *meter) current() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.name
}
