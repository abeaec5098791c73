package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// forgedALPN is what lies below a server's TLS 1.2, and has its hello choose another protocol than was offered.
type forgedALPN struct{ net.Conn }

func (f forgedALPN) Write(p []byte) (int, error) {
	if n := len(p); n > 0 {
		_, err := f.Conn.Write(bytes.Replace(p, []byte("\x04pop3"), []byte("\x04imap"), 1))
		return n, err
	}
	return 0, nil
}

// TestALPN: an endpoint that speaks another protocol is left in the handshake; one without ALPN is taken, as most are (A20).
func TestALPN(t *testing.T) {
	config, ca := certificateFor(t, "mail.example.test", time.Time{})
	for name, tt := range map[string]struct {
		protocols []string
		version   uint16
		forged    bool
		ok        bool
	}{
		"none":                   {nil, tls.VersionTLS13, false, true},
		"pop3":                   {[]string{"pop3"}, tls.VersionTLS13, false, true},
		"pop3 among others":      {[]string{"h2", "imap", "pop3"}, tls.VersionTLS13, false, true},
		"h2":                     {[]string{"h2"}, tls.VersionTLS13, false, false},
		"imap and smtp":          {[]string{"imap", "smtp"}, tls.VersionTLS13, false, false},
		"TLS 1.2, http/1.1":      {[]string{"http/1.1"}, tls.VersionTLS12, false, false},
		"imap, though not asked": {[]string{"pop3"}, tls.VersionTLS12, true, false},
	} {
		for _, way := range encrypts {
			t.Run(name+"/"+way, func(t *testing.T) {
				offered := make(chan []string, 1)
				server := config.Clone()
				server.NextProtos, server.MaxVersion = tt.protocols, tt.version
				server.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
					offered <- hello.SupportedProtos
					return nil, nil // the same configuration
				}
				err := meetTLS(t, ca, way, server, func(conn net.Conn) net.Conn {
					if tt.forged {
						return forgedALPN{conn}
					}
					return conn
				})
				if tt.ok && err != nil {
					t.Error(err)
				}
				if !tt.ok {
					wantFailure(t, way, err, failure{codes.FailedPrecondition, "TLS_HANDSHAKE_FAILED", nil})
				}
				if got := <-offered; !slices.Equal(got, []string{"pop3"}) {
					t.Errorf("%q is offered", got)
				}
			})
		}
	}
}

// meetTLS has a gateway come to TLS one way with a server for mail.example.test, which greets without TLS where TLS comes by a command.
func meetTLS(t *testing.T, ca, way string, config *tls.Config, below func(net.Conn) net.Conn) error {
	t.Helper()
	mode := pb.TlsMode_TLS_MODE_PLAINTEXT
	if way != "Stls" {
		mode = pb.TlsMode(pb.TlsMode_value["TLS_MODE_"+way])
	}
	c := &cut{dialogue: &dialogue{mode: mode}, serve: func(conn net.Conn) error {
		defer conn.Close()
		if way != "IMPLICIT" {
			if err := recite(conn, askedForTLS+"S: +OK"); err != nil {
				return err
			}
		}
		secure := tls.Server(below(conn), config)
		if secure.Handshake() == nil && way == "IMPLICIT" {
			_, _ = io.WriteString(secure, "+OK ready\r\n")
		}
		_, _ = io.Copy(io.Discard, conn) // how it goes is the gateway's to tell
		return nil
	}}
	r := newRig(t, []byte(ca), loopback(t))
	from := r.add(t.Context(), c)
	from.server.Tls.ServerName = "mail.example.test"
	err := from.open()
	if way == "Stls" && err == nil {
		err = from.stls()
	}
	from.over(t, c)
	return err
}

// TestNoTickets: no connection resumes the TLS of another, nor says in its hello that it could: a server that gives out tickets gets
// none back (A21).
func TestNoTickets(t *testing.T) {
	const sessionTicket, preSharedKey = 35, 41 // RFC 5077 section 3.2, RFC 8446 section 4.2
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		for _, way := range encrypts {
			t.Run(name+" "+way, func(t *testing.T) {
				u := newUpstream(t, way == "IMPLICIT", "pop3.test")
				hellos := make(chan []uint16, 9)
				u.TLS.MaxVersion = version
				u.TLS.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
					hellos <- hello.Extensions
					return nil, nil // the same configuration
				}
				u.TLS.VerifyConnection = func(state tls.ConnectionState) error {
					if state.DidResume {
						t.Error("resumed")
					}
					return nil
				}
				u.start(t)
				g := newGateway(t, nil)
				for range 3 {
					id, _, err := g.encrypt(t, u, way, &pb.TlsOptions{CaBundlePem: u.caPEM, ServerName: "pop3.test"})
					if err != nil {
						t.Fatal(err)
					}
					if _, err := g.Capa(t.Context(), &pb.CapaRequest{SessionId: id}); err != nil { // which has read any ticket
						t.Error(err)
					}
					if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
						t.Error(err)
					}
					if hello := <-hellos; slices.Contains(hello, sessionTicket) || slices.Contains(hello, preSharedKey) {
						t.Errorf("the hello's extensions are %d", hello)
					}
				}
			})
		}
	}
	if config := tlsConfig(&pb.TlsOptions{}); config.ClientSessionCache != nil {
		t.Error("there is a cache")
	}
}

// TestOneSessionOneConnection opens a hundred sessions at once with one host and one user, with many policies and secrets. Each has a
// connection of its own, on which all of its TLS and its login happen, and none profits from another's (A22).
func TestOneSessionOneConnection(t *testing.T) {
	const sessions = 100
	u := newUpstream(t, false, "pop3.test")
	u.Intercept = func(line string) (string, bool) {
		switch line {
		case "PASS " + password:
			return "+OK logged in\r\n", true
		case "PASS wrong":
			return "-ERR [AUTH] no\r\n", true
		}
		return "", false
	}
	server := u.start(t)
	var mu sync.Mutex
	dialled := map[string]bool{} // our end of each connection
	g := newGateway(t, func(c *Config) {
		c.UnsafeAllowUnverifiedTLS = true
		c.Limits.FailedLogins = sessions
		c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				dialled[conn.LocalAddr().String()] = true
			}
			return conn, err
		}
	})
	verified := &pb.TlsOptions{CaBundlePem: u.caPEM, ServerName: "pop3.test", Mode: pb.TlsMode_TLS_MODE_STLS}
	pinned := &pb.TlsOptions{CaBundlePem: u.caPEM, ServerName: "pop3.test", PublicKeySha256: [][]byte{pinOf(u.pair)}}
	policies := []struct {
		options *pb.TlsOptions
		reason  string // of OpenSession's error
	}{
		{verified, ""},
		{pinned, ""},
		{&pb.TlsOptions{InsecureSkipVerify: true}, ""},
		{&pb.TlsOptions{CaBundlePem: u.caPEM, ServerName: "smtp.test"}, "TLS_VERIFICATION_FAILED"},
		{&pb.TlsOptions{CaBundlePem: newAuthority(t).pemOfCA(), ServerName: "pop3.test"}, "TLS_VERIFICATION_FAILED"},
	}
	// mixed opens one session; every second secret is wrong.
	mixed := func(i int) error {
		policy := policies[i%len(policies)]
		resp, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: &pb.Server{
			Host: server.GetHost(), Port: new(server.GetPort()), Tls: policy.options,
			IoTimeout: durationOf(time.Minute), // a hundred handshakes at once take their time
		}})
		if policy.reason != "" {
			return wrongly((failure{codes.FailedPrecondition, policy.reason, nil}).check(err))
		}
		if err != nil {
			return err
		}
		if resp.GetTls().GetVerified() == policy.options.GetInsecureSkipVerify() {
			return wrongly(fmt.Sprint("verified: ", resp.GetTls().GetVerified()))
		}
		if _, err := g.User(t.Context(), &pb.UserRequest{SessionId: resp.GetSessionId(), Username: "alice"}); err != nil {
			return err
		}
		if i%2 == 0 {
			_, err = g.Pass(t.Context(), &pb.PassRequest{SessionId: resp.GetSessionId(), Password: password})
			return err
		}
		_, err = g.Pass(t.Context(), &pb.PassRequest{SessionId: resp.GetSessionId(), Password: "wrong"})
		return wrongly((failure{codes.PermissionDenied, "LOGIN_FAILED", map[string]string{"certain": "true"}}).check(err))
	}
	var all sync.WaitGroup
	for i := range sessions {
		all.Go(func() {
			if err := mixed(i); err != nil {
				t.Errorf("session %d: %v", i, err)
			}
		})
	}
	all.Wait()
	logins := sessions * 3 / len(policies) // OpenSession of the others has failed
	if len(dialled) != sessions || u.sent("STLS") != sessions || u.sent("USER") != logins || u.sent("PASS") != logins {
		t.Errorf("%d connections, %d STLS, %d USER, %d PASS", len(dialled), u.sent("STLS"), u.sent("USER"), u.sent("PASS"))
	}
}

// wrongly makes an error of a text that is not empty.
func wrongly(text string) error {
	if text == "" {
		return nil
	}
	return fmt.Errorf("%w: %s", errWrong, text)
}
