package pop3

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strconv"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// window is how many commands are sent ahead. Their lines stay below what the sockets on the way hold, so that neither side
// blocks in writing while the other does (RFC 2449 section 6.6).
const window = 256

// RetrEach retrieves messages one after the other, and sends the commands for the next ones ahead where the last CAPA lists
// PIPELINING (RFC 2449 section 6.6). Each message comes with nil, or with the *RefusedError that answered it; any other error comes
// with a nil Message and is the last. A Message is valid until the loop goes on; what it leaves unread is skipped. Leaving the loop
// early reads away the replies that were asked for, up to 1 MiB and 2 seconds, or closes the connection.
func (c *Client) RetrEach(ctx context.Context, numbers []uint32) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		p := pipeline{c: c, numbers: numbers, ahead: 1, yield: yield}
		if c.offers("PIPELINING") {
			p.ahead = window
		}
		if err := p.run(ctx); err != nil && !p.stopped {
			yield(nil, err)
		}
	}
}

// pipeline is a RetrEach under way.
type pipeline struct {
	c       *Client
	numbers []uint32
	yield   func(*Message, error) bool
	ahead   int // how many commands may be unanswered
	sent    int // how many of numbers
	read    int
	current *Message
	stopped bool // the caller has left the loop
}

// run yields every message.
func (p *pipeline) run(ctx context.Context) error {
	if len(p.numbers) == 0 {
		return nil
	}
	if slices.Contains(p.numbers, 0) {
		return &ArgumentError{Command: "RETR", Err: errNumber}
	}
	if err := p.c.prepare(ctx, command{verb: "RETR"}); err != nil {
		return err
	}
	err := p.fill()
	for err == nil && p.read < len(p.numbers) {
		if err = p.next(); err == nil {
			err = p.fill()
		}
	}
	if err != nil && !p.c.dead() {
		if broken := p.skip(); broken != nil {
			err = broken
		}
	}
	return p.c.end(err)
}

// fill sends the next commands in one write, when half of those ahead are answered.
func (p *pipeline) fill() error {
	waiting := p.sent - p.read
	if waiting > p.ahead/2 || p.sent == len(p.numbers) {
		return nil
	}
	p.c.running.expect(p.c.opts.Timeouts.Reply)
	if waiting == 0 && p.sent > 0 {
		if err := p.c.checkSilence(); err != nil {
			return err
		}
	}
	if err := p.c.running.ctx.Err(); err != nil {
		return err
	}
	var lines []byte
	for ; p.sent < len(p.numbers) && p.sent-p.read < p.ahead; p.sent++ {
		cmd := command{verb: "RETR", args: []string{strconv.FormatUint(uint64(p.numbers[p.sent]), 10)}}
		var err error
		if lines, err = wire.AppendCommand(lines, cmd.verb, cmd.args...); err != nil {
			return &ArgumentError{Command: cmd.verb, Err: err}
		}
		p.c.traceCommand(cmd)
	}
	return p.c.write(lines)
}

// errStopped says that the caller has left the loop.
var errStopped = errors.New("stopped")

// next yields the next message, and skips what the caller leaves of it.
func (p *pipeline) next() error {
	m, err := p.reply()
	if _, refused := errors.AsType[*RefusedError](err); err != nil && !refused {
		return err
	}
	if op := p.c.running; op.draining {
		return op.ctx.Err()
	}
	if !p.yield(m, err) {
		p.stopped = true
		return errStopped
	}
	return p.finish()
}

// reply reads the next status line and makes its message the current one.
func (p *pipeline) reply() (*Message, error) {
	c, number := p.c, p.numbers[p.read]
	p.current = nil
	c.running.expect(c.opts.Timeouts.Reply)
	st, err := c.readStatus()
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		p.read++
		return &Message{Number: number, c: c, response: refused.Response, pipe: p, err: err}, err
	}
	if err != nil {
		return nil, err
	}
	c.running.follow(c.opts.Timeouts.Data)
	c.running.stream = true
	p.current = c.newMessage(number, st, p)
	return p.current, nil
}

// finish reads the current message to its end.
func (p *pipeline) finish() error {
	if p.current == nil || errors.Is(p.current.err, io.EOF) {
		return nil
	}
	_, err := p.current.WriteTo(io.Discard)
	return err
}

// skip reads away what was asked for and not yet read.
func (p *pipeline) skip() error {
	p.c.running.drain()
	for err := p.finish(); ; err = p.finish() {
		if err != nil || p.read == p.sent {
			return err
		}
		if _, err := p.reply(); p.c.dead() {
			return err
		}
	}
}
