package pop3_test

import (
	"context"
	"io"
	"time"

	"github.com/popgate/popgate/pop3"
)

// call runs one command to its end, with a name.
type call struct {
	name  string
	limit time.Duration // the default one for its status line
	body  bool          // a multi-line reply follows the status line
	do    func(ctx context.Context, c *pop3.Client) error
}

// calls are all methods that wait for a status line.
var calls = []call{
	{"Capa", time.Minute, true, func(ctx context.Context, c *pop3.Client) error { _, _, err := c.Capa(ctx); return err }},
	{"Utf8", time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, err := c.Utf8(ctx); return err }},
	{"Languages", time.Minute, true, func(ctx context.Context, c *pop3.Client) error { _, _, err := c.Languages(ctx); return err }},
	{"Lang", time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, err := c.Lang(ctx, "en"); return err }},
	{"User", time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, err := c.User(ctx, "u"); return err }},
	{"Pass", 5 * time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, err := c.Pass(ctx, "p"); return err }},
	{"Apop", 5 * time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, err := c.Apop(ctx, "u", "p"); return err }},
	{"Rpop", 5 * time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, err := c.Rpop(ctx, "u"); return err }},
	{"Auth", 5 * time.Minute, false, func(ctx context.Context, c *pop3.Client) error {
		_, _, err := c.Auth(ctx, pop3.Credentials{Mechanism: "PLAIN", Username: "u", Password: "p"})
		return err
	}},
	{"Stat", time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, _, _, err := c.Stat(ctx); return err }},
	{"ListOne", time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, _, err := c.ListOne(ctx, 1); return err }},
	{"UidlOne", time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, _, err := c.UidlOne(ctx, 1); return err }},
	{"Dele", time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, err := c.Dele(ctx, 1); return err }},
	{"Rset", time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, err := c.Rset(ctx); return err }},
	{"Noop", time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, err := c.Noop(ctx); return err }},
	{"List", time.Minute, true, func(ctx context.Context, c *pop3.Client) error { return readListing(c.List(ctx)) }},
	{"Uidl", time.Minute, true, func(ctx context.Context, c *pop3.Client) error { return readListing(c.Uidl(ctx)) }},
	{"Retr", time.Minute, true, func(ctx context.Context, c *pop3.Client) error { return readMessage(c.Retr(ctx, 1)) }},
	{"Top", time.Minute, true, func(ctx context.Context, c *pop3.Client) error { return readMessage(c.Top(ctx, 1, 1)) }},
	{"RetrEach", time.Minute, true, func(ctx context.Context, c *pop3.Client) error {
		for m, err := range c.RetrEach(ctx, []uint32{1}) {
			if err := readMessage(m, err); err != nil {
				return err
			}
		}
		return nil
	}},
}

func readListing(l *pop3.Listing, err error) error {
	if err == nil {
		_, err = readEntries(l)
	}
	return err
}

// readMessage reads a message, and closes it where it cannot be read.
func readMessage(m *pop3.Message, err error) error {
	if err != nil {
		return err
	}
	if _, err = io.Copy(io.Discard, m); err != nil {
		_ = m.Close()
	}
	return err
}
