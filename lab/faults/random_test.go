//go:build linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/lab/load"
	"github.com/studycast/studycast/lab/local"
)

// randomFor is how long faults are drawn.
const randomFor = 60 * time.Second

// TestRandom draws faults from a seed, several at once, on a system with two
// of everything that may have two. STUDYCAST_SEED repeats a run as far as
// processes and networks can be repeated.
func TestRandom(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("STUDYCAST_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "STUDYCAST_SEED")
	}
	t.Logf("STUDYCAST_SEED=%d", seed)
	r := newRandomRig(t)
	r.scenario(t, "weighted random faults for 60 s", func(s *scenario) {
		s.row.note = fmt.Sprintf("seed %d", seed)
		m := &monkey{scenario: s, dice: rand.New(rand.NewPCG(seed, 0))}
		f := s.load(load.Options{For: randomFor, Rate: 12, Labels: func(i int) map[string]string {
			switch i % 20 {
			case 0:
				return labels{"lab-sleep": "3s"}
			case 5:
				return labels{"lab-fail": "1", "lab-sleep": "50ms"}
			}
			return labels{"lab-sleep": "100ms"}
		}})
		m.play(f)
		f.end()
		jobs := s.account(either(succeeded(3), lostTooOften))
		for _, j := range jobs {
			if j.State == job.Failed {
				s.requireLetters(jobs)
				break
			}
		}
		s.row.note = fmt.Sprintf("seed %d: %s", seed, m.told())
	})
}

// lostTooOften wants a job that failed only because its workers were killed
// under it time and again.
func lostTooOften(j job.Job) string {
	if j.State != job.Failed || j.Fault == nil || j.Fault.Kind != "internal" {
		return "is " + string(j.State)
	}
	lost := 0
	for _, m := range j.History {
		if m.From == job.Running && m.To == job.Queued {
			lost++
		}
	}
	if lost == 0 {
		return "failed by itself"
	}
	return ""
}

func newRandomRig(t *testing.T) *rig {
	t.Helper()
	wires := map[string]*wire{}
	r := newRig(t, local.Options{
		Gateways: 2, Statuses: 2, VideoWorkers: 2, AudioWorkers: 2,
		// Audio jobs have as many tries as the faults may take.
		Env: []string{"AUDIO_RETRIES=3", "AUDIO_TIMEOUT=30s"},
		Adjust: func(s *local.System) error {
			broker, err := url.Parse(s.URLs.Broker)
			if err != nil {
				return err
			}
			for _, role := range []local.Role{local.Gateway, local.VideoWorker, local.AudioWorker} {
				for _, p := range s.Programs(role) {
					toBroker := newWire(t, p.Name(), broker.Host)
					wires[p.Name()+" and broker"] = toBroker
					u := *broker
					u.Host = toBroker.address()
					p.SetEnv("BROKER_URL="+u.String(), "STATUS_ADDRESS="+wired(t, p, s, wires))
				}
			}
			return nil
		},
	})
	r.wires = wires
	return r
}

// wired puts a wire before every replica of the status service.
func wired(t *testing.T, p *local.Program, s *local.System, wires map[string]*wire) string {
	t.Helper()
	var all []string
	for _, status := range s.Programs(local.Status) {
		name := p.Name() + " and " + status.Name()
		wires[name] = newWire(t, name, status.GRPC())
		all = append(all, wires[name].address())
	}
	return strings.Join(all, ",")
}

// monkey draws faults.
type monkey struct {
	*scenario
	dice *rand.Rand
	did  []string
}

// fault is something that may happen, and how often in 100 draws.
type fault struct {
	weight int
	do     func(m *monkey) string
}

// faults is a function because its entries refer to the monkey's methods.
func faults() []fault {
	return []fault{
		{20, (*monkey).killWorker},
		{10, (*monkey).killGateway},
		{10, (*monkey).killStatus},
		{5, (*monkey).killDeadLetter},
		{5, (*monkey).killBroker},
		{5, (*monkey).killStore},
		{5, (*monkey).drain},
		{5, (*monkey).closeConnections},
		{25, (*monkey).breakWire},
		{10, (*monkey).freeze},
	}
}

// play draws faults until the load ends, then makes everything whole.
func (m *monkey) play(f *flow) {
	all := faults()
	total := 0
	for _, f := range all {
		total += f.weight
	}
	for done := false; !done; {
		n := m.dice.IntN(total)
		for _, one := range all {
			if n -= one.weight; n < 0 {
				m.did = append(m.did, one.do(m))
				break
			}
		}
		select {
		case <-f.done:
			done = true
		case <-time.After(time.Duration(200+m.dice.IntN(1300)) * time.Millisecond): // the pace of the faults
		}
	}
	m.mend(m.T)
	m.Logf("%d faults: %s", len(m.did), strings.Join(m.did, ", "))
}

// told counts the faults by their first word.
func (m *monkey) told() string { return plural(len(m.did), "fault") }

// any draws one of the programs of roles.
func (m *monkey) any(roles ...local.Role) *local.Program {
	var all []*local.Program
	for _, role := range roles {
		all = append(all, m.Programs(role)...)
	}
	return all[m.dice.IntN(len(all))]
}

func (m *monkey) killAny(roles ...local.Role) string {
	p := m.any(roles...)
	kill(m.T, p)
	require.NoError(m, p.Start(m.Context()))
	return "kill " + p.Name()
}

func (m *monkey) killWorker() string     { return m.killAny(local.VideoWorker, local.AudioWorker) }
func (m *monkey) killGateway() string    { return m.killAny(local.Gateway) }
func (m *monkey) killStatus() string     { return m.killAny(local.Status) }
func (m *monkey) killDeadLetter() string { return m.killAny(local.DeadLetter) }

func (m *monkey) killBroker() string {
	m.Broker.Kill()
	require.NoError(m, m.Broker.Start(m.Context()))
	return "kill broker"
}

func (m *monkey) killStore() string {
	require.NoError(m, m.Postgres.Kill())
	require.NoError(m, m.Postgres.Run())
	return "kill PostgreSQL"
}

func (m *monkey) drain() string {
	p := m.any(local.VideoWorker, local.AudioWorker, local.Gateway, local.Status)
	ready(m.T, p) // and hears what it is told
	stop(m.T, p)
	require.NoError(m, p.Start(m.Context()))
	return "restart " + p.Name()
}

func (m *monkey) closeConnections() string {
	require.NoError(m, m.Broker.CloseConnections(m.Context()))
	return "close connections"
}

func (m *monkey) breakWire() string {
	names := make([]string, 0, len(m.wires))
	for _, p := range m.All() { // in an order that the seed decides alone
		for _, q := range []string{"broker", "status-0", "status-1"} {
			if name := p.Name() + " and " + q; m.wires[name] != nil {
				names = append(names, name)
			}
		}
	}
	name, how := names[m.dice.IntN(len(names))], []toxic{hang, reset, delay}[m.dice.IntN(3)]
	w := m.wires[name]
	w.fail(m.T, how)
	<-time.After(time.Duration(200+m.dice.IntN(2800)) * time.Millisecond) // the fault lasts
	w.heal()
	return how.name + " " + name
}

func (m *monkey) freeze() string {
	p := m.any(local.VideoWorker, local.AudioWorker, local.Status, local.Gateway)
	require.NoError(m, p.Freeze())
	<-time.After(time.Duration(500+m.dice.IntN(3500)) * time.Millisecond) // the fault lasts
	require.NoError(m, p.Thaw())
	return "freeze " + p.Name()
}
