package pop3

import (
	"time"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// What may be ahead of the replies. The lines stay far below what the sockets on the way hold (RFC 2449 section 6.6).
const (
	maxAhead  = 512     // commands
	maxLines  = 8 << 10 // octets of their lines
	maxListed = 2 << 20 // octets of their replies, as far as they are known
)

// upcoming is a request that is next to be sent, if it is known.
type upcoming struct {
	asked

	cmd   command
	line  []byte
	known bool
}

// asked is a request whose reply is not over.
type asked struct {
	Request

	octets int // of its line
}

// peek makes sure that the next request is known, and reports whether there is one.
func (p *pipeline) peek() bool {
	next := &p.upcoming
	if next.known || p.bad != nil {
		return next.known
	}
	r, ok := p.next()
	if !ok {
		return false
	}
	cmd, err := r.command()
	if err != nil {
		p.bad = err
		return false
	}
	next.line, err = wire.AppendCommand(next.line[:0], cmd.verb, cmd.args...)
	if err != nil {
		p.bad = &ArgumentError{Command: cmd.verb, Err: err}
		return false
	}
	r.Listed = max(r.Listed, 0)
	next.asked, next.cmd, next.known = asked{r, len(next.line)}, cmd, true
	return true
}

// done is what is told of the first request of the queue.
func (p *pipeline) done(err error) Done {
	return Done{Command: p.queue[0].Verb, Number: p.queue[0].Number, Begun: p.begun, Err: err}
}

// answered is called when the reply to the first request of the queue is over; err is nil or its *RefusedError.
func (p *pipeline) answered(err error) {
	p.c.tell(p.c.running.ctx, p.done(err))
	p.begun = time.Now()
	p.octets -= p.queue[0].octets
	p.listed -= p.queue[0].Listed
	p.queue = p.queue[1:]
	p.current = nil
}

// trusted reports whether the server has shown that more than one command may be sent at once.
func (p *pipeline) trusted() bool { return p.c.pipelines && !p.lockstep }

// roomy reports whether so much is answered that the next write is worth it.
func (p *pipeline) roomy() bool {
	return len(p.queue) == 0 ||
		p.trusted() && len(p.queue) <= maxAhead/2 && p.octets <= maxLines/2 && p.listed <= maxListed/2
}

// fits reports whether the next request can be sent with those in the queue.
func (p *pipeline) fits() bool {
	return len(p.queue) == 0 ||
		p.trusted() && len(p.queue) < maxAhead && p.octets+p.upcoming.octets <= maxLines && p.upcoming.Listed <= maxListed-p.listed
}

// fill sends the next commands in one write, when half of what may be ahead is answered.
func (p *pipeline) fill() error {
	op := p.c.running
	if !p.roomy() || !p.peek() || !p.fits() || len(p.queue) > 0 && op.writes() {
		return nil
	}
	op.expect(p.c.opts.Timeouts.Reply)
	if err := p.join(); err != nil {
		return err
	}
	if len(p.queue) == 0 {
		if err := p.blame(p.c.checkSilence()); err != nil {
			return err
		}
	}
	if err := op.ctx.Err(); err != nil {
		return err
	}
	p.gather()
	return p.write()
}

// gather moves requests from next to the queue and their lines to p.lines, with a probe where nothing is shown yet.
func (p *pipeline) gather() {
	p.lines = p.lines[:0]
	for p.peek() && p.fits() {
		next := p.upcoming
		p.upcoming.known = false
		p.queue = append(p.queue, next.asked)
		p.octets += next.octets
		p.listed += next.Listed
		p.lines = append(p.lines, next.line...)
		p.c.traceCommand(next.cmd)
		if !p.lockstep && !p.c.pipelines && p.peek() {
			p.addProbe(next.Request)
		}
	}
	p.piped = len(p.queue) > 1 || p.probe != 0
}

// write writes the lines. More than one is written beside the reads, so that a server may write before it reads on. That write has
// the deadline of the read that is under way, and none between reads.
func (p *pipeline) write() error {
	c, op, lines := p.c, p.c.running, p.lines
	if p.piped {
		c.sent += int64(len(lines))
	}
	if !p.piped {
		if err := c.writeConn(lines); err != nil {
			return c.failBy(err)
		}
		return nil
	}
	if err := c.conn.SetWriteDeadline(time.Time{}); err != nil {
		return c.failBy(err)
	}
	op.writing = make(chan error, 1)
	go func(conn interface{ Write(p []byte) (int, error) }, done chan<- error) {
		_, err := conn.Write(lines)
		done <- err
	}(c.conn, op.writing)
	return nil
}

// join waits for the end of a write, which has come if the server has read what it has answered.
func (p *pipeline) join() error {
	c, op := p.c, p.c.running
	if op.writing == nil {
		return nil
	}
	if !c.dead() {
		_ = c.conn.SetWriteDeadline(op.until) // fails only on a closed connection, which ends the write too
	}
	err := <-op.writing
	op.writing = nil
	if err == nil || c.dead() {
		return nil
	}
	return p.blame(c.failBy(err))
}
