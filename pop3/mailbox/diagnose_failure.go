package mailbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/popgate/popgate/pop3"
)

// quote returns what a server has said, for a text.
func (d *diagnosing) quote(said string) string { return `"` + d.mailbox.Credentials.Redact(said) + `"` }

// failed makes a finding of what has ended a step, or returns an error that is not the server's doing.
func (d *diagnosing) failed(ctx context.Context, err error) error {
	var (
		dial      *pop3.DialError
		broken    *pop3.BrokenError
		refused   *pop3.RefusedError
		malformed *pop3.MalformedError
	)
	switch {
	case errors.As(err, &dial):
		d.unreached(dial)
	case errors.As(err, &broken):
		d.broken(ctx, broken)
	case errors.As(err, &refused):
		d.refused(refused)
	case errors.As(err, &malformed):
		d.add(ProtocolBroken, fmt.Sprintf("%s: the reply to %s cannot be read: %s", d.at, malformed.Command, d.quote(malformed.Response)))
	case errors.Is(err, pop3.ErrNotOffered):
		d.noMechanism()
	case errors.Is(err, ErrTooLarge):
		d.add(ListingDamaged, "the unique-ids take more than 256 MiB")
	default:
		return err
	}
	return ctx.Err()
}

// unreached tells why there is no connection. The text is free of what the system says, which names addresses of this network.
func (d *diagnosing) unreached(err *pop3.DialError) {
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case isDNS && dns.IsNotFound:
		d.add(NameNotFound, d.host+" has no address")
	case isDNS:
		d.add(Unreachable, "the addresses of "+d.host+" cannot be looked up at the moment")
	case errors.Is(err, syscall.ECONNREFUSED):
		d.add(ConnectionRefused, d.address+" refuses connections")
	case err.Timeout():
		d.add(Unreachable, d.address+" does not answer in time")
	default:
		d.add(Unreachable, d.address+" cannot be reached")
	}
}

// broken tells why a connection has ended.
func (d *diagnosing) broken(ctx context.Context, err *pop3.BrokenError) {
	finding := ConnectionLost
	switch err.Cause {
	case pop3.Timeout:
		finding = ServerSilent
	case pop3.Protocol:
		finding = ProtocolBroken
	case pop3.TLSVerification:
		d.inspect(ctx, err, CertificateUntrusted)
		return
	case pop3.TLSHandshake:
		d.inspect(ctx, err, TLSHandshakeFailed)
		return
	case pop3.ConnectionLost:
		if d.TLS == nil && (err.Command == "STLS" || err.Command == "" && d.opts.Mode == pop3.Implicit) {
			d.inspect(ctx, err, ConnectionLost)
			return
		}
	}
	if cannotCAPA(err) && d.mute && !d.mailbox.plain() {
		d.add(NoMechanism, "the server cannot be asked by CAPA which mechanisms it has")
		return
	}
	d.add(finding, d.at+": "+d.brokenText(err))
}

// brokenText describes the end of a connection.
func (d *diagnosing) brokenText(err error) string {
	var broken *pop3.BrokenError
	if !errors.As(err, &broken) {
		return err.Error()
	}
	text := broken.Cause.String() + " before the greeting"
	if broken.Command != "" {
		text = broken.Cause.String() + " at " + broken.Command
	}
	switch {
	case broken.Response != "":
		text += ", with " + d.quote(broken.Response)
	case broken.Err != nil && broken.Cause != pop3.ConnectionLost: // which would name addresses
		text += ": " + d.mailbox.Credentials.Redact(broken.Err.Error())
	}
	return text
}

// refused tells what a refusal means.
func (d *diagnosing) refused(err *pop3.RefusedError) {
	finding := ServiceRefused
	switch {
	case err.InUse():
		finding = MailboxInUse
	case err.Code == "LOGIN-DELAY":
		finding = LoginDelay
	case strings.HasPrefix(err.Code, "SYS/"):
	case err.Command == "STLS":
		finding = StlsMissing
	case err.Command == "AUTH" && err.Code == "" && (err.NotOffered || d.lacksMechanism()):
		finding = NoMechanism
	case err.IsLogin(), err.Command == "USER":
		finding = LoginRefused
	}
	d.add(finding, d.at+": "+d.refusedText(err))
}

// refusedText describes a refusal.
func (d *diagnosing) refusedText(err *pop3.RefusedError) string {
	text := err.Command + " is refused"
	if err.Command == "" {
		text = "the greeting is a refusal"
	}
	if strings.HasPrefix(strings.ToUpper(err.Response), "-ERR") { // else it is LenientStatus: what listens there is not to be read out
		text += ": " + d.quote(err.Response)
	}
	if err.Challenge != "" {
		text += ", because of " + d.quote(err.Challenge)
	}
	return text
}

// lacksMechanism reports whether CAPA does not list the mechanism that the credentials name.
func (d *diagnosing) lacksMechanism() bool {
	name := strings.ToUpper(d.mailbox.Credentials.Mechanism)
	return name != "" && (d.BeforeTLS != nil || d.AfterTLS != nil) && !slices.Contains(d.Mechanisms, name)
}

// noMechanism tells which mechanisms there are.
func (d *diagnosing) noMechanism() {
	text := "CAPA lists no SASL mechanism"
	if len(d.Mechanisms) > 0 {
		text = "CAPA lists the mechanisms " + strings.Join(d.Mechanisms, " ")
	}
	d.add(NoMechanism, text)
}
