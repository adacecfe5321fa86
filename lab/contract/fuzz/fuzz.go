// Package fuzz sends a server what its own OpenAPI document lets it expect, and
// much that it does not: wrong types, odd text, broken bodies, tricks with
// paths and headers. Every answer is judged by the document. Requests are drawn
// from a seed, so that a run can be had again.
package fuzz

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/studycast/studycast/lab/contract/document"
)

// Caller is somebody who sends requests.
type Caller struct {
	Name  string
	Token string // bearer token; "" = none
	// Canary marks what the caller writes: whoever may not see it must never get
	// it. "" = writes nothing of its own.
	Canary string
	// SeesAll says that the caller may see what others wrote.
	SeesAll bool
}

// Options say what is fuzzed.
type Options struct {
	Base     string // like http://127.0.0.1:8080
	Document *document.Document
	Callers  []Caller

	Seed     uint64
	Duration time.Duration
	// First and Cases choose the cases of the seed: from First on, at most Cases;
	// 0 = as many as the time allows.
	First, Cases uint64
	Workers      int // connections at once; 0 = 8

	// Known are values that a schema can't tell: by the name of a parameter or
	// field ("url"), or with the collection before it ("jobs.id"). What answers
	// show is added.
	Known map[string][]string
	// Shape may alter a valid JSON body of an operation before it is sent or
	// broken; nil = no change.
	Shape func(r *rand.Rand, operation string, body map[string]any)

	// Bound is how long an answer may take; 0 = 10 s. One that the caller asked
	// to be held back, by the parameter wait, and streams are left after Linger;
	// 0 = 200 ms.
	Bound, Linger time.Duration
}

// defaults of Options.
const (
	defaultWorkers = 8
	defaultBound   = 10 * time.Second
	defaultLinger  = 200 * time.Millisecond
)

// fuzzer is a run.
type fuzzer struct {
	o       Options
	address string
	pool    *pool
	next    atomic.Uint64

	mu     sync.Mutex
	report *Report
}

// Run fuzzes until the time or the cases are used up, or ctx ends. The error is
// for a run that could not take place; what is wrong with the server is in the
// report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if len(o.Callers) == 0 || len(o.Document.Operations) == 0 {
		return nil, errors.New("fuzz: there is nothing to ask or nobody to ask it")
	}
	u, err := url.Parse(o.Base)
	if err != nil {
		return nil, err
	}
	if o.Workers <= 0 {
		o.Workers = defaultWorkers
	}
	if o.Bound <= 0 {
		o.Bound = defaultBound
	}
	if o.Linger <= 0 {
		o.Linger = defaultLinger
	}
	f := &fuzzer{o: o, address: u.Host, pool: newPool(o.Known), report: newReport(o.Seed)}
	f.next.Store(o.First)
	begun := time.Now()
	var all sync.WaitGroup
	for range o.Workers {
		all.Go(func() { f.work(ctx, begun.Add(o.Duration)) })
	}
	all.Wait()
	f.report.Took = time.Since(begun)
	return f.report, nil
}

// work sends case after case over one connection at a time.
func (f *fuzzer) work(ctx context.Context, until time.Time) {
	w := &wire{address: f.address, bound: f.o.Bound, linger: f.o.Linger}
	defer w.drop()
	for ctx.Err() == nil && time.Now().Before(until) {
		no := f.next.Add(1) - 1
		if f.o.Cases > 0 && no >= f.o.First+f.o.Cases {
			return
		}
		c := f.draw(no)
		began := time.Now()
		out := w.send(ctx, c)
		if ctx.Err() != nil {
			return
		}
		promise, err := f.judge(c, out)
		if err == nil && promise != "" {
			f.pool.learn(c.op, out.answer)
		}
		f.mu.Lock()
		f.report.add(c, out, promise, err, time.Since(began))
		f.mu.Unlock()
	}
}

// draw makes a case; the same number is the same case, but for the values that
// answers have shown so far.
func (f *fuzzer) draw(no uint64) *attempt {
	g := &generator{Rand: rand.New(rand.NewPCG(f.o.Seed, no)), doc: f.o.Document, pool: f.pool}
	ops := f.o.Document.Operations
	c := &attempt{no: no, op: ops[g.IntN(len(ops))], caller: f.o.Callers[g.IntN(len(f.o.Callers))]}
	g.canary = c.caller.Canary
	g.fill(c, f.o.Shape)
	if g.chance(2, 3) {
		for range 1 + g.IntN(2) {
			g.spoil(c)
		}
	}
	return c
}
