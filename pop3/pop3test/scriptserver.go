package pop3test

import (
	"crypto/x509"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// TB is the part of [testing.TB] that a ScriptServer needs. It keeps package
// testing out of programs that import this package for a demonstration.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(func())
}

// grace is how long Close lets dialogues come to their end.
const grace = 100 * time.Millisecond

// ScriptServer listens on loopback and plays one script on each connection.
// What a client does otherwise than the script fails the test, unless a fault
// or Close ended that connection.
type ScriptServer struct {
	// Addr is host:port, once the server has started.
	Addr string
	// Listener is where clients connect; another can take its place before the
	// start.
	Listener net.Listener

	tb       TB
	script   *Script
	faults   Faults
	received recorder
	told     atomic.Bool // a dialogue came to its end, or the test has failed for it
	host     host
}

// NewScriptServer returns a server that has started. It closes when the test is
// over, or with Close. What it sends has the given faults.
func NewScriptServer(tb TB, script *Script, faults Faults) *ScriptServer {
	tb.Helper()
	s := NewUnstartedScriptServer(tb, script, faults)
	s.Start()
	return s
}

// NewUnstartedScriptServer returns a server that listens but answers nobody
// before Start or StartTLS.
func NewUnstartedScriptServer(tb TB, script *Script, faults Faults) *ScriptServer {
	tb.Helper()
	s := &ScriptServer{Listener: listenLoopback(), tb: tb, script: script, faults: faults}
	tb.Cleanup(s.Close)
	return s
}

// Start makes the server accept connections in plain TCP. A script that begins
// with TLS has the handshake first even so.
func (s *ScriptServer) Start() {
	if s.Addr != "" {
		panic("pop3test: the server has started already")
	}
	s.Addr = s.Listener.Addr().String()
	s.host.start(s.Listener, s.serve)
}

// StartTLS makes the server accept connections that begin with the TLS
// handshake; the script need not say so.
func (s *ScriptServer) StartTLS() {
	s.script = s.script.withTLS()
	s.Start()
}

// Close stops listening, gives dialogues whose client has closed already the
// time to report it, closes all connections and waits for the goroutines. It
// may be called again.
func (s *ScriptServer) Close() {
	_ = s.Listener.Close() // the second time it is closed already
	for deadline := time.Now().Add(grace); s.host.busy() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	s.host.close(s.Listener)
}

// Received returns the lines that clients have sent so far, without their line
// ends, over all connections in the order of arrival.
func (s *ScriptServer) Received() []string { return s.received.all() }

// Certificate returns the certificate of TLS; see [Server.Certificate].
func (s *ScriptServer) Certificate() *x509.Certificate { return leaf(s.script.TLS) }

// CertificatePEM returns Certificate in PEM.
func (s *ScriptServer) CertificatePEM() []byte { return encodePEM(s.Certificate()) }

// CertPool returns a pool that holds Certificate, for a client to trust.
func (s *ScriptServer) CertPool() *x509.CertPool { return newPool(s.Certificate()) }

func (s *ScriptServer) serve(conn net.Conn) {
	faulty := newFaultConn(conn, s.faults)
	defer s.host.leave(faulty)
	if !s.host.enter(faulty) {
		return
	}
	err := s.script.play(faulty, s.received.add)
	switch {
	case err == nil:
		s.told.Store(true)
	case errors.Is(err, ErrFault) || faulty.cut() || s.host.over():
	default:
		s.told.Store(true)
		s.tb.Errorf("pop3test: %v", err)
	}
}
