package pop3_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestStlsInjection: whatever comes in one segment with its +OK was said by whoever sits between (A6, A7): it is never
// believed, and never thrown away in silence either.
func TestStlsInjection(t *testing.T) {
	fragment := "+OK Capability list follows\r\nSASL PLAIN\r\n.\r\n+OK injected login\r\n"
	for n := 1; n <= len(fragment); n++ {
		inBubble(t, fmt.Sprintf("together/%d", n), func(t *testing.T) {
			sent := make(chan string, 1)
			c := greeted(t, plaintext, func(p *peer) {
				p.answer("+OK begin TLS\r\n" + fragment[:n])
				sent <- p.rest()
			})
			_, err := c.Stls(t.Context(), localhost)
			wantBroken(t, c, err, pop3.Protocol)
			if _, on := c.TLS(); on || <-sent != "" {
				t.Error("TLS, or something sent")
			}
		})
	}
	for _, n := range []int{1, 5, len(fragment)} { // a late one breaks the handshake
		inBubble(t, fmt.Sprintf("late/%d", n), func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) {
				p.answer("+OK begin TLS\r\n")
				heard := make(chan string)
				go func() { heard <- p.rest() }()
				time.Sleep(time.Second)
				p.say(fragment[:n])
				<-heard
			})
			_, err := c.Stls(t.Context(), localhost)
			dead, ok := errors.AsType[*pop3.BrokenError](err)
			if !ok || n >= 5 && dead.Cause != pop3.TLSHandshake || n < 5 && dead.Cause != pop3.Timeout {
				t.Errorf("%v", err)
			}
			if _, on := c.TLS(); on {
				t.Error("TLS")
			}
		})
	}
	t.Run("over sockets", func(t *testing.T) {
		c, p := sockets(t, false)
		go p.answer("+OK begin TLS\r\n+")
		_, err := c.Stls(t.Context(), localhost)
		wantBroken(t, c, err, pop3.Protocol)
	})
	t.Run("end behind +OK", func(t *testing.T) { // is no injection
		c, p := sockets(t, false)
		go func() {
			p.answer("+OK begin TLS\r\n")
			halfClose(p.Conn)
		}()
		_, err := c.Stls(t.Context(), localhost)
		wantBroken(t, c, err, pop3.ConnectionLost)
	})
}

// stlsServer plays the server's side of STLS with a configuration, and what comes before and after.
func stlsServer(t *testing.T, before, after string, config *tls.Config) (*pop3.Client, func() *peer) {
	t.Helper()
	secure := make(chan *peer, 1)
	c := greeted(t, plaintext, func(p *peer) {
		if before != "" {
			p.answer(before)
		}
		p.answer("+OK begin TLS\r\n")
		inside := newPeer(tls.Server(p.Conn, config))
		if after != "" {
			inside.answer(after)
		}
		secure <- inside
		inside.rest()
	})
	return c, func() *peer { return <-secure }
}

// TestStls: what is known before TLS is forgotten by it, and STLS makes sense only once (A9, A10, A11).
func TestStls(t *testing.T) {
	serverConfig := &tls.Config{Certificates: []tls.Certificate{issue(t, nil)}, MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true, NextProtos: []string{"pop3"}}
	config := &tls.Config{RootCAs: roots(t), ServerName: "mail.example.test", MinVersion: tls.VersionTLS12}
	inBubble(t, "", func(t *testing.T) {
		c, _ := stlsServer(t, "+OK\r\nSTLS\r\nPIPELINING\r\n.\r\n", "-ERR no TOP\r\n", serverConfig)
		if _, _, err := c.Capa(t.Context()); err != nil {
			t.Fatal(err)
		}
		response, err := c.Stls(t.Context(), config)
		want(t, response, err, "+OK begin TLS")
		state, on := c.TLS()
		if !on || !state.HandshakeComplete || len(state.VerifiedChains) == 0 || state.NegotiatedProtocol != "pop3" || state.DidResume {
			t.Errorf("%v, %+v", on, state)
		}
		if config.NextProtos != nil {
			t.Error("the caller's configuration was changed")
		}
		if _, err := c.Top(t.Context(), 1, 0); errors.Is(err, pop3.ErrNotOffered) {
			t.Error("judged by capabilities from before TLS")
		}
		if _, err := c.Stls(t.Context(), config); !errors.Is(err, pop3.ErrWrongState) {
			t.Errorf("again: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	inBubble(t, "after login", func(t *testing.T) {
		c := greeted(t, plaintext, func(p *peer) { p.answer("+OK\r\n", "+OK alive\r\n") })
		if _, err := c.Pass(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Stls(t.Context(), config); !errors.Is(err, pop3.ErrWrongState) {
			t.Errorf("%v", err)
		}
		wantAlive(t, c)
	})
	inBubble(t, "refused", func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) { p.answer("-ERR no\r\n", "+OK alive\r\n") })
		_, err := c.Stls(t.Context(), config)
		wantRefused(t, err, pop3.RefusedError{Command: "STLS", Response: "-ERR no"})
		if _, err := c.Pass(t.Context(), "x"); !errors.Is(err, pop3.ErrTLSRequired) {
			t.Errorf("%v", err)
		}
		wantAlive(t, c)
	})
	for name, say := range map[string]string{"a line": "-ERR what?\r\n", "HTTP": "HTTP/1.1 400 Bad Request\r\n\r\n"} { // A5
		inBubble(t, "stays in plaintext/"+name, func(t *testing.T) {
			sent := make(chan string, 1)
			c := greeted(t, nil, func(p *peer) {
				p.answer("+OK begin TLS\r\n")
				buf := make([]byte, 4096)
				n, _ := p.Read(buf)
				p.say(say)
				sent <- string(buf[:n]) + p.rest()
			})
			_, err := c.Stls(t.Context(), config)
			wantBroken(t, c, err, pop3.TLSHandshake)
			if got := <-sent; got == "" || got[0] != 22 || strings.Contains(got, "CAPA") {
				t.Errorf("the server got %q", got)
			}
		})
	}
}

// TestVerification: which servers are refused, as what, and that none of them gets an octet (A15, A16, A20).
func TestVerification(t *testing.T) {
	other, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	good := issue(t, nil)
	plain := func(change func(*x509.Certificate)) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{issue(t, change)}}
	}
	for name, tc := range map[string]struct {
		server *tls.Config
		client func(*tls.Config)
		cause  pop3.Cause // 0 for none
	}{
		"good":      {plain(nil), nil, 0},
		"old":       {plain(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }), nil, pop3.TLSVerification},
		"young":     {plain(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), nil, pop3.TLSVerification},
		"elsewhere": {plain(func(c *x509.Certificate) { c.DNSNames = []string{"evil.example.test"} }), nil, pop3.TLSVerification},
		"suffix":    {plain(func(c *x509.Certificate) { c.DNSNames = []string{"mail.example.test.evil.test", "xmail.example.test"} }), nil, pop3.TLSVerification},
		"wildcard":  {plain(func(c *x509.Certificate) { c.DNSNames = []string{"*.example.test"} }), nil, 0},
		"too wild":  {plain(func(c *x509.Certificate) { c.DNSNames = []string{"*.test", "*"} }), nil, pop3.TLSVerification},
		"CN only":   {plain(func(c *x509.Certificate) { c.DNSNames = nil }), nil, pop3.TLSVerification},
		"NUL in name": {plain(func(c *x509.Certificate) {
			c.Subject = pkix.Name{CommonName: "mail.example.test\x00.evil.test"}
			c.DNSNames = []string{"mail.example.test\x00.evil.test"}
		}), nil, pop3.TLSVerification},
		"IP only":      {plain(func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{net.IPv4(127, 0, 0, 1)} }), nil, pop3.TLSVerification},
		"IP mismatch":  {plain(nil), func(c *tls.Config) { c.ServerName = "127.0.0.1" }, pop3.TLSVerification},
		"for clients":  {plain(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), nil, pop3.TLSVerification},
		"nobody's":     {plain(nil), func(c *tls.Config) { c.RootCAs = x509.NewCertPool() }, pop3.TLSVerification},
		"another's":    {plain(nil), func(c *tls.Config) { c.RootCAs = x509.NewCertPool(); c.RootCAs.AddCert(other.cert) }, pop3.TLSVerification},
		"TLS 1.1":      {&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, nil, pop3.TLSHandshake},
		"TLS 1.1 both": {&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, func(c *tls.Config) { c.MinVersion = tls.VersionTLS10 }, pop3.TLSHandshake},
		"TLS 1.2":      {&tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS12}, nil, 0},
		"ALPN imap":    {&tls.Config{Certificates: []tls.Certificate{good}, NextProtos: []string{"imap"}}, nil, pop3.TLSHandshake},
		"ALPN pop3":    {&tls.Config{Certificates: []tls.Certificate{good}, NextProtos: []string{"imap", "pop3"}}, nil, 0},
		"a pin":        {plain(nil), pin(good.Certificate[0]), pop3.TLSVerification},
		"the pin":      {&tls.Config{Certificates: []tls.Certificate{good}}, pin(good.Certificate[0]), 0},
		"unverified":   {plain(func(c *x509.Certificate) { c.DNSNames = nil }), func(c *tls.Config) { c.InsecureSkipVerify = true }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			config := &tls.Config{RootCAs: roots(t), ServerName: "mail.example.test"}
			if tc.client != nil {
				tc.client(config)
			}
			got, err := dialTLS(t, tc.server, config)
			if tc.cause == 0 {
				if err != nil || got != "NOOP\r\n" {
					t.Errorf("%v, the server got %q", err, got)
				}
				return
			}
			if dead, ok := errors.AsType[*pop3.BrokenError](err); !ok || dead.Cause != tc.cause || got != "" || dead.Command != "" {
				t.Errorf("%v, the server got %q", err, got)
			}
		})
	}
}

// pin returns a change of a configuration: only one certificate's key is accepted.
func pin(der []byte) func(*tls.Config) {
	cert, _ := x509.ParseCertificate(der)
	pinned := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return func(c *tls.Config) {
		c.VerifyConnection = func(state tls.ConnectionState) error {
			if sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo) != pinned {
				return fmt.Errorf("not the one: %w", pop3.ErrPin)
			}
			return nil
		}
	}
}

// dialTLS dials a server that has TLS from the first octet and sends NOOP. It returns what the server got inside TLS.
func dialTLS(t *testing.T, server, client *tls.Config) (string, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	go func() {
		defer l.Close()
		conn, err := l.Accept()
		if err != nil {
			got <- err.Error()
			return
		}
		defer conn.Close()
		secure := tls.Server(conn, server)
		_, _ = io.WriteString(secure, "+OK\r\n")
		all := make([]byte, 100)
		n, _ := secure.Read(all)
		_, _ = io.WriteString(secure, "+OK\r\n")
		got <- string(all[:n])
	}()
	c, err := pop3.Dial(t.Context(), l.Addr().String(), &pop3.Options{Mode: pop3.Implicit, TLS: client})
	if err == nil {
		_, err = c.Noop(t.Context())
		_ = c.Close()
	}
	return <-got, err
}

// TestNoResumption: sessions are not carried from one connection to another (A21).
func TestNoResumption(t *testing.T) {
	srv := pop3test.NewUnstartedServer(nil)
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13} // its own, and so with tickets
	srv.StartTLS()
	defer srv.Close()
	config := clientTLS(srv)
	for range 2 {
		c, err := pop3.Dial(t.Context(), srv.Addr, &pop3.Options{Mode: pop3.Implicit, TLS: config})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Capa(t.Context()); err != nil { // which has read any ticket
			t.Error(err)
		}
		if state, _ := c.TLS(); state.DidResume {
			t.Error("resumed")
		}
		_ = c.Close()
	}
}
