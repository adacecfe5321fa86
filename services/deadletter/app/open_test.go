package app_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/app"
)

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.options
	good.Listener = w.listen("letters.sock")
	for _, c := range []struct {
		name   string
		change func(*app.Options)
		says   string
	}{
		{"no listener", func(o *app.Options) { o.Listener = nil }, "no listener"},
		{"no broker", func(o *app.Options) { o.Broker = nil }, "broker"},
		{"no status", func(o *app.Options) { o.Status = nil }, "status service"},
		{"no queues", func(o *app.Options) { o.Queues = nil }, "names of the work queues"},
		{"empty queue", func(o *app.Options) { o.Queues = []string{""} }, "names of the work queues"},
		{"not a URL", func(o *app.Options) { o.StoreURL = "sqlite://a b:c/\x00" }, "not a URL"},
		{"unknown store", func(o *app.Options) { o.StoreURL = "mysql://h/db" }, `unknown kind "mysql"`},
		{"no file", func(o *app.Options) { o.StoreURL = "sqlite:" }, "not the address of a file"},
		{"option of a file", func(o *app.Options) { o.StoreURL = "sqlite:letters.db?mode=ro" }, "not the address of a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := good
			c.change(&o)
			_, err := app.New(t.Context(), o)
			require.ErrorContains(t, err, c.says)
			require.NotErrorIs(t, err, job.ErrUnavailable)
		})
	}
}

// TestNewFreesWhatItOpened: after an error it may be called again.
func TestNewFreesWhatItOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reg := prometheus.NewRegistry()
	taken := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "studycast_dead_letters", Help: "Dead letters in the store.",
	}, []string{"state", "fault"})
	reg.MustRegister(taken)
	w.options.Registerer = reg
	o := w.options
	o.Listener = w.listen("letters.sock")
	_, err := app.New(t.Context(), o)
	require.ErrorContains(t, err, "register metrics")
	require.NoError(t, o.Listener.Close())
	reg.Unregister(taken)
	w.start()
}
