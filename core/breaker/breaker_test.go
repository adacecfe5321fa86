package breaker_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/breaker"
	"github.com/studycast/studycast/core/fault"
)

var errDown = fault.Down(fault.Speech, io.EOF, "The voice does not answer.")

// endpoint counts the calls that came through and answers as it is told.
type endpoint struct {
	calls  atomic.Int64
	answer atomic.Pointer[error]
}

func (e *endpoint) say(err error) { e.answer.Store(&err) }

func (e *endpoint) call() (string, error) {
	e.calls.Add(1)
	if err := *e.answer.Load(); err != nil {
		return "", err
	}
	return "sound", nil
}

func TestCallsAreRefusedOnceItIsDownAndGoThroughOnceItIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, e := breaker.New(fault.Speech, breaker.Options{}), &endpoint{}
		ask := func() error {
			_, err := breaker.Do(t.Context(), b, e.call)
			return err
		}
		e.say(errDown)
		for range breaker.DefaultTrip {
			require.True(t, b.Closed())
			require.ErrorIs(t, ask(), io.EOF)
		}
		for range 100 {
			err := ask()
			require.NotErrorIs(t, err, io.EOF, "it was asked")
			f := fault.From(err)
			require.Equal(t, fault.Speech, f.Down)
			require.Equal(t, "The voice does not answer.", f.Text)
		}
		require.False(t, b.Closed())
		require.EqualValues(t, breaker.DefaultTrip, e.calls.Load())

		time.Sleep(breaker.DefaultPause + 1)
		require.ErrorIs(t, ask(), io.EOF, "one goes through")
		require.NotErrorIs(t, ask(), io.EOF)
		require.EqualValues(t, breaker.DefaultTrip+1, e.calls.Load())

		time.Sleep(breaker.DefaultPause + 1)
		e.say(nil)
		require.NoError(t, ask())
		require.True(t, b.Closed())
		require.NoError(t, ask())
	})
}

func TestAnswersOfAnyKindShowThatItIsThere(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		nil, errors.New("nonsense"), fault.New(fault.Dependency, "It answered 401."), fault.New(fault.Request, "no"),
	} {
		b, e := breaker.New(fault.Script, breaker.Options{Trip: 2}), &endpoint{}
		for range 10 {
			e.say(errDown)
			_, _ = breaker.Do(t.Context(), b, e.call)
			e.say(err)
			_, got := breaker.Do(t.Context(), b, e.call)
			require.Equal(t, err, got)
		}
		require.True(t, b.Closed())
	}
}

// TestOthersWaitForTheOneThatTries: two sentences of one lesson are spoken at
// once, and the second must not be refused while the first finds the voice back.
func TestOthersWaitForTheOneThatTries(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"back": true, "still down": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, e := breaker.New(fault.Speech, breaker.Options{Trip: 1}), &endpoint{}
				e.say(errDown)
				_, _ = breaker.Do(t.Context(), b, e.call)
				time.Sleep(breaker.DefaultPause + 1)

				answer := make(chan error)
				var refused, spoken atomic.Int64
				var calls sync.WaitGroup
				for range 5 {
					calls.Go(func() {
						_, err := breaker.Do(t.Context(), b, func() (int, error) {
							spoken.Add(1)
							return 0, <-answer
						})
						if err != nil && !errors.Is(err, io.EOF) {
							refused.Add(1)
						}
					})
				}
				synctest.Wait()
				require.EqualValues(t, 1, spoken.Load(), "one tries")
				require.Zero(t, refused.Load(), "the others wait")
				if back {
					answer <- nil
					synctest.Wait()
					require.EqualValues(t, 5, spoken.Load())
					close(answer)
					calls.Wait()
					require.Zero(t, refused.Load())
					return
				}
				answer <- errDown
				calls.Wait()
				require.EqualValues(t, 4, refused.Load())
			})
		})
	}
}

func TestAbandonedCallShowsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, e := breaker.New(fault.Speech, breaker.Options{Trip: 1}), &endpoint{}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		e.say(errDown)
		for range 3 {
			_, err := breaker.Do(gone, b, e.call)
			require.ErrorIs(t, err, io.EOF)
		}
		require.True(t, b.Closed())

		_, _ = breaker.Do(t.Context(), b, e.call)
		time.Sleep(breaker.DefaultPause + 1)
		_, err := breaker.Do(gone, b, e.call)
		require.ErrorIs(t, err, io.EOF, "the one that tries is given up")
		e.say(nil)
		_, err = breaker.Do(t.Context(), b, e.call)
		require.NoError(t, err, "the next one tries")
		require.True(t, b.Closed())

		e.say(errDown)
		_, _ = breaker.Do(t.Context(), b, e.call)
		time.Sleep(breaker.DefaultPause + 1)
		hold, late := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(late)
			_, _ = breaker.Do(t.Context(), b, func() (int, error) { <-hold; return 0, nil })
		}()
		synctest.Wait()
		_, err = breaker.Do(gone, b, e.call)
		require.ErrorIs(t, err, context.Canceled, "who waits may give up")
		close(hold)
		<-late
	})
}

func TestNilLetsAllThrough(t *testing.T) {
	t.Parallel()
	v, err := breaker.Do(t.Context(), nil, func() (int, error) { return 7, errDown })
	require.Equal(t, 7, v)
	require.ErrorIs(t, err, io.EOF)
	require.True(t, (*breaker.Breaker)(nil).Closed())
}

// TestServerThatGoesDownAndComesBack asks a real server over TCP.
func TestServerThatGoesDownAndComesBack(t *testing.T) {
	t.Parallel()
	var came atomic.Int64
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) })
	server := httptest.NewServer(handler)
	address := server.Listener.Addr().String()
	const pause = 50 * time.Millisecond
	b := breaker.New(fault.Script, breaker.Options{Trip: 2, Pause: pause})
	ask := func() error {
		_, err := breaker.Do(t.Context(), b, func() (int, error) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address, nil)
			if err != nil {
				return 0, err
			}
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			res, err := client.Do(req)
			if err != nil {
				return 0, fault.Down(fault.Script, err, "The script endpoint could not be reached.")
			}
			return res.StatusCode, res.Body.Close()
		})
		return err
	}
	require.NoError(t, ask())
	server.Close()
	require.Error(t, ask())
	require.Error(t, ask())
	require.False(t, b.Closed())
	require.Equal(t, fault.Script, fault.From(ask()).Down)

	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	again := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}}
	again.Start()
	defer again.Close()
	require.Eventually(t, func() bool { return ask() == nil }, 30*time.Second, pause/5)
	require.True(t, b.Closed())
	require.EqualValues(t, 2, came.Load())
}
