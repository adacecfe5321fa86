package faults

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// echo answers every line of every connection with the same line.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// TestWire: the toxics do what the scenarios believe they do.
func TestWire(t *testing.T) {
	t.Parallel()
	w := newWire(t, "echo", echo(t))
	dial := func() net.Conn {
		c, err := net.Dial("tcp", w.address())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	ask := func(c net.Conn, limit time.Duration) (time.Duration, error) {
		began := time.Now()
		require.NoError(t, c.SetDeadline(began.Add(limit)))
		_, err := io.WriteString(c, "hello\n")
		if err == nil {
			_, err = bufio.NewReader(c).ReadString('\n')
		}
		return time.Since(began), err
	}

	c := dial()
	_, err := ask(c, 5*time.Second)
	require.NoError(t, err, "a whole wire carries")

	w.fail(t, delay)
	took, err := ask(c, 20*time.Second)
	require.NoError(t, err)
	require.GreaterOrEqual(t, took, 2*time.Second)
	w.heal()
	require.Eventually(t, func() bool {
		took, err := ask(c, 20*time.Second)
		return err == nil && took < 2*time.Second
	}, patience, tick, "a delay that ends leaves the connection whole")

	w.fail(t, hang)
	var timeout net.Error
	_, err = ask(c, 200*time.Millisecond)
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout(), "a hang gives no error: %v", err)
	w.heal()
	_, err = ask(c, 5*time.Second)
	require.Error(t, err, "what hung is closed")
	_, err = ask(dial(), 5*time.Second)
	require.NoError(t, err)

	w.fail(t, reset)
	_, err = ask(dial(), 5*time.Second)
	require.Error(t, err)
	w.heal()
	c = dial()
	_, err = ask(c, 5*time.Second)
	require.NoError(t, err)

	w.cut(t)
	_, err = ask(c, 5*time.Second)
	require.Error(t, err)
	_, err = ask(dial(), 5*time.Second)
	require.NoError(t, err)
}
