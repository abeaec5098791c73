package server

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// encrypts are the ways to TLS: OpenSession in both modes, and Stls.
var encrypts = []string{"IMPLICIT", "STLS", "Stls"}

// encrypt comes to TLS one way, and returns the session and the state that the reply tells.
func (g *gateway) encrypt(t *testing.T, u *upstream, way string, options *pb.TlsOptions) (id string, state *pb.TlsState, err error) {
	t.Helper()
	server := target(t, u.Addr, pb.TlsMode_TLS_MODE_PLAINTEXT, nil)
	if way == "Stls" {
		id = g.openSession(t, server)
		resp, err := g.Stls(t.Context(), &pb.StlsRequest{SessionId: id, Tls: options})
		return id, resp.GetTls(), err
	}
	server.Tls = proto.CloneOf(options)
	server.Tls.Mode = pb.TlsMode(pb.TlsMode_value["TLS_MODE_"+way])
	resp, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: server})
	return resp.GetSessionId(), resp.GetTls(), err
}

// TestTLSState: the reply tells version, cipher suite, and the digests of the whole chain as the server sent it, its own certificate first.
func TestTLSState(t *testing.T) {
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		for _, way := range encrypts {
			t.Run(name+" "+way, func(t *testing.T) {
				u := newUpstream(t, way == "IMPLICIT", "pop3.test")
				middle := u.ca.issue(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
				u.pair = (&authority{middle.Leaf, middle.PrivateKey.(*ecdsa.PrivateKey)}).issue(t, &x509.Certificate{DNSNames: []string{"pop3.test"}})
				u.pair.Certificate = append(u.pair.Certificate, middle.Certificate[0])
				u.TLS = &tls.Config{Certificates: []tls.Certificate{u.pair}, MaxVersion: version, CipherSuites: []uint16{
					tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, // for 1.2
				}}
				u.start(t)
				g := newGateway(t, nil)
				id, state, err := g.encrypt(t, u, way, &pb.TlsOptions{CaBundlePem: u.caPEM, ServerName: "pop3.test"})
				if err != nil {
					t.Fatal(err)
				}
				var chain [][]byte
				for _, der := range u.pair.Certificate {
					digest := sha256.Sum256(der)
					chain = append(chain, digest[:])
				}
				suite := "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
				if version == tls.VersionTLS13 {
					suite = state.GetCipherSuite() // is not for the server to choose
				}
				want := &pb.TlsState{Version: name, CipherSuite: suite, PeerChainSha256: chain, Verified: true}
				if !proto.Equal(state, want) || suite == "" {
					t.Errorf("%v, want %v", state, want)
				}
				g.login(t, id, "alice", password)
			})
		}
	}
}

// TestClientCertificates: a server that wants a certificate gets the caller's, whichever way TLS begins, and nobody else gets through.
func TestClientCertificates(t *testing.T) {
	for _, way := range encrypts {
		t.Run(way, func(t *testing.T) {
			u := newUpstream(t, way == "IMPLICIT", "pop3.test")
			u.TLS.ClientAuth, u.TLS.ClientCAs = tls.RequireAndVerifyClientCert, u.ca.pool()
			u.TLS.MaxVersion = tls.VersionTLS12 // where the client learns in the handshake that it is refused
			seen := make(chan []string, 9)
			u.TLS.VerifyConnection = func(state tls.ConnectionState) error {
				seen <- state.PeerCertificates[0].DNSNames
				return nil
			}
			u.start(t)
			g := newGateway(t, nil)
			options := &pb.TlsOptions{CaBundlePem: u.caPEM, ServerName: "pop3.test"}
			refused := failure{codes.FailedPrecondition, "TLS_HANDSHAKE_FAILED", nil}
			_, _, err := g.encrypt(t, u, way, options)
			wantFailure(t, "without", err, refused)
			options.ClientCertificatePem, options.ClientKeyPem = pemOf(t, newAuthority(t).issue(t, &x509.Certificate{DNSNames: []string{"stranger.test"}}))
			_, _, err = g.encrypt(t, u, way, options)
			wantFailure(t, "a stranger's", err, refused)
			options.ClientCertificatePem, options.ClientKeyPem = pemOf(t, u.ca.issue(t, &x509.Certificate{DNSNames: []string{"caller.test"}}))
			id, _, err := g.encrypt(t, u, way, options)
			if err != nil {
				t.Fatal(err)
			}
			if names := <-seen; !slices.Equal(names, []string{"caller.test"}) {
				t.Errorf("the server saw %s", names)
			}
			g.login(t, id, "alice", password)
		})
	}
}

const rootsVariable = "POPGATE_TEST_SYSTEM_ROOTS"

// TestSystemRoots: without a CA bundle the system's roots count, with one they do not. The roots are read once in a process, so
// the test has one of its own, for which a file with the test's CA is the system's.
func TestSystemRoots(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere no variable leads to other roots")
	}
	if file := os.Getenv(rootsVariable); file != "" {
		withSystemRoots(t, file)
		return
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "roots.pem")
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestSystemRoots$", "-test.v")
	cmd.Env = append(os.Environ(), rootsVariable+"="+file, "SSL_CERT_FILE="+file, "SSL_CERT_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func withSystemRoots(t *testing.T, file string) {
	unknown := failure{codes.FailedPrecondition, "TLS_VERIFICATION_FAILED", nil}
	trusted := newUpstream(t, false, "pop3.test")
	if err := os.WriteFile(file, []byte(trusted.caPEM), 0o600); err != nil {
		t.Fatal(err)
	}
	implicit := &upstream{mailbox: newMailbox(t, 1), ca: trusted.ca, caPEM: trusted.caPEM, pair: trusted.pair, implicit: true}
	implicit.TLS = trusted.TLS
	trusted.start(t)
	implicit.start(t)
	other := newAuthority(t)
	g := newGateway(t, nil)
	for _, way := range encrypts {
		u := trusted
		if way == "IMPLICIT" {
			u = implicit
		}
		_, state, err := g.encrypt(t, u, way, &pb.TlsOptions{ServerName: "pop3.test"})
		if err != nil || !state.GetVerified() {
			t.Errorf("%s: %v, %v", way, state, err)
		}
		_, _, err = g.encrypt(t, u, way, &pb.TlsOptions{ServerName: "smtp.test"})
		wantFailure(t, way+" by another name", err, unknown)
		_, _, err = g.encrypt(t, u, way, &pb.TlsOptions{ServerName: "pop3.test", CaBundlePem: other.pemOfCA()})
		wantFailure(t, way+" with a bundle of others", err, unknown)
	}
}
