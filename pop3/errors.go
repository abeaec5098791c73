package pop3

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/popgate/popgate/pop3/internal/wire"
)

var (
	// ErrTLSRequired is returned for a secret that would have gone over plaintext. Nothing was sent.
	ErrTLSRequired = errors.New("pop3: refusing to send a secret over plaintext")
	// ErrWrongState is returned by Stls where TLS is on already or the login is done. Nothing was sent.
	ErrWrongState = errors.New("pop3: STLS makes sense only before TLS and before login")
	// ErrNotOffered is returned where the server cannot do what was asked for: APOP without a time stamp in the greeting, or
	// Auth without a common mechanism. Nothing secret was sent. A RefusedError for lack of support matches it too.
	ErrNotOffered = errors.New("pop3: not offered by the server")
	// ErrBusy is returned for a command while a Message or a Listing is neither read to its end nor closed.
	ErrBusy = errors.New("pop3: the reply to the last command is not read or closed yet")
	// ErrCancelExchange is returned by the callback of AuthExchange to cancel the exchange.
	ErrCancelExchange = errors.New("pop3: exchange cancelled")
)

// ArgumentError says that an argument cannot be sent: it holds CR, LF or NUL, is out of range, or makes too long a line.
type ArgumentError struct {
	// Command is the POP3 command.
	Command string
	// Err says what is wrong.
	Err error
}

// Error implements error. It does not show the argument, which may be a secret.
func (e *ArgumentError) Error() string {
	return fmt.Sprintf("pop3: %s: an argument %v", e.Command, e.Err)
}

// Unwrap returns Err.
func (e *ArgumentError) Unwrap() error { return e.Err }

// RefusedError is a -ERR reply. The connection lives on, save after a greeting or a QUIT.
type RefusedError struct {
	// Command is the POP3 command, "" for the greeting.
	Command string
	// Response is the status line without its line end.
	Response string
	// Code is the response code (RFC 2449 section 8) in capital letters without brackets: AUTH, IN-USE, LOGIN-DELAY, SYS/TEMP,
	// SYS/PERM, UTF8, or "".
	Code string
	// NotOffered says that the server does not have the command: -ERR to CAPA, or -ERR without a response code to UIDL without a
	// number, or to something that the last CAPA does not list.
	NotOffered bool
	// Challenge is why a token was refused, as OAUTHBEARER and XOAUTH2 give it, decoded: JSON with status, scope and schemes
	// (RFC 7628 section 3.2.2). It is "" for other mechanisms.
	Challenge string
}

// Error implements error.
func (e *RefusedError) Error() string {
	command := e.Command
	if command == "" {
		command = "greeting"
	}
	return fmt.Sprintf("pop3: %s: %q", command, e.Response)
}

// Is makes errors.Is(err, ErrNotOffered) hold where the server does not have the command.
func (e *RefusedError) Is(target error) bool { return target == ErrNotOffered && e.NotOffered }

// MalformedError is a reply that is whole but not as the RFC has it. The connection lives on.
type MalformedError struct {
	// Command is the POP3 command.
	Command string
	// Response is the status line without its line end.
	Response string
}

// Error implements error.
func (e *MalformedError) Error() string {
	return fmt.Sprintf("pop3: %s: cannot read the reply %q", e.Command, e.Response)
}

// BrokenError says that the connection is dead. Every later call returns it again.
type BrokenError struct {
	// Command is the POP3 command that was running, "" for the greeting.
	Command string
	// Cause says why.
	Cause Cause
	// Response is the line by which the server said good-bye to an idle connection, or "".
	Response string
	// Err is the underlying error, or nil.
	Err error
}

// Error implements error.
func (e *BrokenError) Error() string {
	var s strings.Builder
	s.WriteString("pop3: ")
	if e.Command != "" {
		s.WriteString(e.Command + ": ")
	}
	s.WriteString(e.Cause.String())
	if e.Response != "" {
		fmt.Fprintf(&s, " (%q)", e.Response)
	}
	if e.Err != nil {
		s.WriteString(": " + e.Err.Error())
	}
	return s.String()
}

// Unwrap returns Err.
func (e *BrokenError) Unwrap() error { return e.Err }

// Timeout reports whether the server did not answer in time.
func (e *BrokenError) Timeout() bool { return e.Cause == Timeout }

// DialError says that no connection could be made.
type DialError struct {
	// Address is what was dialled, host:port.
	Address string
	// Err is the dialer's error, such as a *net.OpError or *net.DNSError.
	Err error
}

// Error implements error.
func (e *DialError) Error() string { return fmt.Sprintf("pop3: connect to %s: %v", e.Address, e.Err) }

// Unwrap returns Err.
func (e *DialError) Unwrap() error { return e.Err }

// Timeout reports whether the time for it was over.
func (e *DialError) Timeout() bool {
	var t net.Error
	return errors.As(e.Err, &t) && t.Timeout()
}

// CheckCommand reports as an *ArgumentError whether a command line could be sent with these arguments, and sends nothing.
func CheckCommand(verb string, args ...string) error {
	if _, err := wire.AppendCommand(nil, verb, args...); err != nil {
		return &ArgumentError{Command: verb, Err: err}
	}
	return nil
}
