package pop3

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strconv"
	"sync"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// Retr retrieves a message (RETR, RFC 1939 section 5). Until the Message is read to its end or closed no other command can run.
func (c *Client) Retr(ctx context.Context, number uint32) (*Message, error) {
	cmd, err := numbered("RETR", number)
	if err != nil {
		return nil, err
	}
	return c.message(ctx, cmd, Request{Verb: "RETR", Number: number})
}

// Top retrieves the header of a message and the first lines of its body (TOP, RFC 1939 section 7). It is never the whole message
// for certain: servers cut it short without a word.
func (c *Client) Top(ctx context.Context, number, lines uint32) (*Message, error) {
	cmd, err := numbered("TOP", number, strconv.FormatUint(uint64(lines), 10))
	if err != nil {
		return nil, err
	}
	m, err := c.message(ctx, cmd, Request{Verb: "TOP", Number: number, Lines: lines})
	return m, c.notOffered(err, "TOP")
}

func (c *Client) message(ctx context.Context, cmd command, r Request) (*Message, error) {
	if err := c.start(ctx, cmd); err != nil {
		return nil, err
	}
	st, err := c.readStatus()
	if err != nil {
		return nil, c.end(err)
	}
	c.running.follow(c.opts.Timeouts.Data)
	c.running.stream = true
	m := c.newMessage(r, st, nil)
	if c.running.draining {
		_ = m.Close() // m.err has it
		return nil, m.err
	}
	return m, nil
}

// Message is a message on its way. It is an io.ReadCloser and an io.WriterTo; its octets are those that the server sent, save that a
// dot that begins a line is dropped where a second one follows. Line ends stay as they are, and a line may be of any length.
type Message struct {
	// Request is the command that it answers, with the message number.
	Request

	c        *Client
	response string
	body     *wire.Body
	lines    lineSplitter
	pipe     *pipeline // where it is one of many, nil else
	err      error     // once set, what Read returns
}

func (c *Client) newMessage(r Request, st status, pipe *pipeline) *Message {
	return &Message{
		Request: r, c: c, response: st.response, body: c.wire.Body(st.bareLF), pipe: pipe,
		lines: lineSplitter{trace: c.opts.Trace},
	}
}

// Response returns the status line.
func (m *Message) Response() string { return m.response }

// Read implements io.Reader. It returns io.EOF only after the server's terminator: then, and only then, the message is whole. With
// slices of 4 KiB or more it reads a large message straight from the connection, and all of p is scratch space.
//
// When the context of Retr or Top ends, Read returns its error; Close then decides whether the connection lives on.
func (m *Message) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.body.Read(p)
	m.lines.write(p[:n])
	if errors.Is(err, io.EOF) {
		m.lines.end()
		if m.pipe != nil {
			err = cmp.Or(m.pipe.confirm(), io.EOF)
		}
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, errInterrupted):
		return 0, m.c.running.ctx.Err()
	case errors.Is(err, io.EOF):
		m.err = cmp.Or(m.finish(nil), io.EOF)
	default:
		m.err = m.finish(m.c.failBy(err))
	}
	return 0, m.err
}

// finish ends the operation, or turns to the next reply.
func (m *Message) finish(err error) error {
	switch {
	case m.pipe == nil:
		return m.c.end(err)
	case err == nil:
		m.pipe.answered(nil)
		return nil
	}
	return m.pipe.blame(err)
}

// copies are buffers for WriteTo.
var copies = sync.Pool{New: func() any { return new([128 << 10]byte) }}

// WriteTo implements io.WriterTo, for io.Copy. Without an error the message is whole. After an error of w the rest is still to be
// read or closed.
func (m *Message) WriteTo(w io.Writer) (written int64, err error) {
	buf := copies.Get().(*[128 << 10]byte) //nolint:forcetypeassert // what New makes
	defer copies.Put(buf)
	for {
		n, err := m.Read(buf[:])
		if n > 0 {
			k, err := w.Write(buf[:n])
			written += int64(k)
			if err == nil && k < n {
				err = io.ErrShortWrite
			}
			if err != nil {
				return written, err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return written, nil
		case err != nil:
			return written, err
		}
	}
}

// Close gives up what is not read. The rest is read away, up to 1 MiB and 2 seconds; a *BrokenError says that this was not enough
// and the connection is closed. After the end of the message Close does nothing. Of a message of a Pipeline it does nothing either: the
// loop skips the rest.
func (m *Message) Close() error {
	if m.err == nil && m.pipe == nil {
		m.c.running.drain()
		_, _ = m.WriteTo(io.Discard) // m.err has it
	}
	if broken, ok := errors.AsType[*BrokenError](m.err); ok {
		return broken
	}
	return nil
}

// Pending reports whether Read would return at once, as far as can be told without reading. Programs that gather what they read
// use it to find a pause of the server.
func (m *Message) Pending() bool {
	over := m.body.Ready() && (m.pipe == nil || !m.pipe.awaits())
	return m.err != nil || over || m.c.wire.Buffered() > 0 || peek(m.c.raw) == ready
}

// Followed reports, of a message of Pipeline that is read to its end, whether the server has begun to send the next one. Programs that
// gather messages use it to find a pause of the server. The reply to DELE is no message: there may be none behind it.
func (m *Message) Followed() bool {
	return m.pipe != nil && m.pipe.ahead.known && m.pipe.queue[0].Verb != "DELE"
}
