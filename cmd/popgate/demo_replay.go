package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/popgate/popgate/pop3/pop3test"
)

// complaints is a test, as far as a script server needs one: it prints what clients do otherwise than the script.
type complaints struct {
	w     io.Writer
	count atomic.Int32
}

func (*complaints) Helper()        {}
func (*complaints) Cleanup(func()) {}
func (c *complaints) Errorf(format string, args ...any) {
	c.count.Add(1)
	_, _ = fmt.Fprintf(c.w, format+"\n", args...) // the count remains
}

// replay runs a gateway with a POP3 server that plays a transcript, until ctx ends.
func replay(ctx context.Context, c demoConfig, stdout, stderr io.Writer) error {
	if err := c.check(); err != nil {
		return err
	}
	script, err := pop3test.ReadScript(c.replay)
	if err != nil {
		return fmt.Errorf("--replay: %w", err)
	}
	told := &complaints{w: stderr}
	mailbox := pop3test.NewUnstartedScriptServer(told, script, pop3test.Faults{})
	defer mailbox.Close()
	_ = mailbox.Listener.Close() // ours takes its place
	if mailbox.Listener, err = listen(ctx, c.mailbox); err != nil {
		return fmt.Errorf("--mailbox: %w; choose another address", err)
	}
	mailbox.Start()
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	gateway, listener, err := demoGateway(ctx, c.listen, mailbox.Addr, stderr)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(stdout, `popgate demo
  gateway  %s  gRPC, plaintext, no caller credentials, on loopback only
  mailbox  %s  POP3, plays %s to each client, on loopback only
  open     logins in plaintext, with any secret, and unverified TLS are allowed, but only towards this mailbox
`, listener.Addr(), mailbox.Addr, c.replay); err != nil {
		return errors.Join(err, listener.Close())
	}
	context.AfterFunc(ctx, func() {
		mailbox.Close() // before the gateway cuts dialogues short, which no client did
		stop()
	})
	if err := serveUntil(inner, gateway, listener, 0, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if n := told.count.Load(); n > 0 {
		return fmt.Errorf("%s: clients that did otherwise: %d", c.replay, n)
	}
	return nil
}
