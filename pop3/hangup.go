package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"time"
)

// HangUp waits for the server within these limits.
const (
	hangUpTime   = time.Second
	hangUpOctets = 64 << 10
)

// HangUp closes the connection without QUIT, as Close does, but lets the server see it first: it ends its own half, and waits until the
// server has ended the other. A server keeps the maildrop locked until it has seen the end, so that a login right after Close may be
// refused because the maildrop is in use; a login after HangUp is not.
//
// HangUp waits for a second at most, half of what is left until the deadline of ctx, or 64 KiB that the server still sends, and then
// closes as Close does. It does not wait where there is nothing to wait for: the connection is closed or dead, there was no login, or a
// command is running, whose reply may be long. Nor does it where the connection can end no half, as that of a net.Pipe. It is called as
// a command is; Close, from anywhere, ends the wait.
func (c *Client) HangUp(ctx context.Context) {
	defer func() { _ = c.Close() }() // the connection is given up
	if c.closed.Load() || c.running != nil || c.state != Transaction || ctx.Err() != nil {
		return
	}
	limit := hangUpTime
	if deadline, ok := ctx.Deadline(); ok { // whoever waits for the caller has to hear of its success
		limit = min(limit, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	if c.closeWrite() == nil {
		_, _ = io.CopyN(io.Discard, c.raw, hangUpOctets) // how it ends says nothing new; with TLS nobody deciphers it
	}
}

// closeWrite ends this half of the connection: by close_notify where there is TLS, and then by FIN.
func (c *Client) closeWrite() error {
	half, ok := c.raw.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	if err := c.raw.SetDeadline(time.Time{}); err != nil { // it was that of the last command
		return err
	}
	if secure, on := c.conn.(*tls.Conn); on {
		if err := secure.CloseWrite(); err != nil {
			return err
		}
	}
	return half.CloseWrite()
}
