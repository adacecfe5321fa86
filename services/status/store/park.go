package store

import (
	"time"

	"github.com/studycast/studycast/core/job"
)

// Parking is a dependency that is down for the jobs of a kind, from when the
// first of them was parked until the last has gone on.
type Parking struct {
	Kind       job.Kind
	Dependency string
	Reason     string    // what its last user met, safe to show
	Stage      string    // in which that was met
	Since      time.Time // when it was found down
	AnsweredAt time.Time // when it was found to answer again; zero = it is down
	Tries      int       // trials in a row that found it down
	Due        time.Time // when the next job may go on, or is looked after the trial
	Trial      job.ID    // name of the run that tries it; "" = none does
	Owner      string    // whose job went on last since it answers
	Jobs       int       // parked for it; only read, and only by Parkings
}

// Parked counts the jobs of a kind that are parked for a dependency.
type Parked struct {
	Kind       job.Kind
	Dependency string
	Jobs       int
}

// ParkingReader reads what is down.
type ParkingReader interface {
	// Parkings lists every dependency that is down, by kind and name.
	Parkings() ([]Parking, error)
}

// ParkingWriter changes what is down, and finds the jobs that wait for it. Jobs
// that share the run of another are not found: they go on with it.
type ParkingWriter interface {
	Parking(k job.Kind, dependency string) (Parking, error)
	// PutParking inserts or replaces.
	PutParking(p Parking) error
	DropParking(k job.Kind, dependency string) error
	// DueParkings lists parkings due at or before now.
	DueParkings(now time.Time) ([]Parking, error)
	// FirstParked returns the job that is parked longest for a dependency.
	FirstParked(k job.Kind, dependency string) (Row, error)
	// NextParked returns the job that is parked longest of the owner who comes
	// after one in the order of names, and of the first owner after the last.
	NextParked(k job.Kind, dependency, after string) (Row, error)
}
