package pop3

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// After a cancel the rest of a reply is read away if it ends within these limits; else the connection is closed.
const (
	drainOctets = 1 << 20
	drainTime   = 2 * time.Second
)

var (
	// errInterrupted tells a stream that its context has ended.
	errInterrupted = errors.New("interrupted")
	// errDrained says that more than drainOctets came after a cancel.
	errDrained = errors.New("more left than is read away")
)

// past is a deadline that is over.
var past = time.Unix(1, 0)

// operation is a command under way: how long it may wait, and for whom.
type operation struct {
	ctx      context.Context //nolint:containedctx // of the one call that made it, or of the stream that the call returned
	name     string
	number   uint32 // of the message that its command names, 0 for none
	begun    time.Time
	told     bool // a pipeline tells of its commands itself
	limit    time.Duration
	until    time.Time     // when the wait for the server is over
	rolling  bool          // the limit counts from the last octet
	stream   bool          // the caller reads in steps: a cancel returns to it, and Close drains
	glance   time.Duration // where not 0, a read waits no longer than this, which may be in the past
	draining bool          // the context has ended, or the caller has lost interest: read away what is left
	budget   int           // octets to read away
	wrote    bool          // at least one octet of a command went out
	writing  chan error    // gets the result of a write that goes on beside the reads; nil if there is none
	unwatch  func() bool
	fired    chan struct{}
}

// begin makes an operation the running one.
func (c *Client) begin(ctx context.Context, name string, limit time.Duration) error {
	switch {
	case c.broken != nil:
		return c.broken
	case c.closed.Load():
		return c.fail(Closed, "", net.ErrClosed)
	case c.running != nil:
		return ErrBusy
	case ctx.Err() != nil:
		return ctx.Err()
	}
	now := time.Now()
	c.running = &operation{ctx: ctx, name: name, begun: now, limit: limit, until: now.Add(limit)}
	c.running.watch(c.conn)
	return nil
}

// end ends the running operation. It returns err, or the context's error if the reply had to be read away for it.
func (c *Client) end(err error) error {
	op := c.running
	op.stopWatching()
	c.running = nil
	c.secrets = secrets{}
	c.wire.Release()
	if op.draining && c.broken == nil {
		err = op.ctx.Err()
	}
	op.over(c, err)
	return err
}

// watch wakes whoever waits for the server when the context ends. A command that is being written is not broken off, as that would
// cost the connection; it gets the time that reading away has.
func (op *operation) watch(conn net.Conn) {
	if op.ctx.Done() == nil {
		return
	}
	op.fired = make(chan struct{})
	op.unwatch = context.AfterFunc(op.ctx, func() {
		defer close(op.fired)
		_ = conn.SetReadDeadline(past) // these fail only on a closed connection, which nobody waits for
		_ = conn.SetWriteDeadline(time.Now().Add(drainTime))
	})
}

// stopWatching returns when the context can no longer touch the deadlines.
func (op *operation) stopWatching() {
	if op.unwatch != nil && !op.unwatch() {
		<-op.fired
	}
	op.unwatch = nil
}

// interrupted reports whether the context has ended and nothing was done about it yet.
func (op *operation) interrupted() bool { return op.ctx.Err() != nil && !op.draining }

// drain turns the operation to reading away what is left of the reply. Done twice, it gives no more time.
func (op *operation) drain() {
	if op.draining {
		return
	}
	op.stopWatching()
	op.draining = true
	op.budget = drainOctets
	op.until = time.Now().Add(drainTime)
}

// await gives the server the limit once more, for the next reply of the operation.
func (op *operation) await() {
	if !op.draining {
		op.until = time.Now().Add(op.limit)
	}
}

// expect makes the limit that of a status line, which has to be complete in time.
func (op *operation) expect(limit time.Duration) {
	op.limit, op.rolling, op.stream = limit, false, false
	op.await()
}

// follow makes the limit count from each octet, for what follows a status line.
func (op *operation) follow(limit time.Duration) {
	op.limit, op.rolling = limit, true
}

// writes reports whether a write goes on beside the reads.
func (op *operation) writes() bool { return op.writing != nil && len(op.writing) == 0 }

// connReader reads from the connection within the limits of the running operation.
type connReader struct{ c *Client }

func (r connReader) Read(p []byte) (int, error) {
	c, op := r.c, r.c.running
	for {
		if err := c.setDeadline(); err != nil {
			return 0, err
		}
		// The watcher may have set its deadline before the one above: ask the context once more.
		if op.interrupted() {
			if op.stream {
				return 0, errInterrupted
			}
			op.drain()
			continue
		}
		if op.draining {
			if op.budget == 0 {
				return 0, errDrained
			}
			p = p[:min(len(p), op.budget)]
		}
		n, err := c.conn.Read(p)
		if op.writes() {
			_ = c.conn.SetWriteDeadline(time.Time{}) // whoever reads may take time until the next read
		}
		if n > 0 {
			op.budget -= n
			c.received += int64(n)
			return n, nil
		}
		if !isTimeout(err) || !op.interrupted() {
			return 0, err
		}
	}
}

// setDeadline prepares a read. The deadline is that of writes too, since TLS may have to answer what it reads; a glance, whose
// deadline may be over, leaves theirs alone.
func (c *Client) setDeadline() error {
	op := c.running
	if op.glance != 0 {
		return c.conn.SetReadDeadline(time.Now().Add(op.glance))
	}
	if op.rolling {
		op.await()
	}
	return c.conn.SetDeadline(op.until)
}

// writeConn writes within the limits of the running operation. A line that went out in part has made the connection useless.
func (c *Client) writeConn(p []byte) error {
	op := c.running
	op.await()
	if err := c.conn.SetWriteDeadline(op.until); err != nil {
		return err
	}
	if op.interrupted() { // the watcher's deadline may have been overwritten
		_ = c.conn.SetWriteDeadline(time.Now().Add(drainTime))
	}
	n, err := c.conn.Write(p)
	op.wrote = op.wrote || n > 0
	c.sent += int64(n)
	return err
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
