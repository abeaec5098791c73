package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/popgate/popgate/pop3"
)

// Report is what Diagnose has found. What could not be found out is nil or zero. Texts of the server are the octets that came, without
// the secret of the credentials.
type Report struct {
	// Findings are what is wrong or worth knowing: the most severe first, each once.
	Findings []Diagnosis
	// Attempts are the addresses that were tried for the first connection.
	Attempts []pop3.Attempt
	// Greeting is the server's status line.
	Greeting string
	// TLS is what the handshake showed. Without VerifiedChains it is not verified, and nothing was sent over it unless
	// InsecureSkipVerify says so.
	TLS *tls.ConnectionState
	// BeforeTLS, AfterTLS and AfterLogin are the server's capabilities.
	BeforeTLS, AfterTLS, AfterLogin *Capabilities
	// Mechanisms are the SASL mechanisms of the last CAPA before the login.
	Mechanisms []string
	// LoginDelay and Expire are those of the last CAPA that has them.
	LoginDelay time.Duration
	Expire     *pop3.Expire
	// Maildrop is nil where there was no login.
	Maildrop *Maildrop
}

// Capabilities are a reply to CAPA.
type Capabilities struct {
	// Response is the status line.
	Response string
	// List are the lines.
	List []pop3.Capability
}

// Maildrop is what the logins have shown. A nil pointer is what could not be found out.
type Maildrop struct {
	// Messages is how many there are, Octets their sum by LIST.
	Messages int
	Octets   int64
	// UniqueIDsUnique says that each message has a unique-id of its own.
	UniqueIDsUnique *bool
	// UniqueIDsStable says that another login listed the same messages with the same unique-ids.
	UniqueIDsStable *bool
	// TopHonoured says that TOP sends as much of the body as it is asked for.
	TopHonoured *bool
	// SizesTrue says that LIST gave the octets of each message of the sample.
	SizesTrue *bool
	// PipeliningTrue says that commands that were sent ahead were answered in order.
	PipeliningTrue *bool
}

// Diagnose finds out why a mailbox cannot be read, or how well it can be, and changes nothing: it never sends RETR, DELE or QUIT, and
// TOP only for up to three small messages. Address and options are those by which Dial connects: before the login Diagnose does so
// itself. Where Dial is nil it does not log in.
//
// It makes up to four connections, one behind the other: in plaintext for greeting and CAPA, unless TLS begins at once; with TLS for the
// same; a login that lists the maildrop and tries TOP and PIPELINING; and one more that lists it again. Each wait has its limit of the
// options' Timeouts. What TLS is refused for is found out by pop3.InspectTLS, which sends nothing over it.
//
// What is wrong with the server is a finding and no error. The error is the context's; a *pop3.ArgumentError for credentials that
// cannot be sent; or pop3.ErrTLSRequired for credentials that would go over plaintext, which the options do not allow.
func (m *Mailbox) Diagnose(ctx context.Context, address string, opts *pop3.Options) (*Report, error) {
	d, err := newDiagnosing(m, address, opts)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{d.inPlaintext, d.withTLS, d.firstLogin, d.secondLogin} {
		err := step(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			continue
		}
		if err := d.failed(ctx, err); err != nil {
			return nil, err
		}
		break // what comes next builds on it
	}
	d.conclude()
	return &d.Report, nil
}

// diagnosing is a Diagnose under way.
type diagnosing struct {
	Report
	address string // host:port
	host    string
	opts    pop3.Options // with the mode that the address asks for
	mailbox *Mailbox

	at        string // what is being done, for texts
	mute      bool   // CAPA has ended a connection
	hasUIDL   bool
	listing   *Listing
	loggedIn  time.Time // first
	pipelines bool      // by CAPA after login
}

func newDiagnosing(m *Mailbox, address string, opts *pop3.Options) (*diagnosing, error) {
	d := &diagnosing{mailbox: m}
	if opts != nil {
		d.opts = *opts
	}
	host, port, mode := pop3.SplitAddress(address, d.opts.Mode)
	d.host, d.address, d.opts.Mode = host, net.JoinHostPort(host, port), mode
	if m.Dial == nil {
		return d, nil
	}
	if err := pop3.CheckCredentials(m.Credentials); err != nil {
		return nil, err
	}
	if mode == pop3.Plaintext && !d.opts.UnsafeAllowPlaintext {
		return nil, pop3.ErrTLSRequired
	}
	return d, nil
}

// dial connects, and greets.
func (d *diagnosing) dial(ctx context.Context, mode pop3.Mode) (*pop3.Client, error) {
	if d.Attempts == nil {
		ctx = pop3.WithAttempts(ctx, func(attempts []pop3.Attempt) { d.Attempts = attempts })
	}
	opts := d.opts
	opts.Mode = mode
	c, err := pop3.Dial(ctx, d.address, &opts)
	if c != nil {
		d.Greeting = c.Greeting()
	}
	return c, err
}

// inPlaintext looks at a server before TLS.
func (d *diagnosing) inPlaintext(ctx context.Context) error {
	if d.opts.Mode == pop3.Implicit {
		return nil
	}
	d.at = "in plaintext"
	c, err := d.dial(ctx, pop3.Plaintext)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if d.BeforeTLS, err = d.capa(ctx, c); d.BeforeTLS == nil {
		return err
	}
	e := pop3.ExtensionsOf(d.BeforeTLS.List)
	if e.User || slices.Contains(e.SASL, "PLAIN") || slices.Contains(e.SASL, "LOGIN") {
		d.add(PlaintextLogin, "before TLS, CAPA lists ways to log in by a password as it is")
	}
	if d.opts.Mode == pop3.Plaintext && !e.Stls {
		d.add(StlsMissing, "CAPA does not list STLS")
	}
	return nil
}

// withTLS looks at a server behind TLS, before the login.
func (d *diagnosing) withTLS(ctx context.Context) error {
	if d.opts.Mode == pop3.Plaintext {
		return nil
	}
	d.at = "with TLS"
	c, err := d.dial(ctx, d.opts.Mode)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	state, _ := c.TLS()
	d.judgeTLS(state)
	d.AfterTLS, err = d.capa(ctx, c)
	return err
}

// capa asks for the capabilities, which a server may not have.
func (d *diagnosing) capa(ctx context.Context, c *pop3.Client) (*Capabilities, error) {
	if d.mute {
		return nil, nil //nolint:nilnil // not asked
	}
	list, response, err := c.Capa(ctx)
	switch {
	case errors.Is(err, pop3.ErrNotOffered):
		return nil, nil //nolint:nilnil // conclude tells
	case cannotCAPA(err) && ctx.Err() == nil:
		d.mute = true
		d.add(CapaCloses, d.at+": "+d.brokenText(err))
		return nil, nil //nolint:nilnil // told
	case err != nil:
		return nil, err
	}
	e := pop3.ExtensionsOf(list)
	if c.State() == pop3.Authorization {
		d.Mechanisms = e.SASL
	}
	if e.LoginDelay > 0 {
		d.LoginDelay = e.LoginDelay
	}
	if e.Expire != nil {
		d.Expire = e.Expire
	}
	return &Capabilities{response, list}, nil
}

// conclude adds what can be told only at the end.
func (d *diagnosing) conclude() {
	none := d.BeforeTLS == nil && d.AfterTLS == nil && d.AfterLogin == nil
	if none && !d.mute && d.Greeting != "" {
		d.add(CapaMissing, "CAPA is refused")
	}
	if d.LoginDelay > maxLoginDelay {
		d.add(LoginDelay, "the server asks for "+d.LoginDelay.String()+" between two logins")
	}
	if len(findingsOf(pop3.Extensions{Expire: d.Expire})) > 0 {
		d.add(ExpireZero, "CAPA lists EXPIRE 0")
	}
	d.sort()
	d.redact()
}

// redact takes the secret out of what the server has said; texts of findings are free of it already.
func (d *diagnosing) redact() {
	clean := d.mailbox.Credentials.Redact
	d.Greeting = clean(d.Greeting)
	for i := range d.Mechanisms {
		d.Mechanisms[i] = clean(d.Mechanisms[i])
	}
	for _, capabilities := range []*Capabilities{d.BeforeTLS, d.AfterTLS, d.AfterLogin} {
		if capabilities == nil {
			continue
		}
		capabilities.Response = clean(capabilities.Response)
		for i, line := range capabilities.List {
			args := slices.Clone(line.Args)
			for j := range args {
				args[j] = clean(args[j])
			}
			capabilities.List[i] = pop3.Capability{Line: clean(line.Line), Name: clean(line.Name), Args: args}
		}
	}
}
