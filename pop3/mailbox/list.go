package mailbox

import (
	"context"
	"errors"
	"io"

	"github.com/popgate/popgate/pop3"
)

// maxHeader is the greatest header that List hands out, in octets; of a larger one it is the beginning.
const maxHeader = 256 << 10

// List lists the maildrop. Without header the session ends by QUIT; with it each message's header comes by TOP n 0, and the connection
// is closed without QUIT, as some servers take TOP for reading. A listing without unique-ids is one all the same.
//
// got is called with each message in the order of the numbers, and then with each line that cannot be read; its error ends the job.
// header is nil where it was not asked for or refused says that the server gave none. A server that lists PIPELINING and cannot do it
// is logged in to once more if got was not called yet.
func (m *Mailbox) List(ctx context.Context, header bool, got func(item Item, header []byte, refused *pop3.RefusedError) error) (*Listing, error) {
	told := false
	tell := func(item Item, header []byte, refused *pop3.RefusedError) error {
		told = true
		return got(item, header, refused)
	}
	l, err := listBy(ctx, m.login, header, tell)
	if errors.Is(err, pop3.ErrPipelining) && !told {
		if l, err = listBy(ctx, m.again, header, tell); l != nil {
			l.findings.add(PipeliningBroken)
		}
	}
	return l, err
}

// listBy is a List by one login.
func listBy(
	ctx context.Context, login loginFunc, header bool, got func(Item, []byte, *pop3.RefusedError) error,
) (*Listing, error) {
	c, extensions, err := login(ctx)
	if err != nil {
		return nil, err
	}
	defer c.HangUp(ctx)
	l, err := list(ctx, c, true)
	if err != nil {
		return nil, err
	}
	l.findings.add(findingsOf(extensions)...)
	if header {
		return l, l.headers(ctx, c, got)
	}
	for item := range l.Items() {
		if err := got(item, nil, nil); err != nil {
			return l, err
		}
	}
	_, _, _ = c.Quit(ctx) //nolint:dogsled // the listing is whole, and nothing is marked: how the session ends is nobody's concern
	return l, nil
}

// headers retrieves the header of each message.
func (l *Listing) headers(ctx context.Context, c *pop3.Client, got func(Item, []byte, *pop3.RefusedError) error) error {
	asked, answered := 0, 0
	next := func() (pop3.Request, bool) {
		if asked == l.Len() {
			return pop3.Request{}, false
		}
		asked++
		return pop3.Request{Verb: "TOP", Number: l.numbers[asked-1]}, true
	}
	for message, err := range c.Pipeline(ctx, next) {
		refused, isRefused := errors.AsType[*pop3.RefusedError](err)
		if err != nil && (!isRefused || refused.NotOffered) {
			return err
		}
		var header []byte
		if !isRefused {
			if header, err = readHeader(message); err != nil {
				return err
			}
		}
		answered++
		if err := got(l.item(answered-1), header, refused); err != nil {
			_ = c.Close() // so that nobody waits for what was asked for and is not wanted any more
			return err
		}
	}
	for _, line := range l.damaged {
		if err := got(Item{Line: line, Kind: Missing, Octets: -1}, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// readHeader reads a message of TOP to its end: some servers send a body all the same.
func readHeader(message io.Reader) ([]byte, error) {
	header, err := io.ReadAll(io.LimitReader(message, maxHeader))
	if err == nil {
		_, err = io.Copy(io.Discard, message)
	}
	if header == nil {
		header = []byte{}
	}
	return header, err
}

// findingsOf returns what capabilities tell.
func findingsOf(e pop3.Extensions) (f findings) {
	if e.Expire != nil && !e.Expire.Never && e.Expire.Days == 0 {
		f.add(ExpireZero)
	}
	return f
}

// Findings returns what to know about the server, as far as its listing has told.
func (l *Listing) Findings() []Finding { return l.findings }
