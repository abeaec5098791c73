package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// Client is one connection to a POP3 server. See the package documentation for what all its methods have in common.
type Client struct {
	opts  Options
	raw   net.Conn // the connection as it was given; Close closes it at any time
	conn  net.Conn // raw, or TLS over it
	wire  *wire.Reader
	state State

	closed    atomic.Bool
	broken    *BrokenError // once dead, always dead
	greeted   bool
	welcome   string
	stamp     string       // for APOP, "" if the greeting has none
	capa      []Capability // the last one in this security layer, nil if unknown
	utf8      bool         // UTF8 is on
	pipelines bool         // the server has shown that it can PIPELINING
	marked    bool         // a DELE stands
	address   string       // as Dial has it, "" else
	outcome   Outcome      // of Quit

	sent, received int64 // octets since Options.Observe was told

	running *operation // the command under way, also while its Message or Listing is read
	secrets secrets    // of the command under way
	line    []byte     // scratch for command lines
}

// New returns a Client over a connection that is open already and, where it is a *tls.Conn, encrypted. It does no I/O: the
// greeting is read by Welcome or the first command. On a connection that is not a syscall.Conn, nor TLS over one, each command
// costs an extra millisecond, as only a short read shows whether the server spoke out of turn.
func New(conn net.Conn, opts *Options) *Client {
	c := &Client{raw: conn, conn: conn}
	if opts != nil {
		c.opts = *opts
	}
	c.opts.Timeouts = c.opts.Timeouts.withDefaults()
	if t, ok := conn.(*tls.Conn); ok {
		c.raw = t.NetConn()
	}
	c.wire = wire.NewReader(connReader{c})
	return c
}

// Welcome returns the greeting (RFC 1939 section 4), and reads it if that was not done yet. A greeting of -ERR is a
// *RefusedError, and the connection is closed.
func (c *Client) Welcome(ctx context.Context) (string, error) {
	if c.greeted {
		return c.welcome, nil
	}
	if err := c.begin(ctx, "", c.opts.Timeouts.Greeting); err != nil {
		return "", err
	}
	err := c.end(c.readGreeting())
	if err != nil && !c.dead() && !c.greeted { // refused
		_ = c.fail(ConnectionLost, "", nil)
	}
	return c.welcome, err
}

func (c *Client) readGreeting() error {
	st, err := c.readStatus()
	if err != nil {
		return err
	}
	c.greeted = true
	c.welcome = st.response
	c.stamp = timestamp(st.text, c.opts.AllowAnyTimestamp)
	return nil
}

// Greeting returns the greeting that Dial or Welcome has read, or "".
func (c *Client) Greeting() string { return c.welcome }

// State returns the state of the connection, as far as the replies have told it.
func (c *Client) State() State { return c.state }

// TLS returns the state of TLS, and whether the connection has TLS at all.
func (c *Client) TLS() (tls.ConnectionState, bool) {
	if t, ok := c.conn.(*tls.Conn); ok {
		return t.ConnectionState(), true
	}
	return tls.ConnectionState{}, false
}

// Close closes the connection without QUIT: the server removes nothing (RFC 1939 section 6). It may be called at any time, from
// any goroutine, and more than once; a command that is running returns a *BrokenError with the cause Closed.
func (c *Client) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	return c.raw.Close()
}

func (c *Client) dead() bool { return c.broken != nil }

// fail makes the connection dead.
func (c *Client) fail(cause Cause, response string, err error) *BrokenError {
	if c.broken == nil {
		c.broken = &BrokenError{Cause: cause, Response: response, Err: err}
		if c.running != nil {
			c.broken.Command = c.running.name
		}
		c.closed.Store(true)
		_ = c.raw.Close() // the error of interest is err
	}
	return c.broken
}

// failBy makes the connection dead by an error of reading or writing.
func (c *Client) failBy(err error) *BrokenError {
	op := c.running
	switch {
	case c.closed.Load() && c.broken == nil:
		return c.fail(Closed, "", net.ErrClosed)
	case errors.Is(err, wire.ErrLineTooLong), errors.Is(err, errTooMany), errors.Is(err, errNoStatus),
		errors.Is(err, errOutOfTurn), errors.Is(err, errNotProven):
		return c.fail(Protocol, "", err)
	case errors.Is(err, errDrained), op.draining && isTimeout(err), op.ctx.Err() != nil && isTimeout(err):
		return c.fail(Cancelled, "", op.ctx.Err())
	case isTimeout(err):
		return c.fail(Timeout, "", nil)
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return c.fail(ConnectionLost, "", err)
}

// errNoStatus says that a line begins with no status indicator.
var errNoStatus = errors.New("a reply without +OK or -ERR")

// errTooMany says that a listing has more lines than its limit, or an exchange more challenges.
var errTooMany = errors.New("too many lines or challenges")

// status is a status line.
type status struct {
	response string // the line, without secrets
	text     []byte // what follows the indicator, as it came; valid until the next read
	bareLF   bool
}

// readStatus reads a status line. -ERR is a *RefusedError; any other error has made the connection dead.
func (c *Client) readStatus() (status, error) {
	line, bareLF, err := c.wire.Line(wire.MaxStatusLine)
	if err != nil {
		return status{}, c.failBy(err)
	}
	return c.statusOf(line, bareLF)
}

func (c *Client) statusOf(line []byte, bareLF bool) (status, error) {
	kind, text := wire.ParseStatus(line, c.opts.LenientStatus)
	response := c.secrets.redactStatus(line, text)
	c.opts.Trace.line(TraceReplies, false, response)
	switch kind {
	case wire.OK:
		return status{response, text, bareLF}, nil
	case wire.Err:
		return status{}, &RefusedError{Command: c.running.name, Response: response, Code: wire.ResponseCode(text)}
	case wire.Neither:
	}
	return status{}, c.failBy(errNoStatus)
}

// command is a command line and what is known of its reply.
type command struct {
	verb   string
	args   []string
	number uint32   // of the message that it names, 0 for none
	secret bool     // the last argument must not show
	hide   []string // texts that must not show while the command runs
}

// shown is the command as a trace shows it.
func (cmd command) shown() string {
	words := append([]string{cmd.verb}, cmd.args...)
	if cmd.secret {
		words[len(words)-1] = hidden
	}
	return strings.Join(words, " ")
}

func (c *Client) traceCommand(cmd command) {
	if c.opts.Trace.on(TraceCommands) {
		c.opts.Trace.line(TraceCommands, true, cmd.shown())
	}
}

// start begins an operation and sends its command line.
func (c *Client) start(ctx context.Context, cmd command) error {
	if err := c.prepare(ctx, cmd); err != nil {
		return err
	}
	if err := c.send(cmd); err != nil {
		return c.end(err)
	}
	return nil
}

// prepare begins an operation, and makes sure that its command may be sent now.
func (c *Client) prepare(ctx context.Context, cmd command) error {
	if err := CheckCommand(cmd.verb, cmd.args...); err != nil {
		return err
	}
	if _, err := c.Welcome(ctx); err != nil {
		return err
	}
	limit := c.opts.Timeouts.Reply
	switch cmd.verb {
	case "PASS", "APOP", "RPOP", "AUTH", "QUIT":
		limit = c.opts.Timeouts.Login
	}
	if err := c.begin(ctx, cmd.verb, limit); err != nil {
		return err
	}
	c.running.number = cmd.number
	c.secrets.add(cmd.hide...)
	if err := c.checkSilence(); err != nil {
		return c.end(err)
	}
	if err := ctx.Err(); err != nil {
		return c.end(err)
	}
	return nil
}

// send writes a command line. An error has made the connection dead.
func (c *Client) send(cmd command) error {
	line, err := wire.AppendCommand(c.line[:0], cmd.verb, cmd.args...)
	if err != nil {
		return &ArgumentError{Command: cmd.verb, Err: err}
	}
	c.traceCommand(cmd)
	return c.write(line)
}

// maxScratch is how much memory for command lines an idle client keeps.
const maxScratch = 512

// write writes a line and keeps its memory as scratch, without what it held if that may be a secret.
func (c *Client) write(line []byte) error {
	err := c.writeConn(line)
	if len(c.secrets.texts) > 0 {
		clear(line)
	}
	if cap(line) <= maxScratch {
		c.line = line
	}
	if err != nil {
		return c.failBy(err)
	}
	return nil
}

// roundTrip runs a command that has a reply of one line, and calls accept with it if it is +OK, also where the context has
// ended meanwhile.
func (c *Client) roundTrip(ctx context.Context, cmd command, accept func(status)) error {
	if err := c.start(ctx, cmd); err != nil {
		return err
	}
	st, err := c.readStatus()
	if err == nil {
		accept(st)
	}
	return c.end(err)
}

// simple runs a command of which only the status line counts, which it returns.
func (c *Client) simple(ctx context.Context, verb string, args ...string) (response string, err error) {
	err = c.roundTrip(ctx, command{verb: verb, args: args}, func(st status) { response = st.response })
	return response, err
}
