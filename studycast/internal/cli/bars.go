package cli

import (
	"fmt"
	"io"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// bars shows progress: moving bars on a terminal, a line per stage elsewhere.
type bars struct {
	out      io.Writer
	show     bool
	progress *mpb.Progress // nil off a terminal
}

func newBars(out io.Writer, show bool) *bars {
	b := &bars{out: out, show: show}
	if s := screenOf(out); show && s.width > 0 {
		b.progress = mpb.New(mpb.WithOutput(out), mpb.WithWidth(48))
	}
	return b
}

// add starts a bar and returns what moves it. It is safe for concurrent use.
func (b *bars) add(name string) func(stage string, percent float64) {
	switch {
	case !b.show:
		return func(string, float64) {}
	case b.progress == nil:
		return b.lines(name)
	}
	var mu sync.Mutex
	at := ""
	bar := b.progress.AddBar(100,
		mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Percentage(decor.WCSyncSpace), decor.Any(func(decor.Statistics) string {
			mu.Lock()
			defer mu.Unlock()
			return "  " + at
		}, decor.WCSyncSpaceR)))
	return func(stage string, percent float64) {
		mu.Lock()
		at = stage
		mu.Unlock()
		bar.SetCurrent(int64(percent))
	}
}

// lines prints a line whenever the stage changes or a quarter is done.
func (b *bars) lines(name string) func(stage string, percent float64) {
	var mu sync.Mutex
	lastStage, lastQuarter := "", -1
	return func(stage string, percent float64) {
		mu.Lock()
		defer mu.Unlock()
		quarter := int(percent / 25)
		if stage == lastStage && quarter == lastQuarter {
			return
		}
		lastStage, lastQuarter = stage, quarter
		_, _ = fmt.Fprintf(b.out, "%-6s %3.0f %%  %s\n", name, percent, stage)
	}
}

// done leaves the bars as they are; nothing moves them afterwards.
func (b *bars) done() {
	if b.progress != nil {
		b.progress.Shutdown()
	}
}
