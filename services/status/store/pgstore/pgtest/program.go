package pgtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// startTimeout bounds a start; a server may have to recover first.
const startTimeout = 60 * time.Second

// program is a process that says in its log when it is ready.
type program struct {
	ready   string // what the log says
	process *os.Process
	ended   chan struct{}

	mu  sync.Mutex
	log strings.Builder
	is  chan struct{} // closed when ready
}

var _ io.Writer = (*program)(nil)

func (p *program) start(cmd *exec.Cmd) error {
	p.ended, p.is = make(chan struct{}), make(chan struct{})
	cmd.Stderr = p
	started := make(chan error)
	go p.run(cmd, started)
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	select {
	case <-p.is:
		return nil
	case <-p.ended:
		return fmt.Errorf("%s did not start:\n%s", cmd.Path, p.text())
	case <-time.After(startTimeout):
		return fmt.Errorf("%s did not start in %v:\n%s", cmd.Path, startTimeout, p.text())
	}
}

// run keeps its thread: the process dies with the thread that started it.
func (p *program) run(cmd *exec.Cmd, started chan<- error) {
	defer close(p.ended)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	if err == nil {
		p.process = cmd.Process
	}
	started <- err
	if err == nil {
		_ = cmd.Wait()
	}
}

// end waits for the children of the process too: they hold its log.
func (p *program) end(signal os.Signal) error {
	if err := p.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.ended
	return nil
}

// Write takes the log.
func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.log.Write(b)
	select {
	case <-p.is:
	default:
		if strings.Contains(p.log.String(), p.ready) {
			close(p.is)
		}
	}
	return n, err
}

func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}
