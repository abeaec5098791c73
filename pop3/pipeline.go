package pop3

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strconv"
	"time"
)

// Request is a command of a Pipeline.
type Request struct {
	// Verb is RETR, TOP or DELE.
	Verb string
	// Number is the message number.
	Number uint32
	// Lines is how many lines of the body TOP asks for.
	Lines uint32
	// Listed is how many octets the reply will have according to LIST, or 0 where that is not known. It bounds what is asked for
	// ahead, and nothing else.
	Listed int64
}

var errVerb = errors.New("is no RETR, TOP or DELE")

// command returns the command line.
func (r Request) command() (command, error) {
	var more []string
	switch r.Verb {
	case "RETR", "DELE":
	case "TOP":
		more = append(more, strconv.FormatUint(uint64(r.Lines), 10))
	default:
		return command{}, &ArgumentError{Command: r.Verb, Err: errVerb}
	}
	return numbered(r.Verb, r.Number, more...)
}

// RetrEach retrieves messages one after the other, as Pipeline does.
func (c *Client) RetrEach(ctx context.Context, numbers []uint32) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		if slices.Contains(numbers, 0) {
			yield(nil, &ArgumentError{Command: "RETR", Err: errNumber})
			return
		}
		left := numbers
		c.Pipeline(ctx, func() (Request, bool) {
			if len(left) == 0 {
				return Request{}, false
			}
			r := Request{Verb: "RETR", Number: left[0]}
			left = left[1:]
			return r, true
		})(yield)
	}
}

// Pipeline runs many commands, and sends those to come ahead where the last CAPA lists PIPELINING (RFC 2449 section 6.6) and the
// server has shown that this is true. The results come in the order of the requests.
//
// Each Message comes with nil, or with the *RefusedError that answered it; any other error comes with a nil Message and is the last.
// That of DELE has a status line and no octets. A Message is valid until the loop goes on; what it leaves unread is skipped. Leaving
// the loop early reads away the replies that were asked for, up to 1 MiB and 2 seconds, or closes the connection.
//
// next gives the next request, from within the loop, when there is room to send it; false means that there is none at the moment. It
// is asked again after the next reply, and the loop ends when it has none and all replies are read. So it can put a DELE between
// RETRs that are under way; it must not wait for what the loop is yet to give. A request that cannot be sent is an *ArgumentError,
// after the results of those before it.
//
// At most 512 commands, 8 KiB of their lines and, where they are given, 2 MiB of listed octets are ahead of the replies, though
// always one command. They are written while replies are read: a server that does not read on before its replies are taken, and one
// that takes no more than a part of the lines, block nobody.
//
// # Servers that list PIPELINING and cannot
//
// The first pair of commands on a connection is a probe: LIST stands behind the first request, in the same write, and its answer has
// to name the message that it asks for. Behind DELE that is the message of the next request, as the first one is gone. Where LIST is
// refused nothing is shown, and the next pair is the probe. After it, while a further reply is outstanding, a message ends (io.EOF)
// only when that reply's status line was read: one that overtakes the end of a message is never the message's last line.
//
// A *BrokenError that is ErrPipelining says that replies did not match: a status line or an answer to LIST that is none, octets behind
// the last reply, a server that hung up on the probe, or one that fell silent while commands were ahead, which takes Timeouts.Reply or
// Data to tell. The message under way is not whole, those that ended before it are, and marks of DELE are gone with the connection.
// Dial remembers its address for an hour: Clients that it returns meanwhile send one command at a time. So who dials again and goes on
// with the first request that has no whole result gets each message once. What no probe can show is a server that begins to answer
// twice, or in another order, only later and in well-formed replies.
func (c *Client) Pipeline(ctx context.Context, next func() (Request, bool)) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		p := pipeline{c: c, next: next, yield: yield, lockstep: !c.offers("PIPELINING") || liars.has(c.address)}
		if err := p.run(ctx); err != nil && !p.stopped {
			yield(nil, err)
		}
	}
}

// pipeline is a Pipeline under way.
type pipeline struct {
	c        *Client
	next     func() (Request, bool)
	yield    func(*Message, error) bool
	lockstep bool // nothing is sent ahead

	upcoming upcoming  // what next gave and is not yet sent
	bad      error     // next gave something that cannot be sent
	lines    []byte    // of the last write
	queue    []asked   // what is sent and not answered to the end
	octets   int       // of their lines
	listed   int64     // octets of their replies
	probe    uint32    // what LIST asks for, and has not answered yet; 0 for nothing
	piped    bool      // commands were sent before the reply to the first of them
	begun    time.Time // when the first request of the queue was sent, or the reply before it was over

	current *Message // whose octets come, nil for none
	ahead   reply    // to the request behind current, if its status line is read already
	stopped bool     // the caller has left the loop
}

// reply is a status line, or the *RefusedError that it is.
type reply struct {
	status
	err   error
	known bool
}

// run yields every result.
func (p *pipeline) run(ctx context.Context) error {
	if !p.peek() {
		return p.bad
	}
	if err := p.c.prepare(ctx, p.upcoming.cmd); err != nil {
		return err
	}
	op := p.c.running
	op.told, p.begun = true, op.begun
	p.gather()
	err := p.write()
	for err == nil && len(p.queue) > 0 {
		if err = p.step(); err == nil {
			err = p.fill()
		}
	}
	if err == nil {
		err = p.surplus()
	}
	if err != nil && !p.c.dead() {
		if broken := p.skip(); broken != nil {
			err = broken
		}
	}
	if broken := p.join(); broken != nil {
		err = broken
	}
	if err == nil {
		err = p.bad
	}
	err = p.c.end(err)
	if len(p.queue) > 0 { // err says why it has no answer
		p.c.tell(op.ctx, p.done(err))
	}
	return err
}

// errStopped says that the caller has left the loop.
var errStopped = errors.New("stopped")

// step yields the next result, and skips what the caller leaves of it.
func (p *pipeline) step() error {
	m, err := p.result()
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

// result returns the next result: a message that is to be read, which is then the current one, or a reply of one line.
func (p *pipeline) result() (*Message, error) {
	c, r := p.c, p.queue[0].Request
	c.running.name = r.Verb
	got, err := p.reply()
	if err != nil {
		return nil, err
	}
	m := c.newMessage(r, got.status, p)
	refused, _ := errors.AsType[*RefusedError](got.err)
	switch {
	case refused != nil:
		m.response, m.err = refused.Response, got.err
		if r.Verb == "TOP" {
			_ = c.notOffered(got.err, "TOP")
		}
	case r.Verb == "DELE":
		c.marked = true
		m.err = io.EOF
	default:
		c.running.follow(c.opts.Timeouts.Data)
		c.running.stream = true
		p.current = m
		return m, nil
	}
	p.answered(got.err)
	if err := p.prove(false); err != nil {
		return nil, err
	}
	return m, got.err
}

// finish reads the current message to its end.
func (p *pipeline) finish() error {
	if p.current == nil {
		return nil
	}
	_, err := p.current.WriteTo(io.Discard)
	return err
}

// skip reads away what was asked for and not yet read.
func (p *pipeline) skip() error {
	p.c.running.drain()
	for err := p.finish(); ; err = p.finish() {
		if err != nil || len(p.queue) == 0 {
			return err
		}
		if _, err := p.result(); p.c.dead() {
			return err
		}
	}
}
