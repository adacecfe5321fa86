package s3store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/artifact"
	"github.com/studycast/studycast/core/artifact/s3store"
	"github.com/studycast/studycast/core/sandbox/s3"
)

// calls are the methods of a store, on an object that is there.
var calls = map[string]func(ctx context.Context, s artifact.Store) error{
	"put": func(ctx context.Context, s artifact.Store) error {
		_, err := s.Put(ctx, "a/b.txt", strings.NewReader("new"), "text/plain")
		return err
	},
	"open":   read,
	"delete": func(ctx context.Context, s artifact.Store) error { return s.Delete(ctx, "a") },
}

func read(ctx context.Context, s artifact.Store) error {
	f, err := s.Open(ctx, "a/b.txt")
	if err != nil {
		return err
	}
	_, err = io.ReadAll(f)
	return errors.Join(err, f.Close())
}

func put(t *testing.T, s artifact.Store, content string) {
	t.Helper()
	_, err := s.Put(t.Context(), "a/b.txt", strings.NewReader(content), "text/plain")
	require.NoError(t, err)
}

// requireNoSecrets fails when an error shows what nobody may see.
func requireNoSecrets(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{s3.SecretKey, "Signature=", "Credential=", "not-the-secret"} {
		require.NotContains(t, err.Error(), secret)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	later := func() time.Time { return time.Now().Add(time.Hour) }
	for name, c := range map[string]struct {
		keys    s3store.Options
		change  func(address string) string
		clock   func() time.Time
		refusal *s3.Refusal
		want    error
		says    string
	}{
		"no bucket":    {change: func(a string) string { return strings.Replace(a, s3.Bucket, "elsewhere", 1) }, want: s3store.ErrNoBucket},
		"other key":    {keys: s3store.Options{KeyID: "AKIAOTHER", SecretKey: "not-the-secret"}, want: s3store.ErrKeys},
		"other secret": {keys: s3store.Options{KeyID: s3.KeyID, SecretKey: "not-the-secret"}, want: s3store.ErrKeys},
		"other region": {change: func(a string) string { return strings.Replace(a, s3.Region, "eu-other-1", 1) }, want: s3store.ErrRegion, says: s3.Region},
		"other time":   {clock: later, want: s3store.ErrClock},
		"no right":     {refusal: &s3.Refusal{Status: 403, Code: "AccessDenied", Message: s3.SecretKey}, want: s3store.ErrForbidden},
		"proxy":        {refusal: &s3.Refusal{Status: 403, Code: "Blocked"}, want: s3store.ErrForbidden},
	} {
		for call, do := range calls {
			t.Run(name+" "+call, func(t *testing.T) {
				t.Parallel()
				server, o := serve(t), c.keys
				put(t, open(t, server.URL(""), keys), "old")
				address := server.URL("")
				if c.change != nil {
					address = c.change(address)
				}
				if o.KeyID == "" {
					o = keys
				}
				if c.clock != nil {
					server.SetClock(c.clock)
				}
				if c.refusal != nil {
					server.Before(c.refusal.Refuse)
				}
				err := do(t.Context(), open(t, address, o))
				require.ErrorIs(t, err, artifact.ErrUnavailable)
				require.NotErrorIs(t, err, artifact.ErrNotFound)
				require.ErrorIs(t, err, c.want)
				require.ErrorContains(t, err, c.says)
				requireNoSecrets(t, err)
			})
		}
	}
}

// TestBusyServerIsAskedAgain: but not for ever.
func TestBusyServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	busy := s3.Refusal{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
	for call, do := range calls {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			server := serve(t)
			s := open(t, server.URL(""), keys)
			put(t, s, "old")
			var asked atomic.Int64
			server.Before(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
				if asked.Add(1) < 3 {
					busy.Refuse(w, r, next)
					return
				}
				next(w, r)
			})
			require.NoError(t, do(t.Context(), s))
			put(t, s, "old")
			asked.Store(0)
			server.Before(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
				asked.Add(1)
				busy.Refuse(w, r, next)
			})
			err := do(t.Context(), s)
			require.ErrorIs(t, err, artifact.ErrUnavailable)
			require.ErrorContains(t, err, "SlowDown")
			require.LessOrEqual(t, asked.Load(), int64(6), "three times, and a list beside a delete")
		})
	}
}

func TestFullStoreIsNotAway(t *testing.T) {
	t.Parallel()
	server := serve(t)
	server.Before(s3.Refusal{Status: http.StatusInsufficientStorage, Code: "XMinioStorageFull"}.Refuse)
	err := calls["put"](t.Context(), open(t, server.URL(""), keys))
	require.ErrorContains(t, err, "XMinioStorageFull")
	require.NotErrorIs(t, err, artifact.ErrUnavailable)
	require.Equal(t, 1, server.Requests(http.MethodPut))
}

func TestServerThatGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	server := serve(t)
	s := open(t, server.URL(""), keys)
	put(t, s, "old")
	require.NoError(t, server.Down())
	for _, do := range calls {
		err := do(t.Context(), s)
		require.ErrorIs(t, err, artifact.ErrUnavailable)
		require.NotErrorIs(t, err, artifact.ErrNotFound)
		requireNoSecrets(t, err)
	}
	require.NoError(t, server.Up())
	server.Before(s3.Refusal{Status: http.StatusServiceUnavailable, Code: "SlowDown"}.Refuse)
	gets := server.Requests(http.MethodGet)
	require.ErrorIs(t, read(t.Context(), s), artifact.ErrUnavailable)
	require.Equal(t, gets+1, server.Requests(http.MethodGet), "one that was away is asked once")
	server.Before(nil)
	for _, call := range []string{"open", "put", "delete"} {
		require.NoError(t, calls[call](t.Context(), s))
	}
}

// TestServerThatHangs: a request ends when nothing moves, or when its caller
// does not want it any more; the two look different.
func TestServerThatHangs(t *testing.T) {
	t.Parallel()
	hang := func(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}
	for call, do := range calls {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			server := serve(t)
			server.Before(hang)
			err := do(t.Context(), open(t, server.URL(""), s3store.Options{KeyID: s3.KeyID, SecretKey: s3.SecretKey, Silence: 20 * time.Millisecond}))
			require.ErrorIs(t, err, artifact.ErrUnavailable)
			require.ErrorContains(t, err, "said nothing")

			ctx, cancel := context.WithCancel(t.Context())
			server.Before(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
				cancel()
				hang(w, r, next)
			})
			err = do(ctx, open(t, server.URL(""), keys))
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, artifact.ErrUnavailable)
		})
	}
}

// cut ends the connection after some bytes of the answer.
type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	_, err := c.ResponseWriter.Write(p[:n])
	if n < len(p) {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func TestReadingGoesOnWhereItWasCut(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("0123456789abcdef", 1<<16)
	for name, each := range map[string]int{"with progress": len(content)/5 + 7, "without": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t)
			s := open(t, server.URL(""), keys)
			put(t, s, content)
			f, err := s.Open(t.Context(), "a/b.txt")
			require.NoError(t, err)
			defer func() { require.NoError(t, f.Close()) }()
			_, err = f.Seek(1, io.SeekStart) // another request than that of Open
			require.NoError(t, err)
			server.Before(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) { next(&cut{w, each}, r) })
			got, err := io.ReadAll(f)
			if each == 0 {
				require.ErrorIs(t, err, artifact.ErrUnavailable)
				return
			}
			require.NoError(t, err)
			require.Equal(t, content[1:], string(got))
			require.Equal(t, 1+5, server.Requests(http.MethodGet))
		})
	}
}

// TestUploadThatIsCut: nothing of it is seen, and it is made again.
func TestUploadThatIsCut(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	for name, c := range map[string]struct {
		often  int64
		damage func(r *http.Request)
	}{
		"once":        {1, func(*http.Request) { panic(http.ErrAbortHandler) }},
		"always":      {99, func(*http.Request) { panic(http.ErrAbortHandler) }},
		"other bytes": {1, func(r *http.Request) { r.Body = io.NopCloser(bytes.NewReader(bytes.ToUpper(content))) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t)
			s := open(t, server.URL(""), keys)
			var times atomic.Int64
			server.Before(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
				if times.Add(1) <= c.often {
					_, _ = io.CopyN(io.Discard, r.Body, int64(len(content)/2))
					c.damage(r)
				}
				next(w, r)
			})
			info, err := s.Put(t.Context(), "k", iotest.OneByteReader(bytes.NewReader(content[:2000])), "text/plain")
			if c.often == 1 {
				require.NoError(t, err)
				require.EqualValues(t, 2000, info.Size)
			}
			times.Store(0)
			_, err = s.Put(t.Context(), "k/large", io.MultiReader(bytes.NewReader(content)), "text/plain")
			names, listing := server.Names()
			require.NoError(t, listing)
			if c.often > 1 {
				require.ErrorIs(t, err, artifact.ErrUnavailable)
				require.Empty(t, names)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []string{"k", "k/large"}, names)
			f, err := s.Open(t.Context(), "k/large")
			require.NoError(t, err)
			got, err := io.ReadAll(f)
			require.NoError(t, errors.Join(err, f.Close()))
			require.True(t, bytes.Equal(content, got))
		})
	}
}

// TestFaultsOfTheReaderAreNotTheStores: and no request is made for them.
func TestFaultsOfTheReaderAreNotTheStores(t *testing.T) {
	t.Parallel()
	server := serve(t)
	s := open(t, server.URL(""), keys)
	for _, cause := range []error{io.ErrUnexpectedEOF, errors.New("other")} {
		_, err := s.Put(t.Context(), "a", iotest.ErrReader(cause), "text/plain")
		require.ErrorIs(t, err, cause)
		require.NotErrorIs(t, err, artifact.ErrUnavailable)
	}
	require.Zero(t, server.Requests(http.MethodPut))
}
