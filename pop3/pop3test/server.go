package pop3test

import (
	"crypto/tls"
	"net"
	"time"
)

// Server is an honest POP3 server. Its exported fields are set before Start,
// StartTLS or ServeConn and not changed after; their zero values are a complete
// server.
type Server struct {
	// Addr is host:port, once the server has started.
	Addr string

	// Listener is where clients connect. NewUnstartedServer makes one on
	// loopback with a free port; another can take its place before the start.
	Listener net.Listener

	// Maildrops are the users' maildrops by user name.
	Maildrops map[string]*Maildrop

	// TLS is the configuration for StartTLS and STLS. Where it is nil, or holds
	// no certificate, the server shows a self-made one for localhost, 127.0.0.1
	// and ::1, which is the same in the whole process.
	TLS *tls.Config

	// Banner is the greeting line without its line end. Where it is empty it
	// is +OK with a fresh msg-id in angle brackets for APOP. APOP works with any
	// banner that contains <…>. A banner that begins with "-ERR" is followed by
	// the end of the connection.
	Banner string

	// Capabilities are the lines of CAPA (RFC 2449, section 5); nil is what the
	// server can do.
	Capabilities []string

	// MoreCapabilities are lines of CAPA behind those, such as "EXPIRE 0" for
	// maildrops whose OnQuit is [RemoveRetrieved].
	MoreCapabilities []string

	// LoginDelay is how much time must pass between two logins to one maildrop
	// (RFC 2449, section 6.5), in whole seconds: CAPA lists it, and an earlier
	// login is refused with [LOGIN-DELAY]. 0 is none. The time is that of the
	// bubble where testing/synctest has one.
	LoginDelay time.Duration

	// NoCAPA, NoAPOP and NoSTLS take a command away: it is unknown, the
	// banner has no msg-id, CAPA does not list it. NoUTF8 takes UTF8 and LANG.
	NoCAPA, NoAPOP, NoSTLS, NoUTF8 bool

	// TrustRPOP lets RPOP log in with a user name alone (RFC 1081): USER names
	// the maildrop and RPOP, whose argument means nothing here, opens it.
	TrustRPOP bool

	// Mechanisms are SASL mechanisms beside PLAIN, by name in capitals. One
	// named PLAIN takes the place of the server's own; a nil one takes it away.
	Mechanisms map[string]Mechanism

	// Intercept, where not nil, sees every command line first, in any state and
	// without its line end. Where ok is true, reply is sent as it is, which must
	// include line ends, instead of the honest answer; the command has no effect.
	// It is called by several sessions at once.
	Intercept func(line string) (reply string, ok bool)

	// Faults spoil every connection.
	Faults Faults

	// DiscardCommands makes Commands empty, for a server that lives long.
	DiscardCommands bool

	tlsFirst bool // StartTLS was called
	received recorder
	host     host
}

// NewServer returns a server that has started: plain TCP on loopback, with
// STLS. The caller calls Close.
func NewServer(maildrops map[string]*Maildrop) *Server {
	s := NewUnstartedServer(maildrops)
	s.Start()
	return s
}

// NewUnstartedServer returns a server that listens but answers nobody before
// Start or StartTLS. The caller calls Close.
func NewUnstartedServer(maildrops map[string]*Maildrop) *Server {
	return &Server{Listener: listenLoopback(), Maildrops: maildrops}
}

// Start makes the server accept connections in plain TCP.
func (s *Server) Start() {
	if s.Addr != "" {
		panic("pop3test: the server has started already")
	}
	s.Addr = s.Listener.Addr().String()
	s.host.start(s.Listener, s.ServeConn)
}

// StartTLS makes the server accept connections that begin with the TLS
// handshake (RFC 8314, section 3.2).
func (s *Server) StartTLS() {
	s.tlsFirst = true
	s.Start()
}

// Close stops listening, closes all connections, which commits nothing, and
// waits until no goroutine of the server is left. It may be called again.
func (s *Server) Close() { s.host.close(s.Listener) }

// Commands returns the lines that clients have sent so far, without their line
// ends, over all connections in the order of arrival. Passwords and the
// responses of AUTH are among them.
func (s *Server) Commands() []string {
	return s.received.all()
}

// ServeConn serves one client and returns when the session is over and conn is
// closed. The server needs no Start for it, so that a test can drive it over
// net.Pipe. After Close it closes conn at once.
func (s *Server) ServeConn(conn net.Conn) {
	faulty := newFaultConn(conn, s.Faults)
	defer s.host.leave(faulty)
	if !s.host.enter(faulty) {
		return
	}
	if s.tlsFirst && faulty.startTLS(serverTLS(s.TLS)) != nil {
		return
	}
	newSession(s, faulty).serve()
	if !faulty.cut() {
		_ = faulty.Close() // with TLS's good-bye; the client may be gone
	}
}

// record keeps a line for Commands.
func (s *Server) record(line string) {
	if !s.DiscardCommands {
		s.received.add(line)
	}
}
