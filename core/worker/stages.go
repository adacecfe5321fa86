package worker

import (
	"sync"
	"time"
)

// stages follows an attempt through its stages.
type stages struct {
	metrics *metrics

	mu      sync.Mutex
	name    string
	since   time.Time
	reached float64
	over    bool
}

func newStages(m *metrics) *stages { return &stages{metrics: m} }

// enter notes where the attempt is and reports whether it is still going.
func (s *stages) enter(name string, percent float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	if name != s.name {
		s.observe()
		s.name, s.since = name, time.Now()
	}
	s.reached = max(s.reached, percent)
	return true
}

func (s *stages) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe()
	s.over = true
}

func (s *stages) observe() {
	if s.name != "" {
		s.metrics.staged(s.name, time.Since(s.since))
	}
}

// at tells the stage and how far the attempt is.
func (s *stages) at() (stage string, percent float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name, s.reached
}

func (s *stages) current() string {
	stage, _ := s.at()
	return stage
}

func (s *stages) percent() float64 {
	_, percent := s.at()
	return percent
}
