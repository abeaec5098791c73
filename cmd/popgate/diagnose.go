package main

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/popgate/popgate/cmd/popgate/internal/account"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Exit statuses of a diagnosis that has found something, which begin behind those of all commands.
const (
	statusWarning = 3
	statusFound   = 4
)

func diagnoseCommand() *cobra.Command {
	var (
		c      mailboxConfig
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "diagnose HOST",
		Short: "Find out why a mailbox cannot be read",
		Long: `Find out why a mailbox cannot be read, or how well it can be, and change nothing. The report says what was tried, what was found,
how bad that is, and what to do.

HOST is a host, a domain, or a MAILBOX as below. Where neither a port nor a URL is given, nor DNS names a port, two doors are looked
at: TLS from the first octet at 995, and STLS at 110; with --unsafe-plaintext it is 110 alone, without TLS. Where a user and a
password are known it logs in, twice, at the first door that lets it; else nobody logs in, and nothing is learnt of the maildrop. A
wrong password is tried once. It takes seconds, and at a server that is silent everywhere some minutes.

With --json it prints one object for each door: host, port, mode, login (credentials were given), and either report, which is a
DiagnoseServerResponse of popgate.v1 in protobuf's JSON, or error.

` + mailboxHelp + `

Exit status: 0 the mailbox can be read; 1 the diagnosis could not be made; 2 the command line is wrong; 3 the worst that was found is
a WARNING; 4 it is an ERROR. Of two doors the one that was logged in at counts, or without credentials the better one.`,
		Example: `  popgate diagnose mail.example.com
  popgate diagnose --direct alice@example.com
  popgate diagnose --json --direct pop://mail.example.com`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := c.account(cmd, args[0])
			if err != nil {
				return err
			}
			doors, err := c.doors(a)
			if err != nil {
				return err
			}
			x := &examination{mailboxConfig: &c, out: newDiagnosisPrinter(cmd.OutOrStdout(), asJSON)}
			_, x.credentials, err = c.credentials(cmd.Context(), a)
			if err != nil && !errors.Is(err, account.ErrNoUser) && !errors.Is(err, account.ErrNoSecret) {
				return err
			}
			x.anonymous = err
			return x.run(cmd.Context(), doors)
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a door")
	return cmd
}

// doors returns where a host is looked at.
func (c *mailboxConfig) doors(a account.Account) ([]*pb.Server, error) {
	accounts := []account.Account{a}
	switch open := a.Port == 0 && (a.TLS == account.ByPort || a.Domain != ""); {
	case open && c.unsafePlaintext:
		accounts[0].TLS = account.ByPort
	case open:
		secure, upgraded := a, a
		secure.TLS, upgraded.TLS = account.Implicit, account.STLS
		accounts = []account.Account{secure, upgraded}
	}
	doors := make([]*pb.Server, len(accounts))
	for i, a := range accounts {
		var err error
		if doors[i], err = c.server(a); err != nil {
			return nil, err
		}
	}
	return doors, nil
}

// look is how it went at one door.
type look struct {
	server    *pb.Server
	user      string // who was to log in; "" is nobody
	anonymous string // why there is nobody
	report    *pb.DiagnoseServerResponse
	err       error // why there is no report
}

func (l *look) address() string {
	return net.JoinHostPort(l.server.GetHost(), strconv.Itoa(int(serverPort(l.server))))
}

// mode returns the mode that the server was asked for, which the contract says by the port where none is named.
func (l *look) mode() pb.TlsMode {
	mode := l.server.GetTls().GetMode()
	switch {
	case mode != pb.TlsMode_TLS_MODE_UNSPECIFIED:
		return mode
	case serverPort(l.server) == 995:
		return pb.TlsMode_TLS_MODE_IMPLICIT
	}
	return pb.TlsMode_TLS_MODE_STLS
}

// severity returns that of the worst finding; they are sorted.
func (l *look) severity() pb.Severity {
	if findings := l.report.GetFindings(); len(findings) > 0 {
		return findings[0].GetSeverity()
	}
	return pb.Severity_SEVERITY_INFO
}

// loggedIn reports whether a login was tried, so that it should not be tried again: servers count the bad ones.
func (l *look) loggedIn() bool {
	for _, d := range l.report.GetFindings() {
		switch d.GetFinding() {
		case pb.Finding_FINDING_LOGIN_REFUSED, pb.Finding_FINDING_MAILBOX_IN_USE, pb.Finding_FINDING_NO_MECHANISM, pb.Finding_FINDING_LOGIN_DELAY:
			return true
		}
	}
	return l.report.GetMaildrop() != nil
}

// foundError says what a diagnosis has found.
type foundError struct {
	severity pb.Severity
	address  string
}

func (e *foundError) Error() string {
	return e.address + ": the worst that was found is " + article(severityName(e.severity))
}

func (e *foundError) status() int {
	if e.severity == pb.Severity_SEVERITY_WARNING {
		return statusWarning
	}
	return statusFound
}

func article(name string) string {
	if strings.HasPrefix(name, "E") {
		return "an " + name
	}
	return "a " + name
}

// examination looks at the doors of a host.
type examination struct {
	*mailboxConfig

	credentials *pb.Credentials
	anonymous   error // why there are none
	out         diagnosisPrinter
}

// run looks at each door, and returns a *foundError where something is wrong.
func (x *examination) run(ctx context.Context, doors []*pb.Server) error {
	var decisive *look
	var failed error
	for _, door := range doors {
		l := x.look(ctx, door)
		if ctx.Err() != nil || l.err != nil && len(doors) == 1 {
			return l.err
		}
		if err := x.out.look(l); err != nil {
			return err
		}
		switch {
		case l.err != nil:
			failed = l.err
			continue
		case l.loggedIn():
			x.credentials, x.anonymous = nil, errors.New("the login was tried at "+l.address())
		}
		if decisive == nil || !decisive.loggedIn() && (l.loggedIn() || l.severity() < decisive.severity()) {
			decisive = l
		}
	}
	if decisive == nil {
		return failed
	}
	if err := x.out.verdict(decisive); err != nil {
		return err
	}
	if severity := decisive.severity(); severity > pb.Severity_SEVERITY_INFO {
		return &foundError{severity, decisive.address()}
	}
	return nil
}

// look diagnoses a server at one door.
func (x *examination) look(ctx context.Context, door *pb.Server) *look {
	l := &look{server: door, user: x.credentials.GetUsername()}
	if x.credentials == nil && x.anonymous != nil {
		l.anonymous = x.anonymous.Error()
	}
	conn, stop, err := x.connect(door)
	if err != nil {
		l.err = err
		return l
	}
	defer stop()
	l.report, err = pb.NewMailboxServiceClient(conn).DiagnoseServer(ctx, &pb.DiagnoseServerRequest{Server: door, Credentials: x.credentials})
	switch {
	case err == nil:
	case ctx.Err() != nil:
		l.err = errors.New("interrupted")
	default:
		l.err = explained(err, x.gateway.address)
	}
	return l
}

// diagnosisPrinter prints what was found.
type diagnosisPrinter interface {
	look(l *look) error
	verdict(decisive *look) error
}

// newDiagnosisPrinter returns the printer that the reader wants.
func newDiagnosisPrinter(w io.Writer, asJSON bool) diagnosisPrinter {
	if asJSON {
		return &jsonDiagnosis{w}
	}
	return newTextDiagnosis(w)
}
