package server

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// The scenarios here are those of "NO STARTTLS" (USENIX Security 2021), as a POP3 client meets them: whoever sits between takes TLS
// away, or speaks before it begins. The gateway refuses logins over plaintext, as it does by default.

func careful(c *Config) { c.UnsafeAllowPlaintext = false }

// logins are all ways to log in.
var logins = map[string]func(*caller) error{
	"User": (*caller).user, "Pass": (*caller).pass, "Apop": (*caller).apop, "Rpop": (*caller).rpop,
	"Auth": (*caller).auth, "AuthExchange": (*caller).authExchange,
}

// negotiations are servers that do not let TLS begin. Each line of a client is all that it may send.
var negotiations = map[string]struct {
	greeting, capa, stls string
	refused              failure // of Stls, when Capa has been asked
}{
	"STLS is not listed": { // A1
		"+OK ready", "C: CAPA\nS: +OK\nS: USER\nS: SASL PLAIN\nS: .\n", "C: STLS\nS: -ERR unknown command\n",
		failure{codes.FailedPrecondition, "NOT_SUPPORTED_BY_SERVER", map[string]string{"command": "STLS"}},
	},
	"STLS is refused": { // A2
		"+OK ready", "C: CAPA\nS: +OK\nS: STLS\nS: USER\nS: .\n", "C: STLS\nS: -ERR [SYS/TEMP] no TLS today\n",
		failure{codes.Unavailable, "SERVER_TEMPORARY", map[string]string{"command": "STLS"}},
	},
	"CAPA and STLS are refused": { // A3
		"+OK ready", "C: CAPA\nS: -ERR unknown command\n", "C: STLS\nS: -ERR unknown command\n",
		failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{"command": "STLS"}},
	},
	"APOP and SASL tempt": { // A4
		"+OK ready <1896.697170952@dbc.mtview.ca.us>", "C: CAPA\nS: +OK\nS: SASL PLAIN\nS: STLS\nS: .\n", "C: STLS\nS: -ERR no\n",
		failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{"command": "STLS"}},
	},
}

// TestNoDowngrade: where TLS is wanted and does not come about, nothing is sent but STLS, and no login in any way (A1 to A4).
func TestNoDowngrade(t *testing.T) {
	r := newRig(t, certificatePEM(), loopback(t), careful)
	for name, tt := range negotiations {
		t.Run(name+"/OpenSession", func(t *testing.T) {
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_STLS, nil, "\nS: "+tt.greeting+"\n"+tt.stls)
			err := from.open()
			wantFailure(t, "OpenSession", err, failure{codes.FailedPrecondition, "TLS_REQUIRED", map[string]string{"command": "STLS"}})
			from.over(t, c)
			if sent, _ := c.wire.state(); sent != "STLS\r\n" || r.registry.live != 0 {
				t.Errorf("sent %q, %d sessions", sent, r.registry.live)
			}
		})
		t.Run(name+"/Stls", func(t *testing.T) {
			opened := act{lines: "S: " + tt.greeting, call: (*caller).open}
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{opened}, "\n"+tt.capa+tt.stls+tt.stls)
			tempted := func(when string) {
				for login, call := range logins {
					wantFailure(t, login+" "+when, call(from), failure{codes.FailedPrecondition, "TLS_REQUIRED", nil})
				}
			}
			tempted("at once")
			_, _ = from.g.Capa(t.Context(), &pb.CapaRequest{SessionId: from.session})
			tempted("after Capa")
			for range 2 {
				wantFailure(t, "Stls", from.stls(), tt.refused)
				tempted("after Stls")
			}
			from.over(t, c)
			if sent, _ := c.wire.state(); sent != "CAPA\r\nSTLS\r\nSTLS\r\n" {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

// injections are what comes in one segment with the +OK of STLS: whole replies to what a client sends first in TLS (A6), and junk (A7).
var injections = []string{
	"+OK Capability list follows\r\nSASL PLAIN\r\n.\r\n", "+OK logged in\r\n", "+ \r\n", "-ERR no such user\r\n", "+OK 0 0\r\n",
	"+OK\r\n+OK\r\n+OK\r\n", "\r\n", "\n", "\x00", "+", "+OK", "junk", ".\r\n",
}

// TestInjection: octets between STLS and TLS end the session. They are neither believed nor thrown away in silence (A6, A7).
func TestInjection(t *testing.T) {
	r := newRig(t, certificatePEM(), loopback(t), careful)
	escaped := strings.NewReplacer("\r", `\r`, "\n", `\n`, "\x00", `\0`)
	for _, octets := range injections {
		lines := "C: STLS\n" + `S| +OK begin TLS\r\n` + escaped.Replace(octets)
		want := failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"command": "STLS", "outcome": "NOT_COMMITTED", "response": ""}}
		t.Run(fmt.Sprintf("%q/OpenSession", octets), func(t *testing.T) {
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_STLS, nil, "\nS: +OK ready\n"+lines)
			wantFailure(t, "OpenSession", from.open(), want)
			from.over(t, c)
			if sent, _ := c.wire.state(); sent != "STLS\r\n" || r.registry.live != 0 {
				t.Errorf("sent %q, %d sessions", sent, r.registry.live)
			}
		})
		t.Run(fmt.Sprintf("%q/Stls", octets), func(t *testing.T) {
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, "\n"+lines)
			wantFailure(t, "Stls", from.stls(), want)
			for login, call := range logins {
				wantFailure(t, login, call(from), ended("PROTOCOL_ERROR"))
			}
			from.over(t, c)
			if sent, _ := c.wire.state(); sent != "STLS\r\n" {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

// TestAhead: what a server says before it was asked answers nothing, be it a reply to STLS (A8) or a listing (A14).
func TestAhead(t *testing.T) {
	r := newRig(t, certificatePEM(), loopback(t), careful)
	for _, early := range []string{"S: +OK begin TLS", "S: -ERR", "S: +OK 2 messages (320 octets)\nS: 1 120\nS: 2 200\nS: .", "S: 1 120\nS: 2 200\nS: ."} {
		t.Run(early, func(t *testing.T) {
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_STLS, nil, "\nS: +OK hi\n"+early)
			wantFailure(t, "OpenSession", from.open(), failure{codes.Aborted, "PROTOCOL_ERROR", nil})
			from.over(t, c)
			for name, call := range map[string]func(*caller) error{
				"Stls": (*caller).stls, "Capa": (*caller).capa, "List": func(c *caller) error { return c.list(nil) },
			} {
				from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, "\n"+early)
				wantFailure(t, name, call(from), protocolError)
				from.over(t, c)
			}
		})
	}
}

// TestForgottenCapabilities: what a server told in plaintext counts for nothing in TLS (A10).
func TestForgottenCapabilities(t *testing.T) {
	r := newRig(t, certificatePEM(), loopback(t), careful)
	plain := act{lines: "C: CAPA\nS: +OK\nS: SASL PLAIN\nS: UTF8\nS: TOP\nS: STLS\nS: .", call: func(c *caller) error {
		_, err := c.g.Capa(c.ctx, &pb.CapaRequest{SessionId: c.session})
		return err
	}}
	auth := func(c *caller, mechanism string) error {
		credentials := &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: "pw"}, Mechanism: mechanism}
		_, err := c.g.Auth(c.ctx, &pb.AuthRequest{SessionId: c.session, Credentials: credentials})
		return err
	}
	unsupported := failure{codes.FailedPrecondition, "NOT_SUPPORTED_BY_SERVER", nil}
	for name, tt := range map[string]struct {
		lines string
		call  func(*caller) error
		want  failure
	}{
		"Auth asks anew": {"C: CAPA\nS: +OK\nS: USER\nS: .", func(c *caller) error { return auth(c, "") }, unsupported},
		"Auth PLAIN by the new list": {
			"C: CAPA\nS: +OK\nS: USER\nS: .\nC: AUTH PLAIN AGFsaWNlAHB3\nS: -ERR no",
			func(c *caller) error { _ = auth(c, ""); return auth(c, "PLAIN") }, unsupported,
		},
		"Auth PLAIN before": {
			"C: AUTH PLAIN AGFsaWNlAHB3\nS: -ERR no", func(c *caller) error { return auth(c, "PLAIN") },
			failure{codes.PermissionDenied, "LOGIN_FAILED", nil},
		},
		"Utf8": {"C: UTF8\nS: -ERR no", (*caller).utf8, failure{codes.FailedPrecondition, "COMMAND_REFUSED", nil}},
	} {
		t.Run(name, func(t *testing.T) {
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted, plain, stlsAuth[0]}, "\n"+tt.lines)
			wantFailure(t, name, tt.call(from), tt.want)
			from.over(t, c)
		})
	}
}

// TestGreetings has servers whose first line is no welcome, and which would go along with anything after it (A12).
func TestGreetings(t *testing.T) {
	refused := func(code codes.Code) failure { return failure{code, "GREETING_REFUSED", nil} }
	broken := failure{codes.Aborted, "PROTOCOL_ERROR", nil}
	r := newRig(t, certificatePEM(), loopback(t))
	for line, want := range map[string]failure{
		"-ERR":                         refused(codes.Unavailable),
		"-ERR go away":                 refused(codes.Unavailable),
		"-ERR [SYS/TEMP] busy":         refused(codes.Unavailable),
		"-ERR [SYS/PERM] closed":       refused(codes.FailedPrecondition),
		"-ERR [AUTH] who are you":      refused(codes.PermissionDenied),
		"-ERR [LOGIN-DELAY] too early": refused(codes.ResourceExhausted),
		"-ERR [IN-USE] locked":         refused(codes.Unavailable),
		"* OK IMAP4rev1 ready":         broken,
		"* PREAUTH logged in":          broken,
		"220 mx.example.test ESMTP":    broken,
		"+ go ahead":                   broken,
		"junk":                         broken,
	} {
		for kind, mode := range map[string]pb.TlsMode{
			"plaintext": pb.TlsMode_TLS_MODE_PLAINTEXT, "STLS": pb.TlsMode_TLS_MODE_STLS, "implicit": pb.TlsMode_TLS_MODE_IMPLICIT,
		} {
			t.Run(line+"/"+kind, func(t *testing.T) {
				from, c := r.stage(t, mode, nil, "\nS: "+line)
				wantFailure(t, "OpenSession", from.open(), want)
				from.over(t, c) // the server has got nothing
				if sent, closed := c.wire.state(); !closed || mode != pb.TlsMode_TLS_MODE_IMPLICIT && sent != "" || r.registry.live != 0 {
					t.Errorf("closed: %v, sent %q, %d sessions", closed, sent, r.registry.live)
				}
			})
		}
	}
}
