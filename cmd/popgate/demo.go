package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"github.com/popgate/popgate/pop3/pop3test"
	"github.com/popgate/popgate/server"
)

// demoConfig are the settings of popgate demo.
type demoConfig struct {
	listen  string
	mailbox string
	replay  string
}

func demoCommand() *cobra.Command {
	var c demoConfig
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try popgate on a sample mailbox, with nothing to set up",
		Long: `Start a gateway and a POP3 server with a sample mailbox, both on loopback, read the mailbox through the gateway once, print
commands to paste, and serve until SIGINT or SIGTERM.

With --replay the POP3 server plays a transcript to each client instead, as popgate watch --save writes it, and complains of what
clients do otherwise. If one did, the exit status is 1.`,
		Example: "  popgate demo\n  popgate demo --listen 127.0.0.1:0 --mailbox 127.0.0.1:0\n  popgate demo --replay odd-server.txt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.replay != "" {
				return replay(cmd.Context(), c, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			return demo(cmd.Context(), c, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.listen, "listen", defaultListen, "`address` of the gateway, on loopback")
	f.StringVar(&c.mailbox, "mailbox", "127.0.0.1:9111", "`address` of the POP3 server, on loopback")
	f.StringVar(&c.replay, "replay", "", "`file` with a transcript that the POP3 server plays, in place of the sample mailbox")
	return cmd
}

// The sample mailbox's user.
const (
	demoUser     = "alice"
	demoPassword = "secret"
)

// check returns an error where an address is not on loopback.
func (c *demoConfig) check() error {
	if !isLoopback(c.listen) {
		return fmt.Errorf("--listen %s: the demo stays on loopback", c.listen)
	}
	if !isLoopback(c.mailbox) {
		return fmt.Errorf("--mailbox %s: the demo stays on loopback", c.mailbox)
	}
	return nil
}

// demo runs the demonstration until ctx ends.
func demo(ctx context.Context, c demoConfig, stdout, stderr io.Writer) error {
	if err := c.check(); err != nil {
		return err
	}
	mailbox, err := startMailbox(ctx, c.mailbox)
	if err != nil {
		return err
	}
	defer mailbox.Close()
	gateway, listener, err := demoGateway(ctx, c.listen, mailbox.Addr, stderr)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	quiet := slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { served <- serveUntil(ctx, gateway, listener, 0, quiet) }()

	address := listener.Addr().String()
	err = introduce(stdout, address, mailbox.Addr)
	if err == nil {
		err = readSample(ctx, stdout, address, mailbox.Addr)
	}
	if err == nil {
		err = printSteps(stdout, address, mailbox.Addr)
	}
	if err != nil {
		cancel()
		return errors.Join(err, <-served)
	}
	return <-served
}

// startMailbox starts the POP3 server with the sample mailbox.
func startMailbox(ctx context.Context, address string) (*pop3test.Server, error) {
	drop := pop3test.SampleMaildrop()
	drop.Password = demoPassword
	mailbox := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{demoUser: drop})
	mailbox.TrustRPOP = true
	mailbox.DiscardCommands = true
	_ = mailbox.Listener.Close() // ours takes its place
	var err error
	if mailbox.Listener, err = listen(ctx, address); err != nil {
		return nil, fmt.Errorf("--mailbox: %w; choose another address", err)
	}
	mailbox.Start()
	return mailbox, nil
}

// demoGateway assembles a gateway that reaches nothing but the sample mailbox.
func demoGateway(ctx context.Context, address, mailbox string, stderr io.Writer) (*server.Server, net.Listener, error) {
	targets, err := server.OnlyTargets(mailbox)
	if err != nil {
		return nil, nil, err
	}
	gateway, err := server.New(server.Config{
		Replica: "demo", Targets: targets, UnsafeAllowPlaintext: true, UnsafeAllowUnverifiedTLS: true,
		Log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return nil, nil, err
	}
	listener, err := listen(ctx, address)
	if err != nil {
		return nil, nil, fmt.Errorf("--listen: %w; choose another address", err)
	}
	return gateway, listener, nil
}

// introduce says what was started, and what is open.
func introduce(w io.Writer, address, mailbox string) error {
	_, err := fmt.Fprintf(w, `popgate demo
  gateway  %s  gRPC, plaintext, no caller credentials, on loopback only
  mailbox  %s  POP3, user %s, password %s, on loopback only
  open     logins in plaintext and unverified TLS are allowed, but only towards this mailbox

`, address, mailbox, demoUser, demoPassword)
	return err
}
