//go:build linux

package postgres

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/studycast/studycast/core/sandbox/child"
)

// startTimeout bounds a start; a server may have to recover first.
const startTimeout = 60 * time.Second

// program is a process that says in its log when it is ready.
type program struct {
	ready string // what the log says
	child *child.Child

	mu  sync.Mutex
	log strings.Builder
	is  chan struct{} // closed when ready
}

var _ io.Writer = (*program)(nil)

func (p *program) start(cmd *exec.Cmd) (err error) {
	p.is = make(chan struct{})
	cmd.Stderr = p
	if p.child, err = child.Start(cmd); err != nil {
		return err
	}
	select {
	case <-p.is:
		return nil
	case <-p.child.Ended():
		return fmt.Errorf("%s did not start:\n%s", cmd.Path, p.text())
	case <-time.After(startTimeout):
		return fmt.Errorf("%s did not start in %v:\n%s", cmd.Path, startTimeout, p.text())
	}
}

// end waits for the children of the process too: they hold its log.
func (p *program) end(signal syscall.Signal) error {
	if !p.child.Running() {
		return nil
	}
	if signal == syscall.SIGKILL {
		return p.child.Kill()
	}
	return p.child.End(context.Background(), signal)
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
