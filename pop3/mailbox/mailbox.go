package mailbox

import (
	"context"
	"errors"
	"time"

	"github.com/popgate/popgate/pop3"
)

// Mailbox is how to get to one mailbox. It has no state of its own, and can be used for one job after the other.
type Mailbox struct {
	// Dial connects to the server by pop3.Dial, which remembers servers that cannot do PIPELINING, with TLS as it is wanted. The job
	// closes the client.
	Dial func(ctx context.Context) (*pop3.Client, error)
	// Credentials log in: by SASL, or by USER and PASS where the server has no mechanism that fits a password.
	Credentials pop3.Credentials
	// Name tells this mailbox from others, for cursors: host and user.
	Name string
}

// loginFunc is login or again.
type loginFunc func(context.Context) (*pop3.Client, pop3.Extensions, error)

// login connects and logs in, and returns what the server can do then.
func (m *Mailbox) login(ctx context.Context) (*pop3.Client, pop3.Extensions, error) {
	c, err := m.Dial(ctx)
	if err != nil {
		return nil, pop3.Extensions{}, err
	}
	err = m.authenticate(ctx, c)
	if cannotCAPA(err) && (m.plain() || m.Credentials.Mechanism != "") {
		// It hangs up on what it does not know, or falls silent: once more, without CAPA.
		_ = c.Close() // it is dead already
		if c, err = m.Dial(ctx); err != nil {
			return nil, pop3.Extensions{}, err
		}
		if err = m.withoutCAPA(ctx, c); err == nil {
			return c, pop3.Extensions{}, nil
		}
	}
	var capabilities []pop3.Capability
	if err == nil {
		capabilities, _, err = c.Capa(ctx)
		if errors.Is(err, pop3.ErrNotOffered) {
			err = nil
		}
	}
	if err != nil {
		_ = c.Close() // the connection is given up
		return nil, pop3.Extensions{}, err
	}
	return c, pop3.ExtensionsOf(capabilities), nil
}

// The longest waits between two attempts of again.
const (
	maxInUseWait = 16 * time.Second
	maxDelayWait = 32 * time.Second
)

// again logs in once more within a job. The server may not have seen yet that the connection before is closed, and says that the
// maildrop is in use: that is waited for, up to half a minute in all. [LOGIN-DELAY] is waited for up to a minute.
func (m *Mailbox) again(ctx context.Context) (*pop3.Client, pop3.Extensions, error) {
	for wait := time.Second; ; wait *= 2 {
		c, extensions, err := m.login(ctx)
		refused, _ := errors.AsType[*pop3.RefusedError](err)
		switch {
		case refused != nil && refused.InUse() && wait <= maxInUseWait:
		case refused != nil && refused.Code == "LOGIN-DELAY" && wait <= maxDelayWait:
		default:
			return c, extensions, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, pop3.Extensions{}, ctx.Err()
		}
	}
}

// cannotCAPA reports whether a connection has come to its end over CAPA.
func cannotCAPA(err error) bool {
	broken, ok := errors.AsType[*pop3.BrokenError](err)
	return ok && broken.Command == "CAPA" && (broken.Cause == pop3.ConnectionLost || broken.Cause == pop3.Timeout)
}

// plain reports whether the credentials can go by USER and PASS.
func (m *Mailbox) plain() bool {
	cr := m.Credentials
	return cr.Mechanism == "" && cr.AccessToken == "" && !cr.External && cr.Identity == ""
}

// authenticate logs in, in UTF-8 where the server has that: without it, it may send a substitute in place of a message that has octets
// beyond ASCII (RFC 6856 section 2.1), which is no message to store, and the deletion of which would delete the message.
func (m *Mailbox) authenticate(ctx context.Context, c *pop3.Client) error {
	capabilities, _, err := c.Capa(ctx)
	if errors.Is(err, pop3.ErrNotOffered) && m.plain() {
		return m.userPass(ctx, c)
	}
	if err != nil && !errors.Is(err, pop3.ErrNotOffered) {
		return err
	}
	if err := inUTF8(ctx, c, pop3.ExtensionsOf(capabilities)); err != nil {
		return err
	}
	_, _, err = c.Auth(ctx, m.Credentials)
	if errors.Is(err, pop3.ErrNotOffered) && m.plain() {
		return m.userPass(ctx, c)
	}
	return err
}

// withoutCAPA logs in without asking what the server can do.
func (m *Mailbox) withoutCAPA(ctx context.Context, c *pop3.Client) error {
	if m.plain() {
		return m.userPass(ctx, c)
	}
	_, _, err := c.Auth(ctx, m.Credentials)
	return err
}

// inUTF8 switches the session to UTF-8, if the server can do it.
func inUTF8(ctx context.Context, c *pop3.Client, e pop3.Extensions) error {
	if !e.Utf8 {
		return nil
	}
	_, err := c.Utf8(ctx)
	if _, refused := errors.AsType[*pop3.RefusedError](err); refused {
		return nil // it lists what it has not; octets beyond ASCII come as they are, as from servers without UTF8
	}
	return err
}

func (m *Mailbox) userPass(ctx context.Context, c *pop3.Client) error {
	if _, err := c.User(ctx, m.Credentials.Username); err != nil {
		return err
	}
	_, err := c.Pass(ctx, m.Credentials.Password)
	return err
}
