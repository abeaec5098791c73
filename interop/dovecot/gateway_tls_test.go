package dovecot_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// TestGatewayOtherCA has Dovecot's certificate verified by a CA that has not
// signed it, on a gateway that would let logins go over plaintext. A relay in
// between sees that nothing is sent after the handshake has failed.
func TestGatewayOtherCA(t *testing.T) {
	s := loadSetup(t)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		for _, m := range []mode{stls, implicit, upgraded} {
			t.Run(string(m), func(t *testing.T) {
				server := serverOf(t, m)
				server.Tls.CaBundlePem = string(readFile(t, s.OtherCA))
				r := startRelay(t, server)
				c := newClient(ownGateway(t, "--allow-target", r.address(), "--unsafe-allow-plaintext"), via)
				if m != upgraded {
					opened := c.Unopened(t)
					opened.Fails(&pb.OpenSessionRequest{Server: server}, verificationFailed(m))
				} else {
					opened := c.open(t, server)
					opened.Fails(&pb.StlsRequest{Tls: server.GetTls()}, verificationFailed(m))
					over := drive.Ended(pb.Cause_CAUSE_PROTOCOL_ERROR, pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED)
					for _, request := range loginRequests(s.account(t, "alice")) {
						opened.Fails(request, over)
					}
				}
				checkOnlyHandshake(t, r.end(t), m != implicit)
			})
		}
	})
}

// verificationFailed is the failure of a handshake, after STLS or without it.
func verificationFailed(m mode) drive.Failure {
	metadata := map[string]string{"outcome": "NOT_COMMITTED"}
	if m != implicit {
		metadata["command"] = "STLS"
	}
	return drive.Failure{Code: codes.FailedPrecondition, Reason: pb.ErrorReason_ERROR_REASON_TLS_VERIFICATION_FAILED, Metadata: metadata}
}

// checkOnlyHandshake expects STLS in the clear, where there is any, and then
// the first half of a handshake that was given up: a ClientHello, and behind
// it no more than an alert.
func checkOnlyHandshake(t *testing.T, sent []byte, afterSTLS bool) {
	t.Helper()
	if afterSTLS {
		rest, ok := bytes.CutPrefix(sent, []byte("STLS\r\n"))
		if !ok {
			t.Fatalf("the gateway has sent %q", sent)
		}
		sent = rest
	}
	const header, handshake, most = 5, 22, 64 // of a TLS record (RFC 8446 section 5.1), and its type
	if len(sent) < header || sent[0] != handshake {
		t.Fatalf("no ClientHello in %q", sent)
	}
	hello := header + int(sent[3])<<8 + int(sent[4])
	if len(sent) < hello || len(sent) > hello+most {
		t.Errorf("%d octets after a ClientHello of %d", len(sent)-hello, hello)
	}
}

// A relay passes one connection on to a server and keeps what is sent there.
type relay struct {
	listener net.Listener
	until    time.Time // when it gives up a gateway that does not close
	done     sync.WaitGroup
	sent     bytes.Buffer // complete after done, like err
	err      error
}

// startRelay puts a relay before a server: the server's port becomes that of
// the relay.
func startRelay(t *testing.T, server *pb.Server) *relay {
	t.Helper()
	target := net.JoinHostPort(server.GetHost(), strconv.FormatUint(uint64(server.GetPort()), 10))
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	r := &relay{listener: listener, until: time.Now().Add(drive.Patience)}
	if err := listener.SetDeadline(r.until); err != nil {
		t.Fatal(err)
	}
	r.done.Go(func() { r.err = r.pass(target) })
	server.Port = new(uint32(listener.Addr().(*net.TCPAddr).Port))
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

func (r *relay) pass(target string) error {
	from, err := r.listener.Accept()
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := net.Dial("tcp", target)
	if err != nil {
		return err
	}
	defer to.Close()
	if err := from.SetDeadline(r.until); err != nil {
		return err
	}
	r.done.Go(func() { _, _ = io.Copy(from, to) }) // ends when to is closed
	_, err = io.Copy(io.MultiWriter(&r.sent, to), from)
	return err
}

// end waits until the gateway has closed its connection, and returns what it
// has sent.
func (r *relay) end(t *testing.T) []byte {
	t.Helper()
	r.done.Wait()
	if errors.Is(r.err, os.ErrDeadlineExceeded) {
		t.Errorf("the gateway has not closed the connection: %v", r.err)
	}
	return r.sent.Bytes()
}

// TestGatewayPins verifies the server's key, in addition to its certificate.
func TestGatewayPins(t *testing.T) {
	s := loadSetup(t)
	state := connect(t, s, implicit, nil).Conn.(*tls.Conn).ConnectionState()
	right := sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
	wrong := sha256.Sum256(nil)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		for _, m := range []mode{stls, implicit} {
			c, server := newClient(gatewayFor(t, m), via), serverOf(t, m)
			server.Tls.PublicKeySha256 = [][]byte{wrong[:], right[:]}
			checkTLS(t, c.open(t, server).Opened.GetTls(), true)
			server.Tls.PublicKeySha256 = [][]byte{wrong[:]}
			c.Unopened(t).Fails(&pb.OpenSessionRequest{Server: server}, verificationFailed(m))
		}
	})
}

// TestGatewayRefusesPlaintext tries to log in without TLS where the operator
// has not allowed it. A watcher sees that nothing is sent.
func TestGatewayRefusesPlaintext(t *testing.T) {
	user := loadSetup(t).account(t, "alice")
	refused := drive.Failure{Code: codes.FailedPrecondition, Reason: pb.ErrorReason_ERROR_REASON_TLS_REQUIRED}
	overTransports(t, func(t *testing.T, via drive.Transport) {
		s := newClient(gatewayFor(t, upgraded), via).open(t, serverOf(t, upgraded))
		w := s.Watch(2)
		for _, request := range loginRequests(user) {
			s.Fails(request, refused)
		}
		_, err := s.Exchange(drive.PlainMechanism(user.Name, user.Password, true))
		drive.WantFailure(t, "AuthExchange", err, refused)
		drive.Must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})
		if lines := w.Lines(); len(lines) > 0 {
			t.Errorf("the dialogue is %q, want none", lines)
		}
	})
}

// TestGatewayRefusesUnverified asks for TLS that takes any certificate, which
// the operator has not allowed either.
func TestGatewayRefusesUnverified(t *testing.T) {
	loadSetup(t)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		c, server := newClient(gatewayFor(t, implicit), via), serverOf(t, implicit)
		server.Tls = &pb.TlsOptions{InsecureSkipVerify: true, Mode: pb.TlsMode_TLS_MODE_IMPLICIT}
		refused := drive.Failure{Code: codes.FailedPrecondition, Reason: pb.ErrorReason_ERROR_REASON_TLS_REQUIRED}
		c.Unopened(t).Fails(&pb.OpenSessionRequest{Server: server}, refused)
		s := c.open(t, serverOf(t, upgraded))
		refused.Metadata = map[string]string{"command": "STLS"}
		s.Fails(&pb.StlsRequest{Tls: &pb.TlsOptions{InsecureSkipVerify: true}}, refused)
		s.upgrade()
	})
}

// TestGatewayTargets asks for a port that no flag has opened.
func TestGatewayTargets(t *testing.T) {
	loadSetup(t)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		server := serverOf(t, plaintext)
		server.Port = new(uint32(110))
		s := newClient(gatewayFor(t, plaintext), via).Unopened(t)
		s.Fails(&pb.OpenSessionRequest{Server: server}, drive.Failure{
			Code: codes.PermissionDenied, Reason: pb.ErrorReason_ERROR_REASON_TARGET_NOT_ALLOWED,
		})
	})
}
