package decide

import (
	"fmt"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Jobs that share a run: the leader has it, and is all that workers, messages
// and the upkeep know; its followers do as it does. Nothing of one owner is
// shown to another but what is made.

// Name is the id by which messages and workers know the run of a job.
func Name(r store.Row) job.ID {
	if r.Alias != "" {
		return r.Alias
	}
	return r.ID
}

// Folder is the job in whose folder the artifacts of r are.
func Folder(r store.Row) job.ID {
	if r.Files != "" {
		return r.Files
	}
	return r.ID
}

// Join makes a job follow another one that is under way. The job is new, or it
// is put to work again.
func Join(r, leader store.Row, now time.Time, why string) (Step, error) {
	s := begin(r)
	s.Row.Leader, s.Row.Alias, s.Row.Files = leader.ID, "", ""
	s.forget()
	if err := s.anew(now, why); err != nil {
		return *s, err
	}
	s.Row.Attempt, s.Row.Worker = leader.Attempt, leader.Worker
	if leader.State != job.Queued {
		if err := s.move(now, job.Running, "it was started before"); err != nil {
			return *s, err
		}
	}
	if leader.State == job.Retrying {
		if err := s.move(now, job.Retrying, "an attempt failed before"); err != nil {
			return *s, err
		}
	}
	if leader.State == job.Parked {
		if err := s.move(now, job.Parked, leader.Dependency+" was found down before"); err != nil {
			return *s, err
		}
	}
	s.take(leader)
	s.Promise = Promise{}
	return *s, nil
}

// Given makes a new job that is answered at once with what was made for
// another one.
func Given(r, made store.Row, now time.Time) (Step, error) {
	s := begin(r)
	if err := s.move(now, job.Queued, "accepted"); err != nil {
		return *s, err
	}
	at := made.FinishedAt.Format("15:04 UTC")
	if err := s.move(now, job.Succeeded, "the same lesson was finished at "+at); err != nil {
		return *s, err
	}
	s.Row.Title, s.Row.Artifacts, s.Row.Progress = made.Title, made.Artifacts, 100
	s.Row.Files = Folder(made)
	s.Row.Notes = append([]string{fmt.Sprintf(
		"made at %s for somebody who asked for the same: ask for a fresh one if the source has changed since", at)}, made.Notes...)
	s.Promise, s.Left = Promise{}, false
	return *s, nil
}

// Follow does to a follower what was done to its leader.
func Follow(r store.Row, led Step, now time.Time) (Step, error) {
	s := begin(r)
	for _, m := range led.Moves {
		if err := s.move(now, m.To, m.Why); err != nil {
			return *s, err
		}
		mine := &s.Moves[len(s.Moves)-1]
		mine.Attempt, mine.Worker = m.Attempt, m.Worker
	}
	s.take(led.Row)
	if s.Row.State.Final() {
		s.Row.Leader = ""
	}
	if s.Row.State == job.Succeeded {
		s.Row.Files = Folder(led.Row)
	}
	s.Promise = Promise{}
	return *s, nil
}

// take copies what the owner sees of a run.
func (s *Step) take(l store.Row) {
	r := &s.Row
	r.Attempt, r.Spent, r.NotBefore, r.Worker = l.Attempt, l.Spent, l.NotBefore, l.Worker
	r.Dependency = l.Dependency
	r.Stage, r.Progress, r.StartedAt, r.Fault = l.Stage, l.Progress, l.StartedAt, l.Fault
	r.Title, r.Artifacts, r.Notes = l.Title, l.Artifacts, l.Notes
}

// Part cancels a job whose run goes on without it.
func Part(r store.Row, now time.Time, why string) (Step, error) {
	s, err := Cancel(r, now, why)
	s.Row.Leader = ""
	s.Promise, s.Command, s.Tell, s.Room, s.Left = Promise{}, nil, "", false, false
	return s, err
}

// Inherit makes a follower the leader in place of one that leaves, and takes
// the run from that one. Their owners see nothing of it.
func Inherit(r, old store.Row) (heir, left store.Row) {
	r.Session, r.Worker, r.StartID = old.Session, old.Worker, old.StartID
	r.Ended, r.Lost, r.Replayed, r.Sent, r.Trial = old.Ended, old.Lost, old.Replayed, old.Sent, old.Trial
	r.Leader, r.Followers = "", old.Followers-1
	if r.Alias = Name(old); r.Alias == r.ID {
		r.Alias = ""
	}
	r.Files = r.Alias
	old.Session, old.StartID, old.Lost, old.Sent, old.Trial = "", "", false, false, ""
	old.Alias, old.Files, old.Followers = "", "", 0
	return r, old
}
