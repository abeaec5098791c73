package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// The lines of a connection in STLS mode up to the reply to STLS.
const askedForTLS = "S: +OK ready\nC: STLS\n"

// TestOpenSessionMeets has a server begin in many ways. Where it goes wrong no session is made.
func TestOpenSessionMeets(t *testing.T) {
	broken := failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"command": ""}}
	brokenSTLS := failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"command": "STLS"}}
	noTLS := failure{codes.FailedPrecondition, "TLS_REQUIRED", map[string]string{"command": "STLS", "response": "-ERR no"}}
	lost := failure{codes.Unavailable, "CONNECTION_LOST", nil}
	long := "S: +OK " + strings.Repeat("x", 2043)
	inClear, implicit, stls := pb.TlsMode_TLS_MODE_PLAINTEXT, pb.TlsMode_TLS_MODE_IMPLICIT, pb.TlsMode_TLS_MODE_STLS
	r := newRig(t, certificatePEM(), loopback(t))
	for _, tt := range []struct {
		name  string
		mode  pb.TlsMode
		lines string
		want  failure // the zero value is success
		reply string
	}{
		{"-ERR", inClear, "S: -ERR no", failure{codes.Unavailable, "GREETING_REFUSED", map[string]string{"response": "-ERR no"}}, ""},
		{"-ERR and the end", implicit, "S: -ERR no\nCLOSE", failure{codes.Unavailable, "GREETING_REFUSED", nil}, ""},
		{"another protocol", inClear, "S: 220 mx.example.test ESMTP", broken, ""},
		{"lower case", inClear, "S: +ok", broken, ""},
		{"empty line", implicit, "S:", broken, ""},
		{"long line", inClear, long, broken, ""},
		{"longest line", inClear, long[:len(long)-1], failure{}, long[len("S: ") : len(long)-1]},
		{"bare LF", inClear, `S| +OK\n`, failure{}, "+OK"},
		{"octets", implicit, `S: +OK caf\xe9 \\`, failure{}, `+OK caf\xe9 \\`},
		{"close", inClear, "CLOSE", lost, ""},
		{"TLS and close", implicit, "CLOSE", lost, ""},

		{"STLS: -ERR", stls, askedForTLS + "S: -ERR no", noTLS, ""},
		{"STLS: -ERR [SYS/TEMP]", stls, askedForTLS + "S: -ERR [SYS/TEMP] no", failure{noTLS.code, noTLS.reason, nil}, ""},
		{"STLS: neither", stls, askedForTLS + "S: +", brokenSTLS, ""},
		{"STLS: long line", stls, askedForTLS + long, brokenSTLS, ""},
		{"STLS: reply before the command", stls, "S: +OK ready\nS: +OK begin TLS", brokenSTLS, ""},
		{"STLS: line behind the reply", stls, askedForTLS + "S: +OK\nS: +OK logged in", brokenSTLS, ""},
		{"STLS: octet behind the reply", stls, askedForTLS + "S: +OK\nS| +", brokenSTLS, ""},
		{"STLS: bare LF", stls, askedForTLS + `S| +OK\n` + "\nTLS", failure{}, "+OK ready"},
		{"STLS: octets", stls, askedForTLS + `S: +OK \xff\xfe` + "\nTLS", failure{}, "+OK ready"},
		{"STLS: close", stls, askedForTLS + "CLOSE", lost, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, c := r.stage(t, tt.mode, nil, "\n"+tt.lines)
			err := from.open()
			if tt.want.reason == "" && (err != nil || from.got != tt.reply) {
				t.Errorf("%q, %v", from.got, err)
			}
			if tt.want.reason != "" {
				wantFailure(t, "OpenSession", err, tt.want)
				if r.registry.live != 0 {
					t.Error("a session is left")
				}
			}
			from.over(t, c)
		})
	}
}

// TestStlsMeets has a server answer Stls in many ways.
func TestStlsMeets(t *testing.T) {
	r := newRig(t, certificatePEM(), loopback(t))
	for _, tt := range []struct {
		name, lines string
		want        failure
		next        failure // of the next call; the zero value is success
	}{
		{"-ERR", "C: STLS\nS: -ERR no\nC: NOOP\nS: +OK", failure{codes.FailedPrecondition, "COMMAND_REFUSED", nil}, failure{}},
		{"neither", "C: STLS\nS: +", protocolError, ended("PROTOCOL_ERROR")},
		{"reply before the command", "S: +OK", protocolError, ended("PROTOCOL_ERROR")},
		{"octet behind the reply", "C: STLS\nS: +OK\nS| +", protocolError, ended("PROTOCOL_ERROR")},
		{"close", "C: STLS\nS: +OK\nCLOSE", failure{codes.Unavailable, "CONNECTION_LOST", nil}, ended("CONNECTION_LOST")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, "\n"+tt.lines)
			wantFailure(t, "Stls", from.stls(), tt.want)
			switch err := from.noop(); {
			case tt.next.reason != "":
				wantFailure(t, "Noop", err, tt.next)
			case err != nil:
				t.Errorf("Noop: %v", err)
			}
			from.over(t, c)
		})
	}
}

// impostor speaks in plaintext where TLS should begin.
func impostor(conn net.Conn) error {
	defer conn.Close()
	io.WriteString(conn, "+OK ready\r\n")
	hello := make([]byte, len("STLS\r\n"))
	io.ReadFull(conn, hello)
	io.WriteString(conn, "+OK begin TLS\r\n")
	io.ReadFull(conn, hello)
	io.WriteString(conn, "+OK logged in\r\n")
	_, err := io.Copy(io.Discard, conn)
	return err
}

// TestPlaintextInHandshake injects a reply when the handshake has begun.
func TestPlaintextInHandshake(t *testing.T) {
	r := newRig(t, nil, loopback(t))
	c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_STLS}, serve: impostor}
	from := r.add(t.Context(), c)
	wantFailure(t, "OpenSession", from.open(), failure{codes.FailedPrecondition, "TLS_HANDSHAKE_FAILED", nil})
	from.over(t, c)
}

// certificateFor returns a server's configuration with a certificate that ends then, and the PEM of who signed it.
func certificateFor(t *testing.T, name string, end time.Time) (*tls.Config, string) {
	ca := newAuthority(t)
	pair := ca.issue(t, &x509.Certificate{DNSNames: []string{name}, NotAfter: end})
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
	return &tls.Config{Certificates: []tls.Certificate{pair}}, string(block)
}

// TestBadCertificate shows a certificate that is not what the caller's options want, wherever TLS begins. For certificates that nobody
// should want, see TestForgedCertificates.
func TestBadCertificate(t *testing.T) {
	sound, soundCA := certificateFor(t, "pop3.example.test", time.Time{})
	_, otherCA := certificateFor(t, "pop3.example.test", time.Time{})
	r := newRig(t, nil, loopback(t))
	for name, options := range map[string]*pb.TlsOptions{
		"unknown issuer": {ServerName: "pop3.example.test"},
		"another issuer": {ServerName: "pop3.example.test", CaBundlePem: otherCA},
		"another name":   {ServerName: "example.test", CaBundlePem: soundCA},
		"the host":       {CaBundlePem: soundCA},
		"another pin":    {ServerName: "pop3.example.test", CaBundlePem: soundCA, PublicKeySha256: [][]byte{make([]byte, 32)}},
	} {
		t.Run(name, func(t *testing.T) { r.refuse(t, sound.Certificates[0], options) })
	}
}
