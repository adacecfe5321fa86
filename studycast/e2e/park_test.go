package e2e

import (
	"bytes"
	"encoding/binary"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
)

// parkLimit is how long a parked job may take to be done once what it waits for
// is back: the longest pause between two trials, and the work.
const parkLimit = 60*time.Second + 2*jobLimit

// mouth is a speech endpoint on an address of its own, whether it is up or not.
type mouth struct {
	address string
	server  *httptest.Server
	spoken  atomic.Int64
}

func newMouth(t *testing.T) *mouth {
	t.Helper()
	return &mouth{address: freePort(t)}
}

func (m *mouth) open(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", m.address)
	require.NoError(t, err)
	m.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: m, ReadHeaderTimeout: 10 * time.Second}}
	m.server.Start()
	t.Cleanup(m.server.Close)
}

// ServeHTTP says everything as the same hum of a second.
func (m *mouth) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.spoken.Add(1)
	const rate = 24000
	var b bytes.Buffer
	for i := range rate {
		_ = binary.Write(&b, binary.LittleEndian, int16(8000*math.Sin(2*math.Pi*220*float64(i)/rate)))
	}
	head := make([]byte, 0, 44)
	head = append(head, "RIFF"...)
	head = binary.LittleEndian.AppendUint32(head, uint32(36+b.Len()))
	head = append(head, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	head = binary.LittleEndian.AppendUint32(head, rate)
	head = binary.LittleEndian.AppendUint32(head, 2*rate)
	head = append(head, "\x02\x00\x10\x00data"...)
	head = binary.LittleEndian.AppendUint32(head, uint32(b.Len()))
	w.Header().Set("Content-Type", "audio/wav")
	_, _ = w.Write(append(head, b.Bytes()...))
}

func parkedFor(what string) func(client.Job) bool {
	return func(j client.Job) bool { return j.State == client.Parked && j.WaitingFor == what }
}

// TestParkedJobsSurviveKills: the speech endpoint is away and there is no
// fallback. Every job waits, spends nothing, outlives two kills of the server and
// is made once the endpoint is there.
func TestParkedJobsSurviveKills(t *testing.T) {
	t.Parallel()
	m, s := newMouth(t), newServer(t, quick...)
	s.env = []string{"SPEECH_URL=http://" + m.address + "/v1", "SPEECH_FALLBACK=false"}
	s.start(t)
	var ids []string
	for range 3 {
		ids = append(ids, s.submitText(t, "audio", prose))
	}
	for _, id := range ids {
		j := s.await(t, id, "parked", parkedFor("speech"))
		require.Contains(t, j.Fault.Text, "goes on by itself")
	}
	cancelled := ids[0]
	_, err := s.client(t).Cancel(t.Context(), cancelled)
	require.NoError(t, err)
	require.Equal(t, client.Cancelled, s.job(t, cancelled).State, "at once")
	ids = ids[1:]

	s.kill(t)
	s.start(t)
	// The second attempt is the trial that finds it still away.
	require.Eventually(t, func() bool {
		for _, id := range ids {
			if j := s.job(t, id); j.Attempt > 1 && j.State == client.Parked {
				return true
			}
		}
		return false
	}, jobLimit, 10*tick)
	s.kill(t)
	m.open(t)
	s.start(t)
	deadline := time.Now().Add(parkLimit)
	require.Eventually(t, func() bool {
		for _, id := range ids {
			if j := s.job(t, id); j.State != client.Succeeded {
				return false
			}
		}
		return true
	}, time.Until(deadline), 10*tick)
	for _, id := range ids {
		j := s.succeeded(t, id)
		require.Zero(t, j.moves("failed")+j.moves("retrying"), "%+v", j.History)
		require.Positive(t, j.moves("parked"))
		require.Empty(t, strings.Join(j.Notes, ""), "by the endpoint")
	}
	require.Positive(t, m.spoken.Load())
	s.stop(t)
	require.Empty(t, s.deadLetters(t))
	require.Zero(t, s.undelivered(t))
}

// TestParkedForTheArtifacts: the folder of the artifacts is away for a while.
func TestParkedForTheArtifacts(t *testing.T) {
	t.Parallel()
	s := started(t, quick...)
	folder := filepath.Join(s.data(), "artifacts")
	require.NoError(t, os.Rename(folder, folder+".away"))
	id := s.submitText(t, "audio", prose)
	s.await(t, id, "parked", parkedFor("artifacts"))
	require.NoDirExists(t, folder, "nothing is written where the disk should be")
	require.NoError(t, os.Rename(folder+".away", folder))
	j := s.succeeded(t, id)
	require.Zero(t, j.moves("failed")+j.moves("retrying"), "%+v", j.History)
	s.stop(t)
	require.Empty(t, s.deadLetters(t))
}
