//go:build linux

package contract

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/labor"
	"github.com/studycast/studycast/lab/local"
)

// quick makes jobs that fail die at once.
var quick = []string{"VIDEO_BACKOFF=100ms", "AUDIO_BACKOFF=100ms", "VIDEO_SLOTS=4", "AUDIO_SLOTS=4"}

// labWorkers are the programs with workers that do what labels ask for.
func labWorkers(t *testing.T) local.Options {
	return local.Options{Worker: filepath.Join(bin, "lab-worker"), Env: []string{"LEDGER_DIR=" + t.TempDir()}}
}

// lived makes a job of ann that succeeded and one as dies, which does, and returns
// the first.
func (r *rig) lived(dies string) lesson {
	r.t.Helper()
	require.Equal(r.t, "failed", r.await("ann", r.submit("ann", dies).ID).State)
	l := r.await("ann", r.submit("ann", short).ID)
	require.Equal(r.t, "succeeded", l.State, l.Fault)
	return l
}

// Jobs whose attempts all fail, by a fault that goes to the dead letters: one for
// the workers that do what labels ask for, one for any.
const (
	dying       = `{"kind":"video","source":{"text":"x"},"labels":{"` + labor.LabelFail + `":"99"}}`
	unreachable = `{"kind":"video","source":{"url":"http://127.0.0.1:9/"}}`
)
