package pop3

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// maxRounds is the greatest number of challenges in one exchange.
const maxRounds = 8

// Challenge is a server's step of a SASL exchange (RFC 5034 section 4).
type Challenge struct {
	// Data are the decoded octets.
	Data []byte
	// Raw says that the server did not send base64: Data is what it sent.
	Raw bool
}

// AuthExchange runs a SASL exchange (AUTH, RFC 5034) whose responses the caller computes, and returns the status line. initial is
// the initial response, nil for none; present and empty it is sent as "=". respond is called for each challenge, at most 8 times,
// of at most 12 KiB each. If it returns an error, "*" cancels the exchange; the error is returned, or for ErrCancelExchange the
// server's refusal.
//
// An initial response that would make the command line longer than 255 octets answers the first challenge instead. "+OK" before the
// server has got any response counts as an empty challenge: Exchange 2003 sends it, and nobody can be logged in by then.
func (c *Client) AuthExchange(
	ctx context.Context, mechanism string, initial []byte, respond func(Challenge) ([]byte, error),
) (string, error) {
	x := &exchange{c: c, mechanism: upper(mechanism), initial: initial, respond: respond}
	return c.authExchange(ctx, x)
}

func (c *Client) authExchange(ctx context.Context, x *exchange) (response string, err error) {
	if err := CheckMechanism(x.mechanism); err != nil {
		return "", err
	}
	if err := c.guardSecret(); err != nil {
		return "", err
	}
	cmd := x.command()
	if err := c.start(ctx, cmd); err != nil {
		return "", err
	}
	response, err = x.run()
	if x.rounds == 0 {
		err = c.notOfferedMechanism(err, x.mechanism)
	}
	return response, c.end(err)
}

// CheckMechanism reports as an *ArgumentError whether a SASL mechanism's name is not one (RFC 4422 section 3.1).
func CheckMechanism(name string) error {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if name == "" || len(name) > 20 || strings.Trim(upper(name), allowed) != "" {
		return &ArgumentError{Command: "AUTH", Err: errors.New("is no name of a SASL mechanism")}
	}
	return nil
}

// exchange is a SASL exchange.
type exchange struct {
	c         *Client
	mechanism string
	initial   []byte // the initial response, nil for none
	twoLines  bool   // the initial response answers the first challenge, even if it would fit into the line of AUTH
	respond   func(Challenge) ([]byte, error)
	proven    func() bool // whether the server has done its part of a mechanism that asks for it; nil if none does
	hide      []string    // what must not show, beside the initial response

	late      []byte // the initial response, if it still has to be sent
	responded bool   // the server has got a response, so +OK means success
	rounds    int
}

// command returns the AUTH command, and keeps the initial response for the first challenge where it is not part of it.
func (x *exchange) command() command {
	x.late, x.responded, x.rounds = nil, false, 0
	cmd := command{verb: "AUTH", args: []string{x.mechanism}, hide: append([]string{string(x.initial)}, x.hide...)}
	if len(x.initial) > 0 {
		cmd.hide = append(cmd.hide, x.encoded())
	}
	switch {
	case x.initial == nil:
	case x.twoLines || x.tooLong():
		x.late = x.initial
	default:
		cmd.args, cmd.secret = append(cmd.args, x.encoded()), true
		x.responded = true
	}
	return cmd
}

// encoded returns the initial response as it stands in the line of AUTH (RFC 5034 section 4).
func (x *exchange) encoded() string {
	if len(x.initial) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(x.initial)
}

// tooLong reports whether the line of AUTH has no room for the initial response.
func (x *exchange) tooLong() bool { return CheckCommand("AUTH", x.mechanism, x.encoded()) != nil }

func (x *exchange) run() (string, error) {
	for {
		challenge, st, err := x.read()
		if err != nil || challenge == nil {
			return st.response, err
		}
		if x.rounds++; x.rounds > maxRounds {
			return "", x.c.failBy(errTooMany)
		}
		answer, err := x.answer(*challenge)
		if err == nil { // it may have taken its time
			err = x.c.running.ctx.Err()
		}
		if err != nil {
			return x.cancel(err)
		}
		if err := x.send(answer); err != nil {
			return "", err
		}
	}
}

func (x *exchange) answer(challenge Challenge) ([]byte, error) {
	if late := x.late; late != nil {
		x.late = nil
		return late, nil
	}
	if err := x.c.running.ctx.Err(); err != nil {
		return nil, err
	}
	return x.respond(challenge)
}

// send sends a response.
func (x *exchange) send(answer []byte) error {
	x.responded = true
	encoded := base64.StdEncoding.EncodeToString(answer)
	x.c.secrets.add(string(answer), encoded) // that, too, comes back in base64, with the line
	line, err := wire.AppendLine(x.c.line[:0], encoded)
	if err != nil {
		return err
	}
	x.c.opts.Trace.line(TraceReplies, true, hidden)
	return x.write(line)
}

// write writes a line. The octets before it that are no answer yet make it useless, as before a command.
func (x *exchange) write(line []byte) error {
	if x.c.wire.Buffered() > 0 {
		return x.c.failBy(errOutOfTurn)
	}
	return x.c.write(line)
}

// read reads the server's next step: a challenge, or a status line.
func (x *exchange) read() (*Challenge, status, error) {
	c := x.c
	line, _, err := c.wire.Line(wire.MaxChallenge)
	if err != nil {
		return nil, status{}, c.failBy(err)
	}
	if text, ok := bytes.CutPrefix(line, []byte("+")); ok && (len(text) == 0 || text[0] == ' ') {
		c.opts.Trace.line(TraceReplies, false, "+ "+hidden)
		return decodeChallenge(string(bytes.TrimPrefix(text, []byte(" ")))), status{}, nil
	}
	if len(line) > wire.MaxStatusLine-len("\r\n") {
		return nil, status{}, c.failBy(wire.ErrLineTooLong)
	}
	st, err := c.statusOf(line, false)
	switch {
	case err != nil:
		return nil, status{}, err
	case !x.responded:
		return &Challenge{}, status{}, nil
	case x.proven != nil && !x.proven():
		return nil, status{}, c.failBy(errNotProven)
	}
	c.state = Transaction
	return nil, st, nil
}

func decodeChallenge(text string) *Challenge {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return &Challenge{Data: []byte(text), Raw: true}
	}
	return &Challenge{Data: data}
}

// cancel ends the exchange for a reason of the caller's (RFC 5034 section 4).
func (x *exchange) cancel(reason error) (string, error) {
	c := x.c
	if c.running.ctx.Err() != nil {
		c.running.drain()
	}
	c.opts.Trace.line(TraceReplies, true, "*")
	if err := x.write([]byte("*\r\n")); err != nil {
		return "", err
	}
	x.responded = true // so that +OK is none of the challenges
	challenge, _, err := x.read()
	_, refused := errors.AsType[*RefusedError](err)
	switch {
	case challenge != nil, err == nil:
		return "", c.fail(Protocol, "", errNotCancelled)
	case refused && !errors.Is(reason, ErrCancelExchange):
		return "", reason
	}
	return "", err
}

// errNotProven says that a server takes the login without proof that it knows the password.
var errNotProven = errors.New("+OK without the server's signature (RFC 5802 section 5)")

// errNotCancelled says that a server goes on after "*".
var errNotCancelled = errors.New("an answer to \"*\" other than -ERR")

// notOfferedMechanism marks a refusal of a mechanism that the last CAPA does not list.
func (c *Client) notOfferedMechanism(err error, mechanism string) error {
	if refused := unexplained(err); refused != nil && c.capa != nil && !c.offersMechanism(mechanism) {
		refused.NotOffered = true
	}
	return err
}

func (c *Client) offersMechanism(name string) bool {
	sasl := c.capability("SASL")
	if sasl == nil {
		return false
	}
	for _, arg := range sasl.Args {
		if strings.EqualFold(arg, name) {
			return true
		}
	}
	return false
}
