//go:build linux

// Package local runs the whole system on this machine as its programs, one
// process each, on a private RabbitMQ and a private PostgreSQL. Every process
// can be killed, frozen and started again by itself; none outlives the process
// that started it.
package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/studycast/studycast/core/sandbox/child"
	"github.com/studycast/studycast/core/sandbox/port"
	"github.com/studycast/studycast/core/sandbox/postgres"
	"github.com/studycast/studycast/core/sandbox/rabbitmq"
)

// Role is what a program is for. It is also the name of its binary, except for
// a worker that Options.Worker replaces.
type Role string

// The roles.
const (
	Gateway     Role = "gateway"
	Status      Role = "status"
	DeadLetter  Role = "deadletter"
	VideoWorker Role = "video-worker"
	AudioWorker Role = "audio-worker"
	Single      Role = "studycast" // all of the above in one process, for Options.Embedded
)

// Roles lists the roles in the order in which a reader expects them.
func Roles() []Role {
	return []Role{Gateway, Status, DeadLetter, VideoWorker, AudioWorker, Single}
}

// Options say what runs and where.
type Options struct {
	// Dir is the folder of the system, made when missing. It gets the logs
	// (logs/<role>-<i>.log) and everything that the programs write.
	Dir string
	// Bin holds the binaries, as Build leaves them.
	Bin string

	// How many of each there are: 0 = 1, less than 0 = none.
	Gateways, Statuses, DeadLetters, VideoWorkers, AudioWorkers int

	// Worker is a program that runs in place of both workers and finds its kind
	// in KIND; "" = the real ones.
	Worker string
	// Env is added to the environment of all programs, EnvOf to that of a
	// role's, after Env. Later entries win; both win over those made here.
	Env   []string
	EnvOf map[Role][]string

	// Broker and Postgres are used when given, and not ended by Close; nil =
	// started here.
	Broker   *rabbitmq.Node
	Postgres *postgres.Server

	// Artifacts is the ARTIFACTS_URL of all programs, like that of an s3.Server,
	// whose other settings go into Env; "" = a folder in Dir.
	Artifacts string

	// Embedded runs everything in one process (role Single) on the embedded
	// queue and store: no broker, no database, no counts, no Worker.
	Embedded bool

	// Listen is where the first gateway serves users; "" = a free port.
	Listen string

	// Adjust, when given, is called once all addresses are known and the
	// servers run, before any program starts: the place to put proxies between
	// them with Program.SetEnv.
	Adjust func(*System) error
}

// URLs says where the parts answer.
type URLs struct {
	Gateway  string // REST API of the first gateway
	Gateways []string
	// Status is STATUS_ADDRESS as the programs get it: gRPC of all replicas,
	// separated by commas.
	Status string
	// DeadLetter is DEADLETTER_ADDRESS, the gRPC address of the first.
	DeadLetter string
	Broker     string // with user and password
	Store      string // the same
	Artifacts  string
}

// System is what Start started.
type System struct {
	URLs     URLs
	Broker   *rabbitmq.Node   // nil when embedded
	Postgres *postgres.Server // nil when embedded

	o        Options
	mark     string
	programs []*Program
	owned    []func() error // ends what Start started beside the programs
	closing  sync.Once
	closed   error
}

// Start starts everything and waits until all programs are ready. Close it,
// also when Start fails after a System came back: it does so itself.
func Start(ctx context.Context, o Options) (s *System, err error) {
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	if o.Bin, err = filepath.Abs(o.Bin); err != nil {
		return nil, err
	}
	s = &System{o: o, mark: rand.Text()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	for _, folder := range []string{"logs", "run", "tmp", "artifacts"} {
		if err := os.MkdirAll(filepath.Join(o.Dir, folder), 0o700); err != nil {
			return s, err
		}
	}
	if err := s.servers(ctx); err != nil {
		return s, err
	}
	if err := s.lay(); err != nil {
		return s, err
	}
	if o.Adjust != nil {
		if err := o.Adjust(s); err != nil {
			return s, err
		}
	}
	for _, p := range s.programs {
		if err := p.Start(ctx); err != nil {
			return s, err
		}
	}
	return s, s.Ready(ctx)
}

// servers starts the broker and the database side by side.
func (s *System) servers(ctx context.Context) error {
	if s.o.Embedded {
		return nil
	}
	s.Broker, s.Postgres = s.o.Broker, s.o.Postgres
	var node *rabbitmq.Node
	var database *postgres.Server
	g, ctx := errgroup.WithContext(ctx)
	if s.Broker == nil {
		g.Go(func() (err error) {
			if node, err = rabbitmq.NewWith(rabbitmq.Options{Password: rand.Text()}); err != nil {
				return err
			}
			return node.Start(ctx)
		})
	}
	if s.Postgres == nil {
		g.Go(func() (err error) {
			database, err = postgres.Start()
			return err
		})
	}
	err := g.Wait()
	if node != nil {
		s.Broker = node
		s.owned = append(s.owned, node.Close)
	}
	if database != nil {
		s.Postgres = database
		s.owned = append(s.owned, database.Stop)
	}
	if err != nil {
		return err
	}
	s.URLs.Broker, s.URLs.Store = s.Broker.URL(), s.Postgres.TCPURL("")
	return nil
}

// lay chooses the ports of all programs and fills in the URLs.
func (s *System) lay() error {
	counts := s.counts()
	total := 0
	for _, n := range counts {
		total += n
	}
	row, err := port.Reserve(total * portsOfProgram)
	if err != nil {
		return err
	}
	s.owned = append(s.owned, row.Close)
	at := 0
	for _, role := range Roles() {
		for i := range counts[role] {
			p := &Program{
				Role: role, Index: i, system: s,
				url: row.Address(at), admin: row.Address(at + 1), grpc: row.Address(at + 2),
			}
			if i == 0 && s.o.Listen != "" && (role == Gateway || role == Single) {
				p.url = s.o.Listen
			}
			at += portsOfProgram
			s.programs = append(s.programs, p)
		}
	}
	s.fill()
	for _, p := range s.programs {
		p.env = s.environment(p)
		if err := os.MkdirAll(p.dir(), 0o700); err != nil {
			return err
		}
	}
	return nil
}

func (s *System) counts() map[Role]int {
	if s.o.Embedded {
		return map[Role]int{Single: 1}
	}
	count := func(n int) int {
		if n == 0 {
			return 1
		}
		return max(n, 0)
	}
	return map[Role]int{
		Gateway: count(s.o.Gateways), Status: count(s.o.Statuses), DeadLetter: count(s.o.DeadLetters),
		VideoWorker: count(s.o.VideoWorkers), AudioWorker: count(s.o.AudioWorkers),
	}
}

// Programs returns the programs of a role, in the order of their index.
func (s *System) Programs(role Role) []*Program {
	var found []*Program
	for _, p := range s.programs {
		if p.Role == role {
			found = append(found, p)
		}
	}
	return found
}

// All returns all programs.
func (s *System) All() []*Program { return s.programs }

// Ready waits until every program is ready. One that has ended is an error at
// once.
func (s *System) Ready(ctx context.Context) error {
	for _, p := range s.programs {
		if err := p.Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Logs returns the folder of the logs.
func (s *System) Logs() string { return filepath.Join(s.o.Dir, "logs") }

// Traces returns by what the processes of the system are found, even when the
// process that started it is dead: a mark, see child.Left, and the folders of
// the servers beside Options.Dir.
func (s *System) Traces() (mark string, folders []string) {
	if s.Broker != nil && s.o.Broker == nil {
		folders = append(folders, s.Broker.Dir())
	}
	if s.Postgres != nil && s.o.Postgres == nil {
		folders = append(folders, s.Postgres.Dir())
	}
	return s.mark, folders
}

// leftGrace is how long the children of a killed program may take to follow it.
const leftGrace = 3 * time.Second

// Close kills all programs and what Start started beside them. It fails when a
// process was left behind, after killing that too. The folder stays.
func (s *System) Close() error {
	s.closing.Do(func() {
		var errs []error
		for _, p := range s.programs {
			errs = append(errs, p.Kill())
		}
		for _, end := range s.owned {
			errs = append(errs, end())
		}
		if err := child.Sweep(leftGrace, s.mark, filepath.Join(s.o.Dir, "run")); err != nil {
			errs = append(errs, fmt.Errorf("the system in %s: %w", s.o.Dir, err))
		}
		s.closed = errors.Join(errs...)
	})
	return s.closed
}
