package pop3

import (
	"bytes"
	"context"
	"errors"
	"iter"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// maxEntries is the greatest number of entries in a listing.
const maxEntries = 5_000_000

// Entry is a line of LIST or UIDL. One that does not parse is an entry like any other, with what can be read of it.
type Entry struct {
	// Line is the whole line.
	Line string
	// Number is the message number, or 0.
	Number uint32
	// Octets is the size by the server's claim, in LIST; -1 where there is none.
	Octets int64
	// UniqueID is the unique-id, in UIDL; "" where there is none. RFC 1939 section 7 allows 1 to 70 octets 0x21 to 0x7E, but
	// servers send others, and may give one to two messages.
	UniqueID string
}

// List lists the sizes of all messages (LIST, RFC 1939 section 5).
func (c *Client) List(ctx context.Context) (*Listing, error) { return c.listing(ctx, "LIST") }

// Uidl lists the unique-ids of all messages (UIDL, RFC 1939 section 7). A server without UIDL gives a *RefusedError that is
// ErrNotOffered; one that lists it in CAPA and refuses it all the same does not.
func (c *Client) Uidl(ctx context.Context) (*Listing, error) {
	l, err := c.listing(ctx, "UIDL")
	if refused := unexplained(err); refused != nil && c.state == Transaction && !c.offers("UIDL") {
		refused.NotOffered = true
	}
	return l, err
}

// ListOne returns the size of one message (LIST n), and the status line. The Entry's line is what follows "+OK ".
func (c *Client) ListOne(ctx context.Context, number uint32) (Entry, string, error) {
	return c.listOne(ctx, "LIST", number)
}

// UidlOne returns the unique-id of one message (UIDL n), and the status line. The Entry's line is what follows "+OK ".
func (c *Client) UidlOne(ctx context.Context, number uint32) (Entry, string, error) {
	return c.listOne(ctx, "UIDL", number)
}

func (c *Client) listOne(ctx context.Context, verb string, number uint32) (e Entry, response string, err error) {
	cmd, err := numbered(verb, number)
	if err != nil {
		return Entry{}, "", err
	}
	err = c.roundTrip(ctx, cmd, func(st status) {
		response = st.response
		e = parseEntry(verb, st.text)
	})
	return e, response, err
}

// Listing is the reply to List or Uidl. It is read by Entries, or given up by Close; until then no other command can run.
type Listing struct {
	c        *Client
	verb     string
	response string
	octets   int64
	entries  int
	done     bool
	broken   *BrokenError // what ended it, if that was no end of the listing
}

func (c *Client) listing(ctx context.Context, verb string) (*Listing, error) {
	if err := c.start(ctx, command{verb: verb}); err != nil {
		return nil, err
	}
	st, err := c.readStatus()
	if err != nil {
		return nil, c.end(err)
	}
	c.running.follow(c.opts.Timeouts.Reply)
	c.running.stream = true
	l := &Listing{c: c, verb: verb, response: st.response}
	if c.running.draining {
		if err := l.Close(); err != nil {
			return nil, err
		}
		return nil, ctx.Err()
	}
	return l, nil
}

// Response returns the status line.
func (l *Listing) Response() string { return l.response }

// Octets returns how many octets the entries had, line ends included, as far as they were read.
func (l *Listing) Octets() int64 { return l.octets }

// Entries returns the entries in the server's order. An error ends them; leaving the loop closes the Listing.
func (l *Listing) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for {
			line, more, err := l.next()
			if err != nil {
				_ = l.Close() // the error at hand is the one to tell
				yield(Entry{}, err)
				return
			}
			if !more {
				return
			}
			if !yield(parseEntry(l.verb, line), nil) {
				_ = l.Close() // told by the next command
				return
			}
		}
	}
}

// next reads a line. The slice is valid until the next call.
func (l *Listing) next() (line []byte, more bool, err error) {
	c := l.c
	if l.done {
		return nil, false, nil
	}
	line, bareLF, err := c.wire.Line(wire.MaxListLine)
	switch {
	case errors.Is(err, errInterrupted):
		return nil, false, c.running.ctx.Err()
	case err != nil:
		return nil, false, l.fail(err)
	}
	if c.opts.Trace.on(TraceLines) {
		c.opts.Trace.line(TraceLines, false, string(line))
	}
	if wire.IsEnd(line) {
		l.done = true
		return nil, false, c.end(nil)
	}
	if l.entries++; l.entries > maxEntries {
		return nil, false, l.fail(errTooMany)
	}
	line = wire.Unstuff(line)
	l.octets += int64(len(line)) + 2
	if bareLF {
		l.octets--
	}
	return line, true, nil
}

// fail ends the listing with the connection.
func (l *Listing) fail(err error) error {
	l.done, l.broken = true, l.c.failBy(err)
	return l.c.end(l.broken)
}

// Close reads away what is left, up to 1 MiB and 2 seconds. A *BrokenError says that this was not enough and the connection is
// closed.
func (l *Listing) Close() error {
	if !l.done {
		l.c.running.drain()
	}
	for !l.done {
		_, _, _ = l.next() // l.broken has the error of interest
	}
	if l.broken != nil {
		return l.broken
	}
	return nil
}

// parseEntry reads what can be read of a line.
func parseEntry(verb string, line []byte) Entry {
	e := Entry{Line: string(line), Octets: -1}
	begin := bytes.TrimLeft(line, " \t")
	end := bytes.IndexAny(begin, " \t")
	if end < 0 {
		end = len(begin)
	}
	number, err := parseOctets(begin[:end])
	if err != nil || number == 0 || number > 1<<32-1 {
		return e
	}
	e.Number = uint32(number) //nolint:gosec // checked above
	rest := bytes.Trim(begin[end:], " \t")
	if verb == "UIDL" {
		e.UniqueID = string(rest)
		return e
	}
	if words := bytes.Fields(rest); len(words) > 0 {
		if octets, err := parseOctets(words[0]); err == nil {
			e.Octets = octets
		}
	}
	return e
}
