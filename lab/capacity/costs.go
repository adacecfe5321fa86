package capacity

import "time"

// Lesson is what one kind of lesson costs, made with the offline voices on one
// core of the machine of docs/performance.md.
type Lesson struct {
	Name    string
	Share   float64       // of all lessons
	Length  time.Duration // of the result
	CPU     time.Duration // of the worker and its child processes
	Bytes   float64       // of all its artifacts
	Watched float64       // bytes that one student downloads to watch it once
}

// Costs are what was measured, per job or per stream.
type Costs struct {
	Lessons []Lesson

	ServiceCPU  time.Duration // of gateway, status service, broker and database, per job
	StoreCalls  float64       // statements that change the store of the status service, per job
	StoreBytes  float64       // of its tables and indexes, per job that is kept
	Messages    float64       // publishes and settlements, per job without retries
	StreamBytes float64       // of memory in a gateway, per open page
}

// Measured are the costs of this version. Lessons: `studycast make` of the bundled
// article, user and system time. Bytes of the store: `go test ./lab/capacity
// -bench Store -benchtime 1x`. Everything else: docs/performance.md.
func Measured() Costs {
	const mb = 1e6
	return Costs{
		Lessons: []Lesson{
			{Name: "video, short", Share: .30, Length: 58 * time.Second, CPU: 2400 * time.Millisecond, Bytes: 1.70 * mb, Watched: 1.61 * mb},
			{Name: "video, medium", Share: .24, Length: 179 * time.Second, CPU: 5200 * time.Millisecond, Bytes: 3.40 * mb, Watched: 3.30 * mb},
			{Name: "video, long", Share: .06, Length: 335 * time.Second, CPU: 9000 * time.Millisecond, Bytes: 6.14 * mb, Watched: 6.01 * mb},
			{Name: "audio, short", Share: .20, Length: 67 * time.Second, CPU: 2800 * time.Millisecond, Bytes: 1.66 * mb, Watched: .83 * mb},
			{Name: "audio, medium", Share: .16, Length: 194 * time.Second, CPU: 7200 * time.Millisecond, Bytes: 4.75 * mb, Watched: 2.39 * mb},
			{Name: "audio, long", Share: .04, Length: 362 * time.Second, CPU: 12300 * time.Millisecond, Bytes: 8.84 * mb, Watched: 4.45 * mb},
		},
		ServiceCPU:  2700 * time.Microsecond,
		StoreCalls:  4,
		StoreBytes:  4600,
		Messages:    2,
		StreamBytes: 43 << 10,
	}
}
