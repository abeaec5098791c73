package pop3test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ErrFault is what Write of a connection made by [Faults.Wrap] returns once the
// fault has happened.
var ErrFault = errors.New("pop3test: the fault happened")

// FaultAction is what happens to a connection at the chosen octet.
type FaultAction int

const (
	// NoFault lets the connection live.
	NoFault FaultAction = iota
	// CutFIN ends the server's half of the TCP connection. Inside TLS no
	// close_notify is sent before; to crypto/tls that is an io.EOF like any other
	// where it does not cut a record, and a Write here is a record at least.
	CutFIN
	// CutRST resets the TCP connection, once the client's kernel has what was
	// written before. A client that has sent nothing yet gets 50 ms to notice that
	// it is connected.
	CutRST
	// Stall sends nothing more and keeps the connection open until the client
	// closes it or the server is closed.
	Stall
)

// Faults is what goes wrong with the octets that a server writes. They are
// counted as POP3 sees them: from the greeting's first octet on, and inside TLS.
// The zero value is a sound connection.
type Faults struct {
	// After is the number of octets that still go out before Action happens;
	// it happens at once when they are out, or at the first write where After is
	// 0. Where it is negative, nothing happens.
	After int64
	// Action is what happens then.
	Action FaultAction
	// Slice is the number of octets that one write carries at most; 0 is any.
	// TCP_NODELAY is on, so a slice is a segment (or a TLS record).
	Slice int
	// Delay is the pause between two writes.
	Delay time.Duration
}

// Wrap returns conn with the faults in its Write method. Where conn can TLS
// (a *tls.Conn), the faults count the octets before encryption and cut what is
// below. After CutFIN and Stall, Write discards what the peer sends,
// and returns ErrFault when the peer or somebody else has closed conn.
func (f Faults) Wrap(conn net.Conn) net.Conn {
	return newFaultConn(conn, f)
}

// faultConn is a connection with faults, on which TLS can begin.
type faultConn struct {
	net.Conn // carries POP3: base, or TLS over it

	base   net.Conn // lowest layer
	faults Faults
	stop   chan struct{} // closed by Close and abort
	once   sync.Once     // guards stop
	heard  atomic.Bool   // the peer has sent something

	mu      sync.Mutex // guards the rest, and keeps writes apart
	written int64      // octets
	began   bool       // a slice went out
	fired   bool       // Action happened
}

// newFaultConn wraps conn, unless it is wrapped already and f adds nothing.
func newFaultConn(conn net.Conn, f Faults) *faultConn {
	if c, ok := conn.(*faultConn); ok && f == (Faults{}) {
		return c
	}
	base := conn
	for {
		layered, ok := base.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		base = layered.NetConn()
	}
	if tcp, ok := base.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(true) // fails only where the connection is gone
	}
	return &faultConn{Conn: conn, base: base, faults: f, stop: make(chan struct{})}
}

// NetConn returns the connection below, as the method of *tls.Conn does.
func (c *faultConn) NetConn() net.Conn { return c.Conn }

// startTLS makes the server's handshake; later octets go through TLS.
func (c *faultConn) startTLS(config *tls.Config) error {
	secure := tls.Server(c.Conn, config)
	if err := secure.Handshake(); err != nil {
		return err
	}
	c.Conn = secure
	c.heard.Store(true)
	return nil
}

func (c *faultConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.heard.Store(true)
	}
	return n, err
}

// Close closes the connection. A Write that pauses or stalls returns.
func (c *faultConn) Close() error {
	c.once.Do(func() { close(c.stop) })
	return c.Conn.Close()
}

// abort closes the lowest layer: TLS says no good-bye, for which a peer that
// does not read would make it wait.
func (c *faultConn) abort() {
	c.once.Do(func() { close(c.stop) })
	_ = c.base.Close()
}

// cut reports whether the fault has happened.
func (c *faultConn) cut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fired
}

func (c *faultConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.faults == (Faults{}) {
		return c.Conn.Write(p)
	}
	done := 0
	for {
		if c.left() == 0 {
			return done, c.fire()
		}
		if done == len(p) {
			return done, nil
		}
		if err := c.pause(); err != nil {
			return done, err
		}
		n, err := c.Conn.Write(c.slice(p[done:]))
		done += n
		c.written += int64(n)
		if err != nil {
			return done, err
		}
	}
}

// left returns the number of octets before the fault; negative is no fault.
func (c *faultConn) left() int64 {
	if c.faults.Action == NoFault || c.faults.After < 0 {
		return -1
	}
	return max(c.faults.After-c.written, 0)
}

// slice returns what of p goes out in one write.
func (c *faultConn) slice(p []byte) []byte {
	if c.faults.Slice > 0 && len(p) > c.faults.Slice {
		p = p[:c.faults.Slice]
	}
	if left := c.left(); left >= 0 && int64(len(p)) > left {
		p = p[:left]
	}
	return p
}

// pause waits between two slices.
func (c *faultConn) pause() error {
	if !c.began {
		c.began = true
		return nil
	}
	return c.sleep(c.faults.Delay)
}

// sleep returns after d, or with an error when the connection is closed.
func (c *faultConn) sleep(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.stop:
		return net.ErrClosed
	}
}

// fire makes the fault happen, the first time, and returns ErrFault.
func (c *faultConn) fire() error {
	if c.fired {
		return ErrFault
	}
	c.fired = true
	switch c.faults.Action {
	case CutFIN:
		c.finish()
	case CutRST:
		c.reset()
	case NoFault, Stall:
		c.discard()
	}
	return ErrFault
}

// bye is finish, with TLS's close_notify before where TLS is on.
func (c *faultConn) bye() {
	if secure, ok := c.Conn.(*tls.Conn); ok {
		_ = secure.CloseWrite() // the FIN that follows shows a failure
	}
	c.finish()
}

// finish sends a FIN and waits for the peer's, so that no unread octet turns
// the FIN into a reset. Where there are no half connections, as with net.Pipe,
// it closes all.
func (c *faultConn) finish() {
	half, ok := c.base.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		_ = c.base.Close()
		return
	}
	c.discard()
}

// reset sends an RST. A reset that overtakes connect in the client's program
// would make the dial fail, hence the pause.
func (c *faultConn) reset() {
	if tcp, ok := c.base.(*net.TCPConn); ok {
		if !c.heard.Load() {
			_ = c.sleep(50 * time.Millisecond) // cut short, it is closed anyway
		}
		c.awaitSent(tcp)
		_ = tcp.SetLinger(0)
	}
	_ = c.base.Close()
}

// discard reads until the peer or another goroutine closes the connection.
func (c *faultConn) discard() {
	_, _ = io.Copy(io.Discard, c.base) // how it ends says nothing new
}
