//go:build linux

// Package port reserves ports of the loopback for private servers, so that
// those that start at the same time, here or in another process, never meet.
package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The ports given out lie below those that the kernel gives out by itself.
const (
	lowest  = 20_000
	highest = 32_000
)

// tries is how often Reserve looks before it gives up.
const tries = 1000

// Row is a row of reserved ports. The reservation ends with Close or with the
// process.
type Row struct {
	first int
	holds []net.Listener
}

// Reserve reserves n ports in a row on which nobody listens.
func Reserve(n int) (*Row, error) {
	places := highest - lowest - n
	for range tries {
		if places < 1 {
			break
		}
		if r, ok := take(lowest+rand.IntN(places), n); ok {
			return r, nil
		}
	}
	return nil, fmt.Errorf("no %d free ports in a row between %d and %d", n, lowest, highest)
}

// take holds each port by a name in the abstract space of Unix sockets: the
// kernel gives it to one process at a time, within the same network namespace
// as the ports, and takes it back when the process ends.
func take(first, n int) (*Row, bool) {
	r := &Row{first: first}
	for p := first; p < first+n; p++ {
		hold, err := net.Listen("unix", "@studycast-port-"+strconv.Itoa(p)) //nolint:noctx // opening a local socket does not wait
		if err == nil {
			r.holds = append(r.holds, hold)
		}
		if err != nil || !free(p) {
			_ = r.Close()
			return nil, false
		}
	}
	return r, true
}

func free(p int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p)) //nolint:noctx // opening a local port does not wait
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// At returns port i of the row, the first being 0.
func (r *Row) At(i int) int { return r.first + i }

// Address returns the loopback address with port i of the row.
func (r *Row) Address(i int) string { return fmt.Sprintf("127.0.0.1:%d", r.At(i)) }

// Close ends the reservation.
func (r *Row) Close() error {
	var errs []error
	for _, hold := range r.holds {
		errs = append(errs, hold.Close())
	}
	r.holds = nil
	return errors.Join(errs...)
}
