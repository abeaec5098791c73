package lostmail

import (
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/popgate/popgate/pop3/pop3test"
)

// listen listens on an address whose port a connection of somebody else's may
// have for a moment.
func listen(address string) (listener net.Listener, err error) {
	for range 1000 {
		if listener, err = net.Listen("tcp", address); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return listener, err
}

// watchedListener gives each connection the faults of its session.
type watchedListener struct {
	net.Listener

	server *server
}

// Accept implements net.Listener.
func (l watchedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.server.watch(conn), nil
}

var actions = map[string]pop3test.FaultAction{cut: pop3test.CutFIN, reset: pop3test.CutRST, stall: pop3test.Stall}

// watch returns conn with the faults of the session for it.
func (s *server) watch(conn net.Conn) net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns++
	s.open++
	w := &watchedConn{Conn: conn, server: s}
	w.leave = sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
	})
	for _, f := range s.session.Faults {
		if f.Login != s.conns {
			continue
		}
		if action, ok := actions[f.Kind]; ok && w.broken == "" {
			w.broken = f.Kind
			w.Conn = pop3test.Faults{After: f.Octets, Action: action}.Wrap(conn)
		}
		if f.Kind == killGateway {
			w.kill = &f
		}
	}
	return w
}

// watchedConn is a connection to the server.
type watchedConn struct {
	net.Conn

	server  *server
	broken  string // the fault of Conn
	kill    *fault // the gateway's end, or nil
	written atomic.Int64
	dead    atomic.Bool // the gateway was killed
	leave   func()
}

// Close implements net.Conn. The server calls it last.
func (c *watchedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// NetConn returns the connection below.
func (c *watchedConn) NetConn() net.Conn { return c.Conn }

// Read kills the gateway when the command comes that it is to die at, which
// is carried out all the same.
func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.kill != nil && c.kill.At != "" && n > 0 && strings.Contains("\n"+string(p[:n]), "\n"+c.kill.At) {
		c.fire()
	}
	return n, err
}

// Write kills the gateway when so much was written as it is to die at.
func (c *watchedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if errors.Is(err, pop3test.ErrFault) {
		c.server.count(c.broken)
	}
	if c.kill != nil && c.kill.At == "" && c.written.Add(int64(n)) > c.kill.Octets {
		c.fire()
	}
	return n, err
}

// fire kills the gateway, once.
func (c *watchedConn) fire() {
	if c.dead.CompareAndSwap(false, true) {
		c.server.count(killGateway)
		c.server.gateway.kill()
	}
}
