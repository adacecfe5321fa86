package storetest

import (
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/internal/ledger"
	"github.com/studycast/studycast/services/status/store"
)

var operator = ledger.Act{Author: "op", Reason: "because"}

// steer pauses a queue now and then, and not for long.
func (w *world) steer() {
	k := job.Kinds()[w.pick("queue", 2)]
	if !w.paused[k] && w.pick("pause", 3) > 0 {
		return
	}
	act := w.l.Pause
	if w.paused[k] {
		act = w.l.Resume
	}
	q, err := act(w.ctx, k.Queue(), operator)
	w.ok(err)
	w.acts++
	w.paused[k] = !w.paused[k]
	require.Equal(w.t, w.paused[k], q.Pause != nil)
}

// drain tells a worker to end, which it heeds only when it does so anyway.
func (w *world) drain() {
	if w.pick("drain", 4) > 0 {
		return
	}
	k := w.someWorker()
	_, err := w.l.DrainWorker(w.ctx, k.session, operator)
	if err != nil {
		require.ErrorIs(w.t, err, ledger.ErrWorkerUnknown)
		return
	}
	w.acts++
	k.drained = true
}

// resumeAll ends every pause and checks that every act is on record.
func (w *world) resumeAll() {
	for _, k := range job.Kinds() {
		if w.paused[k] {
			_, err := w.l.Resume(w.ctx, k.Queue(), operator)
			w.ok(err)
			w.acts++
			w.paused[k] = false
		}
	}
	w.ok(w.s.View(w.ctx, func(r store.Reader) error {
		rs, err := r.Records(store.RecordFilter{Limit: 100_000})
		require.Len(w.t, rs, w.acts)
		return err
	}))
}
