package server

import (
	"net"
	"time"

	"golang.org/x/time/rate"
)

// What one connection of callers may send, in octets a second and at once. Requests are small: this is some 20,000 calls a second. Frames
// that are no calls, such as PINGs, cost the gateway more than who sends them, and gRPC reads on for a while after it has said that they
// were too many.
const (
	octetsPerSecond = 4 << 20
	octetsAtOnce    = 256 << 10
)

// throttled is a listener whose connections are read no faster than that.
type throttled struct{ net.Listener }

// Accept implements net.Listener.
func (l throttled) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &throttledConn{Conn: conn, limit: rate.NewLimiter(octetsPerSecond, octetsAtOnce)}, nil
}

type throttledConn struct {
	net.Conn

	limit *rate.Limiter
}

// Read implements net.Conn. Only one reads at a time.
func (c *throttledConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), octetsAtOnce)])
	if pause := c.limit.ReserveN(time.Now(), n).Delay(); pause > 0 {
		time.Sleep(pause) // for as long as so much takes, which is some milliseconds
	}
	return n, err
}
