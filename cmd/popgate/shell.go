package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// shellConfig are the settings of popgate shell.
type shellConfig struct {
	mailbox mailboxConfig
	noLogin bool
}

func shellCommand() *cobra.Command {
	var c shellConfig
	cmd := &cobra.Command{
		Use:   "shell MAILBOX",
		Short: "Have a POP3 session by hand",
		Long: `Have a session of Pop3Service by hand. Of each command it shows the gRPC call (rpc), the POP3 dialogue as WatchDebug tells it, without
secrets (C: the gateway, S: the POP3 server), and what came of it: the reply, or the error with its reason and what to do.

Where MAILBOX or --user names a user it logs in, unless --no-login is given; otherwise the session begins before the login. Commands are
those of POP3, such as "stat" or "retr 3"; "help" lists them all. "retr 3 | less" gives the message, as it came, to a command of your
shell. Only "quit" removes what "dele" has marked; every other end of the shell closes the session, which removes nothing.

On a terminal there are history and completion (Tab); Ctrl-C stops the command that runs. Lines with a secret are not kept in the history,
which is in ~/.popgate_history. Elsewhere commands are read from standard input, one a line.

` + mailboxHelp + "\n\n" + statusHelp + " Here, without a terminal: a command failed.",
		Example: `  popgate shell alice@example.com
  popgate shell --direct pop://mail.example.com:110
  popgate shell --no-login --gateway popgate.internal.example:9110 --tls pops://alice@mail.example.com`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args[0]) },
	}
	c.mailbox.flags(cmd)
	cmd.Flags().BoolVar(&c.noLogin, "no-login", false, "begin before the login")
	return cmd
}

// run opens a session, and runs the commands of standard input on it.
func (c *shellConfig) run(cmd *cobra.Command, mailbox string) error {
	a, to, err := c.mailbox.locate(cmd, mailbox)
	if err != nil {
		return err
	}
	conn, stop, err := c.mailbox.connect(to)
	if err != nil {
		return err
	}
	defer stop()
	ctx := cmd.Context()
	s := &shell{
		client: pb.NewPop3ServiceClient(conn), gateway: c.mailbox.gateway.address, tls: to.GetTls(),
		screen: &screen{w: cmd.OutOrStdout()}, stderr: cmd.ErrOrStderr(),
	}
	if a.User != "" {
		s.identity = sync.OnceValues(func() (*pb.Credentials, error) {
			a, secret, err := c.mailbox.secrets(ctx).Find(a)
			return credentialsOf(a, secret), err
		})
	}
	var in input = &plainInput{bufio.NewReader(cmd.InOrStdin())}
	if cmd.InOrStdin() == os.Stdin && cmd.OutOrStdout() == os.Stdout && terminal.CanAsk() && terminal.Width(os.Stdout) > 0 {
		s.editor = newEditor()
		s.screen.w, in = s.editor, s.editor
		var done context.CancelFunc // Ctrl-C ends the command, not the shell
		ctx, done = signal.NotifyContext(context.WithoutCancel(ctx), syscall.SIGTERM, syscall.SIGHUP)
		defer done()
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
	if err := s.open(ctx, to); err != nil {
		return explained(err, s.gateway)
	}
	defer s.close()
	if s.identity != nil && !c.noLogin && s.command(ctx, "login") != nil && s.editor == nil {
		return errors.New("the login failed")
	}
	return s.loop(ctx, in)
}

// input is where commands come from.
type input interface {
	// next returns the next line, or io.EOF.
	next(ctx context.Context) (string, error)
}

// plainInput reads commands from a file or a pipe.
type plainInput struct{ r *bufio.Reader }

func (in *plainInput) next(context.Context) (string, error) {
	line, err := in.r.ReadString('\n')
	if line != "" {
		return strings.TrimRight(line, "\r\n"), nil
	}
	return "", err
}

// loop runs commands until their end, or that of the session.
func (s *shell) loop(ctx context.Context, in input) error {
	failed := 0
	for !s.ended() {
		line, err := in.next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		err = s.command(ctx, line)
		if errors.Is(err, errLeave) {
			break
		}
		if err != nil {
			failed++
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
	}
	switch {
	case s.ended() && s.cause != pb.Cause_CAUSE_QUIT:
		return &partialError{fmt.Errorf("the session has ended: %s", causeName(s.cause))}
	case failed > 0 && s.editor == nil:
		return &partialError{fmt.Errorf("commands that failed: %d", failed)}
	}
	return nil
}
