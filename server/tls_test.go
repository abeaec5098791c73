package server

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// pemOf returns a certificate and its key in PEM.
func pemOf(t testing.TB, pair tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// upstream is a POP3 server whose certificate is from an authority of the test.
type upstream struct {
	*mailbox
	ca       *authority
	caPEM    string
	pair     tls.Certificate
	implicit bool
}

func newUpstream(t testing.TB, implicit bool, names ...string) *upstream {
	t.Helper()
	u := &upstream{mailbox: newMailbox(t, 1), ca: newAuthority(t), implicit: implicit}
	u.pair = u.ca.issue(t, &x509.Certificate{DNSNames: names})
	u.caPEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: u.ca.cert.Raw}))
	u.TLS = &tls.Config{Certificates: []tls.Certificate{u.pair}}
	return u
}

// start begins to serve and returns the target.
func (u *upstream) start(t testing.TB) *pb.Server {
	t.Helper()
	mode := pb.TlsMode_TLS_MODE_STLS
	if u.implicit {
		mode = pb.TlsMode_TLS_MODE_IMPLICIT
		u.StartTLS()
	} else {
		u.Start()
	}
	return target(t, u.Addr, mode, nil)
}

// TestTLSOptions holds each option to its word: what is verified, and what is refused. Nothing that the server gets is a secret.
func TestTLSOptions(t *testing.T) {
	unverified := failure{codes.FailedPrecondition, "TLS_VERIFICATION_FAILED", nil}
	forbidden := failure{codes.FailedPrecondition, "TLS_REQUIRED", nil}
	other := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: newAuthority(t).cert.Raw}))
	for name, tt := range map[string]struct {
		set    func(u *upstream, o *pb.TlsOptions)
		unsafe bool
		want   failure
		loose  bool // not verified
	}{
		"trusted":      {set: func(u *upstream, o *pb.TlsOptions) { o.CaBundlePem, o.ServerName = u.caPEM, "pop3.test" }},
		"system's CAs": {set: func(_ *upstream, o *pb.TlsOptions) { o.ServerName = "pop3.test" }, want: unverified},
		"another CA":   {set: func(_ *upstream, o *pb.TlsOptions) { o.CaBundlePem, o.ServerName = other, "pop3.test" }, want: unverified},
		"several CAs":  {set: func(u *upstream, o *pb.TlsOptions) { o.CaBundlePem, o.ServerName = other+u.caPEM, "pop3.test" }},
		"another name": {set: func(u *upstream, o *pb.TlsOptions) { o.CaBundlePem, o.ServerName = u.caPEM, "smtp.test" }, want: unverified},
		"the host":     {set: func(u *upstream, o *pb.TlsOptions) { o.CaBundlePem = u.caPEM }, want: unverified},
		"pin":          {set: func(u *upstream, o *pb.TlsOptions) { trustPinned(u, o, pinOf(u.pair)) }},
		"pins":         {set: func(u *upstream, o *pb.TlsOptions) { trustPinned(u, o, make([]byte, 32), pinOf(u.pair)) }},
		"wrong pin":    {set: func(u *upstream, o *pb.TlsOptions) { trustPinned(u, o, make([]byte, 32)) }, want: unverified},
		"the CA's pin": {set: func(u *upstream, o *pb.TlsOptions) { trustPinned(u, o, pinOf(tls.Certificate{Leaf: u.ca.cert})) }, want: unverified},
		"pin without CA": {
			set: func(u *upstream, o *pb.TlsOptions) {
				o.ServerName, o.PublicKeySha256 = "pop3.test", [][]byte{pinOf(u.pair)}
			}, want: unverified,
		},
		"unverified, refused": {set: func(_ *upstream, o *pb.TlsOptions) { o.InsecureSkipVerify = true }, want: forbidden},
		"unverified, allowed": {set: func(_ *upstream, o *pb.TlsOptions) { o.InsecureSkipVerify = true }, unsafe: true, loose: true},
		"unverified, pin": {set: func(u *upstream, o *pb.TlsOptions) {
			o.InsecureSkipVerify, o.PublicKeySha256 = true, [][]byte{pinOf(u.pair)}
		}, unsafe: true, loose: true},
		"unverified, wrong pin": {set: func(_ *upstream, o *pb.TlsOptions) {
			o.InsecureSkipVerify, o.PublicKeySha256 = true, [][]byte{make([]byte, 32)}
		}, unsafe: true, want: unverified},
	} {
		for mode, implicit := range map[string]bool{"implicit": true, "STLS": false} {
			t.Run(name+" "+mode, func(t *testing.T) {
				u := newUpstream(t, implicit, "pop3.test")
				g := newGateway(t, func(c *Config) { c.UnsafeAllowUnverifiedTLS = tt.unsafe })
				server := u.start(t)
				tt.set(u, server.GetTls())
				resp, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: server})
				if tt.want.reason != "" {
					wantFailure(t, "OpenSession", err, tt.want)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				state, digest := resp.GetTls(), sha256.Sum256(u.pair.Certificate[0])
				if state.GetVersion() != "TLS 1.3" || state.GetCipherSuite() == "" || state.GetVerified() == tt.loose ||
					len(state.GetPeerChainSha256()) != 1 || string(state.GetPeerChainSha256()[0]) != string(digest[:]) {
					t.Errorf("tls %v", state)
				}
				g.login(t, resp.GetSessionId(), "alice", password)
			})
		}
		// Stls takes the same options on a session in plaintext.
		t.Run(name+" Stls", func(t *testing.T) {
			u := newUpstream(t, false, "pop3.test")
			g := newGateway(t, func(c *Config) { c.UnsafeAllowUnverifiedTLS = tt.unsafe })
			server := u.start(t)
			server.Tls.Mode = pb.TlsMode_TLS_MODE_PLAINTEXT
			id := g.openSession(t, server)
			options := &pb.TlsOptions{}
			tt.set(u, options)
			resp, err := g.Stls(t.Context(), &pb.StlsRequest{SessionId: id, Tls: options})
			if tt.want.reason != "" {
				wantFailure(t, "Stls", err, tt.want)
				if sent := u.sent("STLS"); (sent == 0) != (tt.want.reason == "TLS_REQUIRED") {
					t.Errorf("sent %q", u.Commands())
				}
				return
			}
			if err != nil || resp.GetTls().GetVerified() == tt.loose {
				t.Fatalf("Stls: %v, %v", resp, err)
			}
			g.login(t, id, "alice", password)
		})
	}
}

func trustPinned(u *upstream, o *pb.TlsOptions, pins ...[]byte) {
	o.CaBundlePem, o.ServerName, o.PublicKeySha256 = u.caPEM, "pop3.test", pins
}

func pinOf(pair tls.Certificate) []byte {
	digest := sha256.Sum256(pair.Leaf.RawSubjectPublicKeyInfo)
	return digest[:]
}

// TestOldTLS: nothing below 1.2.
func TestOldTLS(t *testing.T) {
	u := newUpstream(t, true, "pop3.test")
	u.TLS.MinVersion, u.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	server := u.start(t)
	server.Tls.CaBundlePem, server.Tls.ServerName = u.caPEM, "pop3.test"
	_, err := newGateway(t, nil).OpenSession(t.Context(), &pb.OpenSessionRequest{Server: server})
	wantFailure(t, "OpenSession", err, failure{codes.FailedPrecondition, "TLS_HANDSHAKE_FAILED", nil})
}

// TestPlaintextLogins: without the operator's word no login goes over plaintext, and nothing of it is sent.
func TestPlaintextLogins(t *testing.T) {
	for _, rpc := range []string{"User", "Pass", "Apop", "Rpop", "Auth", "AuthExchange"} {
		for _, allowed := range []bool{false, true} {
			t.Run(rpc, func(t *testing.T) {
				m := newMailbox(t, 0)
				g := newGateway(t, func(c *Config) {
					m.piped(c)
					c.UnsafeAllowPlaintext = allowed
				})
				id := g.openSession(t, anywhere())
				method := byName(t, rpc)
				err := invoke(t.Context(), g.conn, method, requestFor(t, method, id)).err
				if !allowed {
					wantFailure(t, rpc, err, failure{codes.FailedPrecondition, "TLS_REQUIRED", nil})
				}
				if sent := len(m.Commands()); allowed != (sent > 0) {
					t.Errorf("sent %q", m.Commands())
				}
				if _, err := g.Capa(t.Context(), &pb.CapaRequest{SessionId: id}); err != nil {
					t.Errorf("the session does not live on: %v", err)
				}
			})
		}
	}
}

// TestStlsTooLate: over TLS and after login nothing is sent.
func TestStlsTooLate(t *testing.T) {
	wrong := failure{codes.FailedPrecondition, "WRONG_STATE", map[string]string{"command": "STLS"}}
	u := newUpstream(t, false, "pop3.test")
	server := u.start(t)
	server.Tls.CaBundlePem, server.Tls.ServerName = u.caPEM, "pop3.test"
	g := newGateway(t, func(c *Config) { c.UnsafeAllowPlaintext = true })
	id := g.openSession(t, server)
	_, err := g.Stls(t.Context(), &pb.StlsRequest{SessionId: id, Tls: server.GetTls()})
	wantFailure(t, "over TLS", err, wrong)
	server.Tls.Mode = pb.TlsMode_TLS_MODE_PLAINTEXT
	id = g.openSession(t, server)
	g.login(t, id, "alice", password)
	_, err = g.Stls(t.Context(), &pb.StlsRequest{SessionId: id, Tls: server.GetTls()})
	wantFailure(t, "after login", err, wrong)
	if n := u.sent("STLS"); n != 1 {
		t.Errorf("%d STLS", n)
	}
}

// TestStlsRefused: where STLS was to be, there is no session without it.
func TestStlsRefused(t *testing.T) {
	u := newUpstream(t, false, "pop3.test")
	u.NoSTLS = true
	server := u.start(t)
	g := newGateway(t, func(c *Config) { c.UnsafeAllowPlaintext = true })
	_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: server})
	wantFailure(t, "OpenSession", err, failure{codes.FailedPrecondition, "TLS_REQUIRED", map[string]string{
		"command": "STLS", "response": "-ERR unknown command",
	}})
}
