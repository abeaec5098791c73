package pop3

import (
	"crypto/tls"
	"errors"
	"time"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// errOutOfTurn says that octets came while the server had nothing to answer.
var errOutOfTurn = errors.New("the server spoke out of turn")

const (
	// glance is how long a connection that may hold octets is read, where only reading tells.
	glance = time.Millisecond
	// glances is how often that is done where something is there, but is not read.
	glances = 100
	// goodbye is how long the end of the connection behind an unasked line is waited for.
	goodbye = 100 * time.Millisecond
	// goodbyes is how often that is done where something is there, but is not read.
	goodbyes = 10
)

// readiness is what is known of a connection without reading it.
type readiness int

const (
	unknown readiness = iota
	quiet
	ready // octets are there
	ended
)

// checkSilence is called before a command is sent. Octets that are there already answer no command: believing them is how a
// man in the middle speaks for the server inside TLS (CVE-2021-22947), so the connection dies. A server that says -ERR and
// hangs up is only taking leave.
func (c *Client) checkSilence() error {
	for tries := 0; c.wire.Buffered() == 0; tries++ {
		if tries == glances {
			return c.failBy(errOutOfTurn)
		}
		state := peek(c.raw)
		wait := glance
		if state == quiet {
			if _, ok := c.conn.(*tls.Conn); !ok {
				return nil
			}
			wait = -glance // TLS may hold octets of its own: read, but do not wait
		}
		silent, err := c.glance(wait)
		if err != nil {
			return c.failBy(err)
		}
		if silent && (state != ready || c.running.interrupted()) {
			return nil
		}
		// What was ready was for TLS alone, or is still there, as a busy machine took longer than the glance: look again.
	}
	return c.hearUnasked()
}

// glance reads into the buffer for a moment, and reports whether nothing came.
func (c *Client) glance(wait time.Duration) (silent bool, err error) {
	op := c.running
	// What was set for the last command may be over, and TLS may have to answer what it reads.
	if err := c.conn.SetWriteDeadline(op.until); err != nil {
		return false, err
	}
	stream := op.stream
	op.stream, op.glance = true, wait
	err = c.wire.Fill()
	op.stream, op.glance = stream, 0
	if isTimeout(err) || errors.Is(err, errInterrupted) {
		return true, nil
	}
	return false, err
}

// hearUnasked judges octets that came out of turn.
func (c *Client) hearUnasked() error {
	c.running.until = time.Now().Add(goodbye)
	line, _, err := c.wire.Line(wire.MaxStatusLine)
	if err != nil {
		return c.failBy(errOutOfTurn)
	}
	indicator, text := wire.ParseStatus(line, false)
	response := c.secrets.redactStatus(line, text)
	c.opts.Trace.line(TraceReplies, false, response)
	if indicator != wire.Err || c.wire.Buffered() > 0 {
		return c.failBy(errOutOfTurn)
	}
	err = c.wire.Fill()
	for tries := 1; isTimeout(err) && peek(c.raw) > quiet && tries < goodbyes; tries++ { // a busy machine took longer than that
		c.running.until = time.Now().Add(goodbye)
		err = c.wire.Fill()
	}
	if err == nil || isTimeout(err) {
		return c.failBy(errOutOfTurn)
	}
	return c.fail(ConnectionLost, response, nil)
}
