package pop3test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"testing"
	"testing/synctest"
)

// clientTLS returns the configuration of a client that trusts srv.
func clientTLS(srv interface{ CertPool() *x509.CertPool }) *tls.Config {
	return &tls.Config{RootCAs: srv.CertPool(), ServerName: "localhost", NextProtos: []string{"pop3"}}
}

// capaPlain and capaTLS are what the server can do before login.
const (
	capaPlain = `
C: CAPA
S: +OK what I can do
S: TOP
S: UIDL
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: USER
S: SASL PLAIN
S: UTF8 USER
S: LANG
S: STLS
S: IMPLEMENTATION popgate-pop3test
S: .
`
	capaTLS = `
C: CAPA
S: +OK what I can do
S: TOP
S: UIDL
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: USER
S: SASL PLAIN
S: UTF8 USER
S: LANG
S: IMPLEMENTATION popgate-pop3test
S: .
`
)

// TestCapabilities covers CAPA, UTF8 and LANG, and what takes them away.
func TestCapabilities(t *testing.T) {
	const greeting = "S: +OK ready <1@example.test>\n"
	for _, test := range []struct {
		name      string
		configure func(*Server)
		text      string
	}{
		{"before login", nil, greeting + capaPlain},
		{"after login", nil, login + capaTLS},
		{"own list", func(s *Server) { s.Capabilities = []string{"EXPIRE 0"} },
			greeting + "C: CAPA\nS: +OK what I can do\nS: EXPIRE 0\nS: ."},
		{"nothing", func(s *Server) { s.NoCAPA, s.NoSTLS, s.NoUTF8 = true, true, true },
			greeting + "C: CAPA\nS: -ERR unknown command\nC: STLS\nS: -ERR unknown command\n" +
				"C: LANG\nS: -ERR unknown command\nC: UTF8\nS: -ERR unknown command"},
		{"UTF8", nil, greeting + "C: UTF8 x\nS: -ERR UTF8 has no argument\nC: UTF8\nS: +OK UTF-8 it is\n" +
			"C: STLS\nS: -ERR not after UTF8"},
		{"LANG", nil, greeting + "C: LANG\nS: +OK languages follow\nS: en English\nS: de Deutsch\nS: .\n" +
			"C: LANG de\nS: +OK de Wir sprechen jetzt Deutsch\nC: LANG de-CH\nS: -ERR no such language\n" +
			"C: LANG *\nS: +OK en We speak English now"},
		{"early", nil, greeting + "C: STLS\\r\\nNOOP\nS: -ERR nothing may follow STLS in plaintext\nCLOSE"},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := newTestServer(t, test.configure)
			talk(t, dial(t, srv.Addr), test.text, nil)
		})
	}
}

// TestSTLS upgrades a session, which then forgets the user.
func TestSTLS(t *testing.T) {
	srv := newTestServer(t, nil)
	talk(t, dial(t, srv.Addr), "S: +OK ready <1@example.test>"+capaPlain+`
C: USER alice
S: +OK send PASS
C: STLS
S: +OK begin TLS
TLS
`+capaTLS+`
C: STLS
S: -ERR TLS is on already
C: PASS secret
S: -ERR USER first
C: QUIT
S: +OK good-bye
CLOSE`, clientTLS(srv))
}

// TestSTLSFails gives a server that is asked for TLS something else.
func TestSTLSFails(t *testing.T) {
	srv := newTestServer(t, nil)
	conn := talk(t, dial(t, srv.Addr), "S: +OK ready <1@example.test>\nC: STLS\nS: +OK begin TLS", nil)
	conn = tls.Client(conn, &tls.Config{ServerName: "localhost"})
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Fatal("a client that trusts nobody goes on")
	}
}

// TestStartTLS checks TLS from the first octet, and a certificate of one's own.
func TestStartTLS(t *testing.T) {
	for _, config := range []*tls.Config{nil, {MinVersion: tls.VersionTLS12}, {Certificates: []tls.Certificate{certificate()}}} {
		srv := NewUnstartedServer(nil)
		srv.TLS = config
		srv.Banner = "+OK"
		srv.StartTLS()
		talk(t, dial(t, srv.Addr), "TLS\nS: +OK\nC: QUIT\nS: +OK good-bye\nCLOSE", clientTLS(srv))
		block, _ := pem.Decode(srv.CertificatePEM())
		if block == nil || srv.Certificate().VerifyHostname("::1") != nil {
			t.Error("bad certificate")
		}
		srv.Close()
	}
}

// TestBubble makes a handshake over net.Pipe in the year 2000.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &Server{Banner: "+OK"}
		here, there := net.Pipe()
		go srv.ServeConn(there)
		talk(t, here, "S: +OK\nC: STLS\nS: +OK begin TLS\nTLS\nC: QUIT\nS: +OK good-bye\nCLOSE", clientTLS(srv))
	})
}
