package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Config says how a Server works. The zero value is a secure one.
type Config struct {
	// Replica names this process in session ids: 1 to 63 letters, digits, ".", "-" or "_". Empty: "popgate".
	Replica string
	// TLS is for callers; nil is plaintext. Where ClientCAs is set, callers are told apart by the SAN of their certificate, and
	// one without a certificate is refused.
	TLS *tls.Config
	// Callers says who may call, and what. Nil: all that TLS lets in may make every call.
	Callers *Callers
	// Targets says which POP3 servers may be dialled. The zero value allows ports 110 and 995 of public addresses.
	Targets Targets
	// Proxy leads the connections to POP3 servers; nil is none. Variables of the environment, such as ALL_PROXY, are not heeded.
	Proxy *Proxy
	// Sources are the addresses that connections to POP3 servers, or to the proxy, come from.
	Sources Sources
	// UnsafeAllowPlaintext lets logins go to POP3 servers over plaintext.
	UnsafeAllowPlaintext bool
	// UnsafeAllowUnverifiedTLS lets callers switch the verification of POP3 servers' certificates off.
	UnsafeAllowUnverifiedTLS bool
	// Limits are the limits of this process.
	Limits Limits
	// Log is told one line a call, and faults. Nil discards it.
	Log *slog.Logger
	// Audit is told each OpenSession, login, DELE and QUIT, at the level INFO. Nil is none. Where its handler returns an error, the
	// event is counted as lost, the log says so, and the call goes on.
	Audit *slog.Logger
	// Tracing gets a span a call and a span a POP3 command. Nil is none.
	Tracing trace.TracerProvider

	// dial makes TCP connections in place of a dialer, in tests.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Limits are the limits of a Server. Zero means the default in brackets.
type Limits struct {
	// IdleTimeout is how long a session waits for a call [5 min].
	IdleTimeout time.Duration
	// MaxAge is how old a session gets; a call that is running then is finished [60 min].
	MaxAge time.Duration
	// Tombstone is for how long the end of a session is remembered [10 min].
	Tombstone time.Duration
	// SessionsPerCaller is the greatest number of sessions of a caller [1,000].
	SessionsPerCaller int
	// SessionsPerHost is the greatest number of sessions with one target host [500].
	SessionsPerHost int
	// Sessions is the greatest number of sessions [10,000].
	Sessions int
	// LoginsPerSecond is how many logins one target host gets a second, evenly spread; 0.1 is one in 10 s, and
	// whatever is less than one an hour is one an hour. [no limit]
	LoginsPerSecond float64
	// LoginsPerSecondPerCaller is how many logins a caller may begin a second. [no limit]
	LoginsPerSecondPerCaller float64
	// FailedLogins is how many logins in a row of a caller as a user at a host may fail before each next one has to wait: 2 s at
	// first, twice as long after each failure, 15 s at most. [3]
	FailedLogins int
	// CallsPerSecondPerCaller is how many calls a caller may begin a second. [no limit]
	CallsPerSecondPerCaller float64
	// OctetsPerSecondPerCaller is how much a caller is sent a second, in responses; streams wait. [no limit]
	OctetsPerSecondPerCaller float64
	// Queue is how many calls may wait for one session behind the one that runs [16].
	Queue int
	// SendStall is how long a caller may not read its stream [2 min].
	SendStall time.Duration
	// MessageOctets is the greatest size of a message, against a server that never ends one [4 GiB].
	MessageOctets int64
	// Connections is the greatest number of callers' connections [4,096].
	Connections int
}

func (l Limits) withDefaults() Limits {
	return Limits{
		IdleTimeout:              cmp.Or(l.IdleTimeout, 5*time.Minute),
		MaxAge:                   cmp.Or(l.MaxAge, time.Hour),
		Tombstone:                cmp.Or(l.Tombstone, 10*time.Minute),
		SessionsPerCaller:        cmp.Or(l.SessionsPerCaller, 1000),
		SessionsPerHost:          cmp.Or(l.SessionsPerHost, 500),
		Sessions:                 cmp.Or(l.Sessions, 10_000),
		LoginsPerSecond:          l.LoginsPerSecond,
		Queue:                    cmp.Or(l.Queue, 16),
		FailedLogins:             cmp.Or(l.FailedLogins, 3),
		LoginsPerSecondPerCaller: l.LoginsPerSecondPerCaller,
		CallsPerSecondPerCaller:  l.CallsPerSecondPerCaller,
		OctetsPerSecondPerCaller: l.OctetsPerSecondPerCaller,
		SendStall:                cmp.Or(l.SendStall, 2*time.Minute),
		MessageOctets:            cmp.Or(l.MessageOctets, 4<<30),
		Connections:              cmp.Or(l.Connections, 4096),
	}
}

// loginInterval is the time between two logins at a host.
func (l Limits) loginInterval() time.Duration {
	if !(l.LoginsPerSecond > 0) {
		return 0
	}
	return time.Duration(min(float64(time.Second)/l.LoginsPerSecond, float64(time.Hour)))
}

var replicaName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,63}$`)

// withDefaults returns the configuration with every default in place.
func (c Config) withDefaults() (Config, error) {
	c.Replica = cmp.Or(c.Replica, "popgate")
	if !replicaName.MatchString(c.Replica) {
		return c, fmt.Errorf("replica %q: a name is 1 to 63 letters, digits, '.', '-' or '_'", c.Replica)
	}
	c.Limits = c.Limits.withDefaults()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
