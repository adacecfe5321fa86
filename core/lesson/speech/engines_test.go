package speech

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
)

// wav makes a file of mono 16-bit sound.
func wav(rate int, samples []int16) []byte {
	var b bytes.Buffer
	b.WriteString("RIFF\xff\xff\xff\xffWAVEfmt ")
	for _, v := range []any{uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16)} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("data\xff\xff\xff\xff") // a streaming server does not know the length
	b.Write(raw(samples))
	return b.Bytes()
}

// tone is a sound of the given length.
func tone(rate int, length float64) []int16 {
	out := make([]int16, int(length*float64(rate)))
	for i := range out {
		out[i] = int16(8000*(i/20%2*2) - 8000)
	}
	return out
}

const secret = "sk-very-secret"

// endpoint starts a speech endpoint and returns its engine.
func endpoint(t *testing.T, format string, answer http.HandlerFunc) Engine {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	e, err := NewRemote(RemoteConfig{BaseURL: server.URL + "/v1", Key: secret, Model: "m", Format: format, Voices: map[string]string{"ben": "baritone"}, Timeout: 3 * time.Second})
	require.NoError(t, err)
	return e
}

func TestRemote(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []map[string]string
	e := endpoint(t, "", func(w http.ResponseWriter, r *http.Request) {
		var ask map[string]string
		err := json.NewDecoder(r.Body).Decode(&ask)
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, ask)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/audio/speech" || r.Header.Get("Authorization") != "Bearer "+secret {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		rate := 24000
		if ask["voice"] == "baritone" {
			rate = 48000
		}
		_, _ = w.Write(wav(rate, tone(rate, 1.5)))
	})
	s := script(lesson.Audio, sentences[:2])
	tl, err := New(Options{Engine: e}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, 24000, tl.Rate, "the other rate is resampled")
	requireWellFormed(t, tl)
	require.InDelta(t, 1.5, (tl.Lines[1].End - tl.Lines[1].Start).Seconds(), 0.01)
	require.Equal(t, []lesson.VoiceUse{{Speaker: "Ada", Engine: "remote", Voice: "m/nova"}, {Speaker: "Ben", Engine: "remote", Voice: "m/baritone"}}, tl.Voices)
	require.Len(t, asked, 2)
	require.ElementsMatch(t, sentences[:2], []string{asked[0]["input"], asked[1]["input"]})
	require.Equal(t, "wav", asked[0]["response_format"])
}

func TestRemotePCM(t *testing.T) {
	t.Parallel()
	e := endpoint(t, "pcm", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "audio/pcm")
		_, _ = w.Write(raw(tone(24000, 1)))
	})
	tl, err := New(Options{Engine: e}).Narrate(t.Context(), script(lesson.Video, sentences[:1]), t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, 24000, tl.Rate)
}

// Whatever an endpoint does wrong is a fault of a dependency without fallback,
// and a whole lesson of the offline voice with a note with one. The key is told
// to nobody.
func TestRemoteFailures(t *testing.T) {
	t.Parallel()
	need(t, "flite", "flite")
	for name, answer := range map[string]http.HandlerFunc{
		"refused key": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, "bad key "+r.Header.Get("Authorization"))
		},
		"broken":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"slow":      func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"garbage":   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hello</html>") },
		"bad sound": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("RIFF1234WAVEdata")) },
		"silence":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(wav(24000, make([]int16, 24000))) },
		"wrong rate": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(wav(1_000_000, tone(24000, 1)))
		},
		"too long": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(wav(8000, tone(8000, 400))) },
		"endless": func(w http.ResponseWriter, r *http.Request) {
			block := wav(48000, tone(48000, 5))
			for r.Context().Err() == nil {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"breaks off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(wav(24000, tone(24000, 1)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := endpoint(t, "", func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // lets the server see that the client left
				answer(w, r)
			})
			var log bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&log, nil))
			s := script(lesson.Audio, sentences[:2])
			_, err := New(Options{Engine: e, Logger: logger}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
			require.Error(t, err)
			require.Equal(t, fault.Dependency, fault.From(err).Kind, err)
			require.NotContains(t, err.Error(), secret)

			tl, err := New(Options{Engine: e, Fallback: NewEmbedded(), Logger: logger}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
			require.NoError(t, err)
			require.Len(t, tl.Notes, 1)
			require.Contains(t, tl.Notes[0], "Spoken by the offline voice: the ")
			require.Equal(t, "flite", tl.Voices[0].Engine)
			require.Equal(t, 16000, tl.Rate)
			require.NotContains(t, log.String(), secret)
			require.NotContains(t, log.String(), "Photosynthesis")
		})
	}
}

func TestRemoteRetriesOnce(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	e := endpoint(t, "", func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		_, _ = w.Write(wav(24000, tone(24000, 1)))
	})
	start := time.Now()
	_, err := New(Options{Engine: e}).Narrate(t.Context(), script(lesson.Video, sentences[:1]), t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.EqualValues(t, 2, calls.Load())
	require.GreaterOrEqual(t, time.Since(start), time.Second, "Retry-After is kept")
}

// A remote voice that is too slow for the whole lesson hands over in time.
func TestBudget(t *testing.T) {
	t.Parallel()
	e := endpoint(t, "", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	o := Options{Engine: e, Fallback: NewEmbedded(), Budget: 300 * time.Millisecond}
	tl, err := New(o).Narrate(t.Context(), script(lesson.Audio, sentences), t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, []string{"Spoken by the offline voice: the voice remote did not finish within 300ms."}, tl.Notes)
}

func TestRemoteConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []RemoteConfig{{}, {BaseURL: "ftp://x/v1"}, {BaseURL: "http://"}, {BaseURL: "http://x", Format: "mp3"}, {BaseURL: "http://x", Rate: 5}} {
		_, err := NewRemote(c)
		require.Error(t, err, c)
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	need(t, "flite", "flite")
	e, err := NewCommand(CommandConfig{Argv: []string{"flite", "-voice", "{voice}", "-f", "/dev/stdin", "-o", "{output}"}, Voices: map[string]string{"ada": "slt"}, Languages: []string{"en"}})
	require.NoError(t, err)
	s := script(lesson.Video, sentences[:1])
	tl, err := New(Options{Engine: e}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, []lesson.VoiceUse{{Speaker: "Ada", Engine: "command", Voice: "slt"}}, tl.Voices)

	s.Language = "de"
	tl, err = New(Options{Engine: e, Fallback: NewEmbedded()}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, "espeak-ng", tl.Voices[0].Engine)
	require.Contains(t, tl.Notes[0], `does not speak the language "de"`)

	for _, argv := range [][]string{nil, {""}, {"piper", "--model", "x"}} {
		_, err := NewCommand(CommandConfig{Argv: argv})
		require.Error(t, err)
	}
}

func TestProgramMissing(t *testing.T) {
	t.Parallel()
	e, err := NewCommand(CommandConfig{Argv: []string{"no-such-voice", "{output}"}})
	require.NoError(t, err)
	_, err = New(Options{Engine: e}).Narrate(t.Context(), script(lesson.Video, sentences[:1]), t.TempDir(), lesson.NoProgress)
	require.Equal(t, fault.Internal, fault.From(err).Kind)
	require.Contains(t, fault.From(err).Text, "not installed")
}

// frail is an engine that crashes on the first texts, and notes what it is asked.
type frail struct {
	mu      sync.Mutex
	crashes int
	asked   []string
}

func (*frail) Name() string { return "frail" }

func (f *frail) Speak(_ context.Context, u Utterance, _ string) (Clip, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, u.Text)
	if len(f.asked) <= f.crashes {
		return Clip{}, errors.New("signal: aborted")
	}
	return Clip{Rate: 16000, Samples: tone(16000, 1), Words: []lesson.Word{{Text: "one"}, {Text: "more", Start: time.Second / 2}}, Voice: "v"}, nil
}

func TestCrashIsRetriedSimpler(t *testing.T) {
	t.Parallel()
	f := &frail{crashes: 1}
	_, err := New(Options{Engine: f}).Narrate(t.Context(), script(lesson.Video, []string{"well-known: x"}), t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, []string{"well-known: x", "well known x"}, f.asked)

	f = &frail{crashes: 9}
	_, err = New(Options{Engine: f, Workers: 1}).Narrate(t.Context(), script(lesson.Video, []string{"Hidden words."}), t.TempDir(), lesson.NoProgress)
	require.Equal(t, fault.Internal, fault.From(err).Kind)
	require.Contains(t, fault.From(err).Text, "Line 1 of scene 1")
	require.NotContains(t, err.Error(), "Hidden")
}

func TestEngineWords(t *testing.T) {
	t.Parallel()
	tl, err := New(Options{Engine: &frail{}}).Narrate(t.Context(), script(lesson.Video, []string{"once more"}), t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, tl.Lines[0].Start+time.Second/2, tl.Lines[0].Words[1].Start)
}

// memory is a cache for tests.
type memory struct{ sync.Map }

func (m *memory) Get(key string) ([]byte, bool) {
	v, ok := m.Load(key)
	if !ok {
		return nil, false
	}
	return v.([]byte), true
}

func (m *memory) Put(key string, data []byte) { m.Store(key, data) }

func TestCache(t *testing.T) {
	t.Parallel()
	f, c := &frail{}, &memory{}
	n := New(Options{Engine: f, Cache: c})
	first, err := n.Narrate(t.Context(), script(lesson.Video, sentences), t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	again, err := n.Narrate(t.Context(), script(lesson.Video, sentences), t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Len(t, f.asked, len(sentences))

	c.Range(func(k, _ any) bool { c.Put(k.(string), []byte("spoilt")); return true })
	_, err = n.Narrate(t.Context(), script(lesson.Video, sentences), t.TempDir(), lesson.NoProgress)
	require.NoError(t, err)
	require.Len(t, f.asked, 2*len(sentences), "a spoilt entry is spoken again")
}

func TestScriptFaults(t *testing.T) {
	t.Parallel()
	for path, spoil := range map[string]func(*lesson.Script){
		"scenes":                     func(s *lesson.Script) { s.Scenes = nil },
		"scenes[0].lines":            func(s *lesson.Script) { s.Scenes[0].Lines = nil },
		"scenes[0].lines[1].speaker": func(s *lesson.Script) { s.Scenes[0].Lines[1].Speaker = 7 },
		"speakers[0].voice":          func(s *lesson.Script) { s.Speakers[0].Voice = "zoe; rm" },
		"scenes[0].lines[0].text":    func(s *lesson.Script) { s.Scenes[0].Lines[0].Text = strings.Repeat("word ", 40_000) },
	} {
		s := script(lesson.Audio, append([]string{}, sentences...))
		spoil(s)
		_, err := New(Options{Engine: &frail{}}).Narrate(t.Context(), s, t.TempDir(), lesson.NoProgress)
		require.Equal(t, fault.Request, fault.From(err).Kind, path)
		require.Equal(t, path, fault.From(err).Fields[0].Path)
	}
}

// What crashed or hung flite by itself is spoken or is a short silence.
func TestHostileLines(t *testing.T) {
	t.Parallel()
	need(t, "flite", "flite")
	need(t, "espeak-ng", "espeak-ng")
	lines := []string{
		"((((x" + strings.Repeat("(", 5000), strings.Repeat("x", 20_000), strings.Repeat("7", 5_000), strings.Repeat("/", 4_000),
		"\x00\x01\x1b[31m\xff\xfe broken", "<speak><break time=\"9999s\"/>Hi</speak>", "🎉🎉🎉", "", "   ", "(set! x 1) `rm -rf /` $(id)",
		"-voice awb -o /tmp/owned", "....", "Привет мир", "世界", strings.Repeat("a, ", 300), "Ünïcödé → ∞ “quoted”", strings.Repeat("ab1-", 800),
		"\u202eright to left\u202c", "a\u0301\u0301\u0301", "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaargh!", "%s%n%d",
	}
	for _, language := range []string{"en", "de"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s := script(lesson.Video, lines)
			s.Language = language
			dir := t.TempDir()
			tl, err := New(Options{}).Narrate(t.Context(), s, dir, lesson.NoProgress)
			require.NoError(t, err)
			requireWellFormed(t, tl)
			require.Less(t, tl.Total, 10*time.Minute)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("One. Two, three.", 5)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 2 + (limit & 0xff)
		letters := func(s string) string { return strings.Join(strings.Fields(s), "") }
		parts := split(text, limit)
		for _, p := range parts {
			require.LessOrEqual(t, len([]rune(p)), limit)
		}
		require.Equal(t, letters(string([]rune(text))), letters(strings.Join(parts, " ")))
	})
}

func lessonOf(n int) *lesson.Script {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = sentences[i%len(sentences)]
	}
	return script(lesson.Video, lines)
}

// BenchmarkNarrate compares with BenchmarkFlite, the floor: both say the same
// sentences with two at once.
func BenchmarkNarrate(b *testing.B) {
	s := lessonOf(40)
	for b.Loop() {
		_, err := New(Options{}).Narrate(b.Context(), s, b.TempDir(), lesson.NoProgress)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(40*b.N)/b.Elapsed().Seconds(), "sentences/s")
}

func BenchmarkFlite(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		var wait sync.WaitGroup
		for w := range 2 {
			wait.Go(func() {
				for i := w; i < 40; i += 2 {
					_, err := NewFlite().Speak(b.Context(), Utterance{Text: sentences[i%4], Voice: "ada"}, dir)
					if err != nil {
						b.Error(err)
					}
				}
			})
		}
		wait.Wait()
	}
	b.ReportMetric(float64(40*b.N)/b.Elapsed().Seconds(), "sentences/s")
}
