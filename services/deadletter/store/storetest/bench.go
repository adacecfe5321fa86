package storetest

import (
	"testing"

	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/store"
)

// many is how many letters must stay quick to list.
const many = 100_000

// BenchmarkPut stores letters from as many callers as a taker has.
func BenchmarkPut(b *testing.B, s store.Store) {
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := s.Put(b.Context(), Sample(i), never); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
}

// BenchmarkList reads first and middle pages of 50 among 100,000 letters, also
// with filters that few letters match.
func BenchmarkList(b *testing.B, s store.Store) {
	all := fill(b, s, many)
	middle := all[len(all)/2].ID
	for _, c := range []struct {
		name string
		f    store.Filter
	}{
		{"all", store.Filter{}},
		{"all/middle", store.Filter{Before: middle}},
		{"open", store.Filter{States: []string{deadletterclient.Open}}},
		{"undecided/audio/middle", store.Filter{
			States: []string{deadletterclient.Open, deadletterclient.Replaying}, Kind: job.Audio, Before: middle,
		}},
		{"replaying", store.Filter{States: []string{deadletterclient.Replaying}}},
		{"job", store.Filter{JobID: "job-3"}},
		{"job/none", store.Filter{JobID: "job-9"}},
		{"kind/none", store.Filter{Kind: "other"}},
		{"fingerprint/open", store.Filter{States: []string{deadletterclient.Open}, Fingerprint: all[0].Fingerprint}},
		{"fault/owner", store.Filter{Fault: "source", Owner: "owner-7"}},
		{"text/few", store.Filter{Text: "ANSWERED 50001)"}},
		{"text/none", store.Filter{States: []string{deadletterclient.Open}, Text: "nobody says so"}},
		{"time/early", store.Filter{DiedAfter: at(100), DiedBefore: at(200)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.f.Limit = 51
			for b.Loop() {
				if _, err := s.List(b.Context(), c.f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for name, f := range map[string]store.Filter{
		"all": {}, "open": {States: []string{deadletterclient.Open}},
		"undecided": {States: []string{deadletterclient.Open, deadletterclient.Replaying}},
		"audio":     {Kind: job.Audio},
		"owner":     {Owner: "owner-7"},
		"time":      {States: []string{deadletterclient.Open}, DiedAfter: at(many / 2)},
		"text":      {Text: "answered 5"},
	} {
		b.Run("groups/"+name, func(b *testing.B) {
			f.Limit = 51
			for b.Loop() {
				if _, err := s.Groups(b.Context(), f, store.GroupKey{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("plan/open", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Plan(b.Context(), store.Filter{States: []string{deadletterclient.Open}}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Counts(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
