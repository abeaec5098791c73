package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/popgate/popgate/cmd/popgate/internal/account"
	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/server"
)

// mailboxConfig are the settings of a command that works on a mailbox.
type mailboxConfig struct {
	gateway             gatewayConfig
	direct              bool
	user, mechanism     string
	passwordFile, netrc string
	ca, name            string
	timeout             time.Duration
	unsafePlaintext     bool
	unsafeUnverifiedTLS bool
}

// mailboxHelp is about the argument and the secret; it stands in the help of every command that works on a mailbox.
const mailboxHelp = `MAILBOX is one of
  pops://user@host:port       TLS from the first octet; the port is 995 if none is given
  pop://user@host:port        STLS, which the server has to accept; the port is 110 if none is given
  pops://user;AUTH=PLAIN@host with a SASL mechanism; percent-encode "@" and the like in the user's name (RFC 2384)
  user@example.com            a mail address: DNS is asked for the server (SRV, RFC 6186), and the user is the whole address
  host:port, or example.com   with --user; a domain's server is asked of DNS

The password comes from the first of: --password-file; the URL, which the process list shows to everybody on this machine;
POPGATE_ACCESS_TOKEN (OAuth 2.0) or POPGATE_PASSWORD; --netrc or ~/.netrc; the terminal.

A gateway does the work: --gateway says which. --direct does it in this process.`

// statusHelp is about the exit status.
const statusHelp = `Exit status: 0 all is done; 1 an error, nothing more is known to be done; 2 the command line is wrong; 3 a part is not done.`

// flags defines the flags.
func (c *mailboxConfig) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	c.gateway.flags(f, "gateway")
	c.gateway.callerFlags(f)
	f.BoolVar(&c.direct, "direct", false, "work in this process, without a gateway")
	f.StringVar(&c.user, "user", "", "`name` to log in with, in place of MAILBOX's")
	f.StringVar(&c.mechanism, "mechanism", "", "SASL `mechanism`; without it the strongest that fits")
	f.StringVar(&c.passwordFile, "password-file", "", "`file` with the password in its first line")
	f.StringVar(&c.netrc, "netrc", "", "`file` with passwords by host, as ftp has it; without it ~/.netrc, if that exists")
	f.StringVar(&c.ca, "pop3-ca", "", "PEM `file` with the certificates to verify the POP3 server by, in place of the system's roots")
	f.StringVar(&c.name, "pop3-server-name", "", "`name` that the POP3 server's certificate has to hold, in place of the host")
	f.DurationVar(&c.timeout, "io-timeout", 0, "how long each wait for the POP3 server may last; 0 is the contract's")
	f.BoolVar(&c.unsafePlaintext, "unsafe-plaintext", false,
		"log in without TLS: who is on the way reads password and mail; a gateway has to allow it too")
	f.BoolVar(&c.unsafeUnverifiedTLS, "unsafe-unverified-tls", false,
		"take any certificate of the POP3 server: who is on the way can pretend to be it; a gateway has to allow it too")
}

// access is what a call on a mailbox needs.
type access struct {
	client      pb.MailboxServiceClient
	server      *pb.Server
	credentials *pb.Credentials
	name        string // user@host, the same for the same mailbox
	hint        string // where the gateway is, for errors
	close       func()
}

// access finds out server, user and secret, and connects to the gateway. The caller calls close.
func (c *mailboxConfig) access(cmd *cobra.Command, text string) (*access, error) {
	a, to, err := c.locate(cmd, text)
	if err != nil {
		return nil, err
	}
	a, credentials, err := c.credentials(cmd.Context(), a)
	if err != nil {
		return nil, err
	}
	conn, stop, err := c.connect(to)
	if err != nil {
		return nil, err
	}
	return &access{
		client: pb.NewMailboxServiceClient(conn), server: to, credentials: credentials,
		name: a.User + "@" + a.Host, hint: c.gateway.address, close: stop,
	}, nil
}

// locate finds out the server, and the user where the command line names one.
func (c *mailboxConfig) locate(cmd *cobra.Command, text string) (account.Account, *pb.Server, error) {
	a, err := c.account(cmd, text)
	if err != nil {
		return a, nil, err
	}
	to, err := c.server(a)
	return a, to, err
}

// account reads what names the mailbox, and asks DNS for the host where only a domain is named.
func (c *mailboxConfig) account(cmd *cobra.Command, text string) (account.Account, error) {
	a, err := account.Parse(text)
	if err != nil {
		return a, &usageError{fmt.Errorf("MAILBOX: %w", err)}
	}
	if !c.direct {
		if err := c.gateway.checkSecrets(); err != nil {
			return a, err
		}
	}
	if a.Password != "" && c.passwordFile == "" {
		cmd.PrintErrln("popgate: warning: the process list shows the password in the URL to everybody on this machine")
	}
	if a, err = a.Discover(cmd.Context(), net.DefaultResolver.LookupSRV); err != nil {
		return a, err
	}
	a.User, a.Mechanism = either(c.user, a.User), either(c.mechanism, a.Mechanism)
	return a, nil
}

// credentials finds out user and secret, which takes a person at the terminal where nothing else has it.
func (c *mailboxConfig) credentials(ctx context.Context, a account.Account) (account.Account, *pb.Credentials, error) {
	a, secret, err := c.secrets(ctx).Find(a)
	if err != nil {
		return a, nil, err
	}
	return a, credentialsOf(a, secret), nil
}

// secrets returns where the secret may come from.
func (c *mailboxConfig) secrets(ctx context.Context) account.Sources {
	sources := account.Sources{File: c.passwordFile, Getenv: os.Getenv, Netrc: c.netrc}
	if terminal.CanAsk() {
		sources.Prompt = func(question string) (string, error) { return terminal.AskSecret(ctx, question) }
	}
	return sources
}

func credentialsOf(a account.Account, secret account.Secret) *pb.Credentials {
	credentials := &pb.Credentials{Username: a.User, Mechanism: a.Mechanism, Secret: &pb.Credentials_Password{Password: secret.Password}}
	if secret.AccessToken != "" {
		credentials.Secret = &pb.Credentials_AccessToken{AccessToken: secret.AccessToken}
	}
	return credentials
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// server returns the message for an account.
func (c *mailboxConfig) server(a account.Account) (*pb.Server, error) {
	options := &pb.TlsOptions{ServerName: c.name, InsecureSkipVerify: c.unsafeUnverifiedTLS}
	switch {
	case c.unsafePlaintext && a.TLS == account.Implicit:
		return nil, &usageError{errors.New("--unsafe-plaintext does not go with TLS from the first octet; write pop://user@host")}
	case c.unsafePlaintext:
		options.Mode = pb.TlsMode_TLS_MODE_PLAINTEXT
	case a.TLS == account.Implicit:
		options.Mode = pb.TlsMode_TLS_MODE_IMPLICIT
	case a.TLS == account.STLS:
		options.Mode = pb.TlsMode_TLS_MODE_STLS
	case a.Port != 0 && a.Port != 995:
		options.Mode = pb.TlsMode_TLS_MODE_STLS
	}
	if c.ca != "" {
		pem, err := os.ReadFile(c.ca)
		if err != nil {
			return nil, fmt.Errorf("--pop3-ca: %w", err)
		}
		options.CaBundlePem = string(pem)
	}
	to := &pb.Server{Host: a.Host, Tls: options}
	if a.Port != 0 {
		to.Port = new(uint32(a.Port))
	}
	if c.timeout != 0 {
		to.IoTimeout = durationpb.New(c.timeout)
	}
	return to, nil
}

// connect connects to the gateway, or to one of this process's own.
func (c *mailboxConfig) connect(to *pb.Server) (*grpc.ClientConn, func(), error) {
	if c.direct {
		return direct(to, server.Config{
			Replica: "direct", UnsafeAllowPlaintext: c.unsafePlaintext, UnsafeAllowUnverifiedTLS: c.unsafeUnverifiedTLS,
		})
	}
	conn, err := c.gateway.connect()
	if err != nil {
		return nil, nil, err
	}
	return conn, func() { _ = conn.Close() }, nil
}

// failed returns the error of a failed call for a person; ctx is the command's.
func (a *access) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return explained(err, a.hint)
}
