package capacity

import "time"

// Usage is what students do. These are assumptions, not measurements.
type Usage struct {
	LessonsPerWeek float64 // asked for by one student
	BusiestHour    float64 // share of a day's lessons in its busiest hour
	Views          float64 // of each lesson
	OpenPages      float64 // share of the students with an open page in the busiest hour
	Tries          float64 // runs of a lesson, with retries
	KeptPerOwner   float64 // KEEP_SUCCEEDED of both kinds
	Busy           float64 // of a worker's core in the busiest hour: the rest is room for bursts
}

// Supposed is a diligent student of a school that sleeps at night.
func Supposed() Usage {
	return Usage{LessonsPerWeek: 2, BusiestHour: .12, Views: 3, OpenPages: .01, Tries: 1.03, KeptPerOwner: 200, Busy: .6}
}

// Need is what a number of students takes.
type Need struct {
	Students    float64
	LessonsADay float64
	PeakJobs    float64 // a second, in the busiest hour
	WorkerCores float64
	ServiceCPU  float64 // cores for everything but workers
	Messages    float64 // a second through the broker, in the busiest hour
	StoreCalls  float64 // a second, in the busiest hour
	Streams     float64 // open at once
	StoreBytes  float64 // after a year, as retention leaves it
	FileBytes   float64 // the same, of artifacts
	Egress      float64 // bytes a second, in the busiest hour
}

const (
	week = 7.
	year = 365.
	hour = 3600.
)

// Plan says what a number of students needs.
func Plan(students float64, c Costs, u Usage) Need {
	n := Need{Students: students, LessonsADay: students * u.LessonsPerWeek / week}
	n.PeakJobs = n.LessonsADay * u.BusiestHour / hour
	var cpu, bytes, watched float64
	for _, l := range c.Lessons {
		cpu += l.Share * l.CPU.Seconds()
		bytes += l.Share * l.Bytes
		watched += l.Share * l.Watched
	}
	runs := n.PeakJobs * u.Tries
	n.WorkerCores = runs * cpu / u.Busy
	n.ServiceCPU = runs * c.ServiceCPU.Seconds() / u.Busy
	n.Messages = runs * c.Messages
	n.StoreCalls = runs * c.StoreCalls
	n.Streams = students * u.OpenPages
	kept := min(n.LessonsADay*year, students*u.KeptPerOwner)
	n.StoreBytes, n.FileBytes = kept*c.StoreBytes, kept*bytes
	n.Egress = n.PeakJobs * u.Views * watched
	return n
}

// MeanCPU is the worker's time for one lesson of the usual mix.
func MeanCPU(c Costs) time.Duration {
	var sum time.Duration
	for _, l := range c.Lessons {
		sum += time.Duration(l.Share * float64(l.CPU))
	}
	return sum
}
