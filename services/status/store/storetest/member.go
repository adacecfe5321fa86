package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
)

// member is one of a crowd; one goroutine is it.
type member struct {
	*crowd
	rand    *rand.Rand
	l       *ledger.Ledger
	session job.SessionID
	stream  int64
	held    []taken
}

// taken is an attempt and the message that it came with.
type taken struct {
	grant
	parcel parcel
}

func (m *member) one(deeds ...func()) { deeds[m.rand.IntN(len(deeds))]() }

// use is what a user does, and the relay beside.
func (m *member) use() {
	m.one(m.create, m.create, m.relay, m.relay, m.relay, m.cancel, m.retry, m.remove, m.wait)
}

// work is what a worker does.
func (m *member) work() {
	if m.session == "" {
		m.hire()
		return
	}
	m.one(m.start, m.start, m.start, m.finish, m.finish, m.finish, m.renew, m.renew, m.comeBack, m.breakOff, m.crash, m.leave)
}

// operate is what time, the upkeep and operators do.
func (m *member) operate() {
	m.one(m.wait, m.wait, m.rescue, m.rescue, m.unpark, m.die, m.replay, m.replay)
}

func (m *member) create() {
	req := job.Request{Kind: job.Video, Source: job.Source{URL: "https://example.org"}}
	if m.rand.IntN(4) == 0 {
		req.RunAt = m.clock.Now().Add(time.Duration(m.rand.IntN(20)) * time.Second)
	}
	c, err := m.l.Create(m.ctx, ledger.Input{Owner: fmt.Sprint("owner", m.rand.IntN(3)), Request: req})
	m.fail("create", err)
	if err != nil {
		return
	}
	m.note(func() { m.jobs = append(m.jobs, c.Job.ID) })
	m.publish(c.Entry)
}

// publish may die before the broker has the message, or before the confirm.
func (m *member) publish(e *ledger.Entry) {
	luck := m.rand.IntN(5)
	if e == nil || luck == 0 {
		return
	}
	m.put(parcel{e.JobID, e.Attempt})
	if luck > 1 {
		m.fail("confirm", m.l.Confirm(m.ctx, []ledger.Confirmation{{JobID: e.JobID, Token: e.Token}}))
	}
}

func (m *member) relay() {
	entries, err := m.l.Claim(m.ctx, 1+m.rand.IntN(5))
	m.fail("claim", err)
	for i := range entries {
		m.publish(&entries[i])
	}
}

func (m *member) cancel() {
	_, err := m.l.Cancel(m.ctx, m.someJob(m.rand), "", "")
	m.fail("cancel", err)
}

func (m *member) retry() {
	why := m.name("retry")
	_, e, err := m.l.Retry(m.ctx, m.someJob(m.rand), "", why)
	m.fail("retry", err)
	m.note(func() { m.asked[why] = err == nil })
	m.publish(e)
}

func (m *member) remove() {
	id := m.someJob(m.rand)
	if m.rand.IntN(4) > 0 || id == "" {
		return
	}
	err := m.l.Delete(m.ctx, id, "")
	m.fail("delete", err)
	if err == nil {
		m.note(func() { m.gone[id] = true })
	}
}

func (m *member) wait() { m.clock.advance(time.Duration(m.rand.IntN(2500)) * time.Millisecond) }

func (m *member) rescue() {
	_, err := m.l.Rescue(m.ctx)
	m.fail("rescue", err)
}

func (m *member) unpark() { m.fail("unpark", m.l.Unpark(m.ctx)) }

// die makes a dead letter of a message, twice at once.
func (m *member) die() {
	p, ok := m.take(m.rand)
	if !ok {
		return
	}
	letter := ledger.Letter{ID: m.name("letter"), Attempt: p.number, Fault: job.Fault{Kind: "poison", Text: "died"}}
	m.note(func() { m.letters[letter.ID] = p.id })
	m.twice(func(l *ledger.Ledger) {
		_, err := l.Bury(m.ctx, p.id, letter)
		m.fail("bury", err)
	})
}

// replay replays a dead letter twice at once.
func (m *member) replay() {
	var letter string
	var id job.ID
	m.note(func() {
		for letter, id = range m.letters {
			break
		}
	})
	if letter == "" {
		return
	}
	m.twice(func(l *ledger.Ledger) {
		_, err := l.Replay(m.ctx, id, letter, letter, nil)
		m.fail("replay", err)
		if err == nil {
			m.note(func() { m.replayed[letter]++ })
		}
	})
}

// twice does it through two replicas at once, if there are two.
func (m *member) twice(do func(*ledger.Ledger)) {
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() { do(m.ledgers[i%len(m.ledgers)]) })
	}
	wg.Wait()
}

func (m *member) hire() {
	at := m.clock.Now()
	s, _, err := m.l.Open(m.ctx, ledger.Hello{Worker: "w", Kind: job.Video, Slots: 2})
	m.fail("open", err)
	if err == nil {
		m.session, m.stream = s.ID, s.Stream
		m.alive(s.ID, at)
	}
}

// comeBack opens another stream, at another replica if there is one.
func (m *member) comeBack() {
	m.l = m.ledgers[m.rand.IntN(len(m.ledgers))]
	at := m.clock.Now()
	s, _, err := m.l.Open(m.ctx, ledger.Hello{Session: m.session, Worker: "w", Kind: job.Video, Slots: 2})
	m.fail("come back", err, job.ErrSessionUnknown)
	if err == nil {
		m.stream = s.Stream
		m.alive(s.ID, at)
	}
}

func (m *member) renew() {
	var reports []ledger.Report
	for _, h := range m.held {
		reports = append(reports, ledger.Report{JobID: h.id, Attempt: h.attempt, Stage: "draw", Percent: 100 * m.rand.Float64()})
	}
	at := m.clock.Now()
	_, err := m.l.Renew(m.ctx, m.session, m.stream, reports)
	m.fail("renew", err, job.ErrSessionUnknown)
	switch {
	case err == nil:
		m.alive(m.session, at)
	case errors.Is(err, job.ErrSessionUnknown):
		m.hire()
	}
}

func (m *member) breakOff() {
	m.dead(m.session)
	m.fail("break", m.l.Break(m.ctx, m.session, m.stream))
}

// crash ends a worker without a word; the broker hands out again what it held.
func (m *member) crash() {
	m.giveBack()
	m.session = ""
}

func (m *member) leave() {
	if m.session == "" {
		return
	}
	m.dead(m.session)
	m.fail("end", m.l.End(m.ctx, m.session, m.stream))
	m.crash()
}

func (m *member) giveBack() {
	for _, h := range m.held {
		m.put(h.parcel)
	}
	m.held = nil
}

func (m *member) start() {
	p, ok := m.take(m.rand)
	if !ok {
		return
	}
	a, err := m.l.Start(m.ctx, m.session, p.id, "")
	m.fail("start", err, job.ErrSessionUnknown)
	switch {
	case err != nil || a.Wait != nil:
		m.put(p)
	case a.Granted:
		g := grant{p.id, a.Job.Attempt}
		m.note(func() {
			if _, twice := m.grants[g]; twice {
				m.errs = append(m.errs, fmt.Errorf("attempt %d of %s was granted twice", g.attempt, g.id))
			}
			m.grants[g] = m.session
		})
		m.held = append(m.held, taken{g, p})
	case a.Bury != nil:
		m.put(p) // somebody's die finds it
	}
}

// finish ends an attempt, twice at once as if the first answer was lost.
func (m *member) finish() {
	if len(m.held) == 0 {
		return
	}
	h := m.held[0]
	m.held = m.held[1:]
	o := m.outcome(h.attempt)
	verdicts := make(chan job.Verdict, 2)
	m.twice(func(l *ledger.Ledger) {
		v, err := l.Finish(m.ctx, h.id, h.attempt, o)
		m.fail("finish", err)
		verdicts <- v
	})
	v, w := <-verdicts, <-verdicts
	if v.Reason == "succeeded" || w.Reason == "succeeded" {
		m.note(func() { m.won[h.id] = append(m.won[h.id], h.attempt) })
	}
	switch v.Action {
	case job.Retry:
		m.put(parcel{h.id, h.attempt + 1})
	case job.Release, job.Dead:
		m.put(h.parcel)
	}
}

func (m *member) outcome(attempt int) job.Outcome {
	fail := func(kind string, retryable bool) job.Outcome {
		return job.Outcome{Failed: &job.Failure{Fault: job.Fault{Kind: kind, Text: "broke"}, Retryable: retryable, DeadLetter: true}}
	}
	switch m.rand.IntN(5) {
	case 3:
		return outage(fault.Speech)
	case 0:
		return job.Outcome{Succeeded: &job.Success{Title: fmt.Sprint("attempt ", attempt)}}
	case 1:
		return fail("internal", true)
	case 2:
		return fail("poison", false)
	}
	return job.Outcome{Released: "drain"}
}
