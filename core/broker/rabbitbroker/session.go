package rabbitbroker

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

const (
	dialTimeout = 5 * time.Second // to the end of the handshake
	goodbye     = 2 * time.Second // for a clean end
)

// session is one connection and what was made on it; it ends as a whole and
// never comes back.
type session struct {
	conn    *amqp.Connection
	raw     net.Conn // closing it frees every call that hangs
	timeout time.Duration
	done    chan struct{} // closed when the session has ended
	end     sync.Once

	channel    *amqp.Channel // of the publisher or the consumer
	deliveries <-chan amqp.Delivery
	publishing *publishing
	blocked    atomic.Pointer[string] // why the server takes no messages now; nil = it does
}

// checkAddresses refuses addresses that can't be read. The parser's own error
// would show the password.
func checkAddresses(addresses []string) error {
	if len(addresses) == 0 {
		return errors.New("no broker address given; one looks like amqp://user:password@host:5672/vhost")
	}
	for i, a := range addresses {
		if _, err := amqp.ParseURI(a); err != nil {
			return fmt.Errorf("broker address %d of %d can't be read; one looks like amqp://user:password@host:5672/vhost",
				i+1, len(addresses))
		}
	}
	return nil
}

// hostOf returns the part of an address that is no secret.
func hostOf(address string) string {
	uri, err := amqp.ParseURI(address)
	if err != nil {
		return "address"
	}
	return net.JoinHostPort(uri.Host, strconv.Itoa(uri.Port))
}

// codeOf returns the code of a server's answer; 0 = err is none.
func codeOf(err error) int {
	var answer *amqp.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

// dial opens a session to one address.
func (b *Broker) dial(address, purpose string) (*session, error) {
	s := &session{timeout: b.options.Timeout, done: make(chan struct{})}
	properties := amqp.NewConnectionProperties()
	properties.SetClientConnectionName(b.options.Name + " " + purpose)
	conn, err := amqp.DialConfig(address, amqp.Config{
		Heartbeat: b.options.Heartbeat, Properties: properties, TLSClientConfig: b.options.TLS.Clone(), Locale: "en_US",
		Dial: func(network, at string) (net.Conn, error) {
			raw, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(b.ctx, network, at)
			if err != nil {
				return nil, err
			}
			s.raw = &timedConn{Conn: raw, limit: b.options.Timeout}
			return s.raw, raw.SetDeadline(time.Now().Add(dialTimeout))
		},
	})
	if err != nil {
		if s.raw != nil {
			_ = s.raw.Close()
		}
		if code := codeOf(err); code == amqp.AccessRefused || code == amqp.NotAllowed {
			return nil, fmt.Errorf("%w: check user, password, certificate and virtual host: %w", errRefused, err)
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	s.conn = conn
	s.watch()
	return s, nil
}

// watch ends the session with its connection and follows what the server says
// about taking messages.
func (s *session) watch() {
	closed := s.conn.NotifyClose(make(chan *amqp.Error, 1))
	blocking := s.conn.NotifyBlocked(make(chan amqp.Blocking, 16))
	go func() {
		defer s.kill()
		for {
			select {
			case <-closed: //nolint:errcheck // whatever closed it, the session is over
				return
			case <-s.done:
				return
			case state, ok := <-blocking:
				switch {
				case !ok:
					return
				case state.Active:
					s.blocked.Store(&state.Reason)
				default:
					s.blocked.Store(nil)
				}
			}
		}
	}()
}

// endsWith ends the session with a channel on which it depends.
func (s *session) endsWith(ch *amqp.Channel) {
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	go func() {
		select {
		case <-closed: //nolint:errcheck // whatever closed it, the session is over
		case <-s.done:
		}
		s.kill()
	}()
}

// kill ends the session without a goodbye.
func (s *session) kill() {
	s.end.Do(func() {
		close(s.done)
		_ = s.raw.Close()
	})
}

// close says goodbye, as far as the server listens.
func (s *session) close() {
	timer := time.AfterFunc(goodbye, s.kill)
	defer timer.Stop()
	_ = s.conn.Close() // after an error the connection is as gone
	s.kill()
}

func (s *session) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// call bounds f from outside: the client's own calls may hang for ever, also
// against their context. A call that is cut costs the session.
func (s *session) call(limit time.Duration, f func() error) error {
	timer := time.AfterFunc(limit, s.kill)
	defer timer.Stop()
	return f()
}

// once runs f on a channel of its own, which an error may close.
func (s *session) once(f func(*amqp.Channel) error) error {
	return s.call(s.timeout, func() error {
		ch, err := s.conn.Channel()
		if err != nil {
			return err
		}
		err = f(ch)
		if e := ch.Close(); err == nil && e != nil && !errors.Is(e, amqp.ErrClosed) {
			err = e
		}
		return err
	})
}

// refuses says why no message can be published now; nil when one can.
func (s *session) refuses() error {
	if s.ended() {
		return fmt.Errorf("%w: the connection was lost", driver.ErrUnavailable)
	}
	if why := s.blocked.Load(); why != nil {
		return fmt.Errorf("%w: %w: %s", driver.ErrUnavailable, driver.ErrBlocked, *why)
	}
	return nil
}

// timedConn bounds each write: a server that reads no more would hold the
// writer, and every other caller behind it, for ever.
type timedConn struct {
	net.Conn
	limit time.Duration
}

func (c *timedConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
