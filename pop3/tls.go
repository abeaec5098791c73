package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// ErrPin is what a tls.Config's VerifyConnection wraps to say that the certificate is refused: the cause is then
// TLSVerification.
var ErrPin = errors.New("no pinned public key")

var errNoServerName = errors.New("lacks a ServerName")

// Stls begins TLS (STLS, RFC 2595 section 4) with the configuration, which needs a ServerName, and returns the status line. All
// capabilities known before are forgotten: the server, or whoever sat between, told them in plaintext.
//
// Errors: ErrWrongState over TLS or after login; a *RefusedError leaves the connection in plaintext; octets behind the status
// line, a certificate that is refused and a failed handshake are each a *BrokenError.
func (c *Client) Stls(ctx context.Context, config *tls.Config) (string, error) {
	if config == nil || config.ServerName == "" && !config.InsecureSkipVerify {
		return "", &ArgumentError{Command: "STLS", Err: errNoServerName}
	}
	if _, on := c.TLS(); on || c.state != Authorization {
		return "", ErrWrongState
	}
	if err := c.start(ctx, command{verb: "STLS"}); err != nil {
		return "", err
	}
	st, err := c.readStatus()
	if err != nil {
		return "", c.end(c.notOffered(err, "STLS"))
	}
	if c.wire.Buffered() > 0 || peek(c.raw) == ready {
		return "", c.end(c.failBy(errOutOfTurn))
	}
	return st.response, c.end(c.handshake(config)) // which fails if ctx has ended: a server that waits for it takes no other command
}

// handshake puts TLS over the connection.
func (c *Client) handshake(config *tls.Config) error {
	config = config.Clone()
	if !c.opts.inspecting {
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	}
	if config.NextProtos == nil {
		config.NextProtos = []string{"pop3"}
	}
	op := c.running
	ctx, cancel := context.WithTimeout(op.ctx, c.opts.Timeouts.Handshake)
	defer cancel()
	op.stopWatching() // HandshakeContext watches by itself
	conn := tls.Client(c.raw, config)
	if err := c.raw.SetDeadline(time.Time{}); err != nil {
		return c.failBy(err)
	}
	begun := time.Now()
	err := conn.HandshakeContext(ctx)
	op.told = op.told || op.name == "" // no greeting
	if err != nil {
		err = c.failHandshake(ctx, err)
		c.tell(op.ctx, Done{Command: "TLS", Begun: begun, Err: err})
		return err
	}
	c.tell(op.ctx, Done{Command: "TLS", Begun: begun})
	c.conn = conn
	c.capa = nil
	return nil
}

func (c *Client) failHandshake(ctx context.Context, err error) *BrokenError {
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var operr *net.OpError
	switch {
	case c.closed.Load():
		return c.failBy(err)
	case c.running.ctx.Err() != nil:
		return c.fail(Cancelled, "", c.running.ctx.Err())
	case ctx.Err() != nil:
		return c.fail(Timeout, "", nil)
	case errors.As(err, &certificate), errors.Is(err, ErrPin):
		return c.fail(TLSVerification, "", err)
	case errors.As(err, &alert), errors.As(err, &record), errors.As(err, &operr) && operr.Op == "remote error":
		return c.fail(TLSHandshake, "", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return c.failBy(err)
	}
	return c.fail(TLSHandshake, "", err)
}
