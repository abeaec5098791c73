package pop3

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"time"
)

// Mode says when TLS begins.
type Mode int

const (
	// Automatic is Implicit where the port is 995 or absent, else STLS.
	Automatic Mode = iota
	// Implicit is TLS from the first octet (RFC 8314 section 3.2).
	Implicit
	// STLS is plaintext until STLS, which Dial sends at once and which has to succeed (RFC 2595 section 4).
	STLS
	// Plaintext is no TLS, until Stls is called.
	Plaintext
)

// Options are the settings of a Client. A nil pointer means the zero value, which is ready to use and secure.
type Options struct {
	// Mode says when Dial begins TLS.
	Mode Mode
	// TLS configures TLS; nil means verified, by the dialled host's name and the system's roots. Version 1.2 is the least, and
	// the ALPN protocol "pop3" is offered unless NextProtos is set.
	TLS *tls.Config
	// UnsafeAllowPlaintext lets logins go over plaintext.
	UnsafeAllowPlaintext bool
	// LenientStatus takes any status line that begins with "+" for success and any other for refusal, as Python's poplib does.
	LenientStatus bool
	// AllowAnyTimestamp takes any <…> of the greeting for the APOP time stamp. Without it only a message id counts
	// (CVE-2007-1558).
	AllowAnyTimestamp bool
	// Timeouts are the limits of each wait.
	Timeouts Timeouts
	// Trace is told the dialogue, if it is not nil.
	Trace *Trace
	// Observe is told of each command that is over, with the context it ran in, if it is not nil. It is called by the goroutine that
	// runs the command, and must not block nor use the Client.
	Observe func(ctx context.Context, done Done)
	// DialContext makes Dial's TCP connection to host:port and is to return when its context ends; nil means that of a Dialer. A
	// proxy goes here: that of golang.org/x/net/proxy for SOCKS5, which then looks the host up itself. A *tls.Conn counts as TLS with
	// the server, not with a proxy. No variable of the environment, such as ALL_PROXY, is heeded.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	inspecting bool // InspectTLS: TLS before 1.2 will do
}

// Timeouts are limits of waits for the server. Zero means the default in brackets.
type Timeouts struct {
	// Connect is for the TCP connection, with the look-up of its name and all its attempts [10 s].
	Connect time.Duration
	// Handshake is for a TLS handshake [10 s].
	Handshake time.Duration
	// Greeting is for the greeting to be complete [30 s].
	Greeting time.Duration
	// Reply is for a status line to be complete, and in a listing for the next octet [60 s].
	Reply time.Duration
	// Login is for a status line to PASS, APOP, RPOP, AUTH and QUIT to be complete: servers lock and index then [5 min].
	Login time.Duration
	// Data is for the next octet of a message [60 s].
	Data time.Duration
}

func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		Connect:   cmp.Or(t.Connect, 10*time.Second),
		Handshake: cmp.Or(t.Handshake, 10*time.Second),
		Greeting:  cmp.Or(t.Greeting, 30*time.Second),
		Reply:     cmp.Or(t.Reply, time.Minute),
		Login:     cmp.Or(t.Login, 5*time.Minute),
		Data:      cmp.Or(t.Data, time.Minute),
	}
}

// UniformTimeouts returns Timeouts in which every limit is d.
func UniformTimeouts(d time.Duration) Timeouts {
	return Timeouts{Connect: d, Handshake: d, Greeting: d, Reply: d, Login: d, Data: d}
}
