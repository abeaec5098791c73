package dovecot_test

import (
	"testing"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// upgraded is a session that begins in plaintext and asks for TLS by an RPC.
const upgraded mode = "PLAINTEXT, then Stls"

var gatewayModes = []mode{plaintext, stls, implicit, upgraded}

// overTransports runs a test over each transport.
func overTransports(t *testing.T, f func(t *testing.T, via drive.Transport)) {
	t.Run("stubs", func(t *testing.T) { f(t, drive.Stubs{}) })
	t.Run("grpcurl", func(t *testing.T) { f(t, findGrpcurl(t)) })
}

// sample returns what a transport has time for: all of it by the stubs, and
// the first, the middle and the last by grpcurl, where a call is a process.
func sample[T any](via drive.Transport, all []T) []T {
	if via == (drive.Stubs{}) {
		return all
	}
	return []T{all[0], all[len(all)/2], all[len(all)-1]}
}

// A client is a gateway's that knows this Dovecot.
type client struct{ *drive.Client }

func newClient(g *drive.Gateway, via drive.Transport) *client {
	return &client{drive.NewClient(g, via)}
}

// A session is one with this Dovecot.
type session struct{ *drive.Session }

// openSession opens a session of a gateway that the tests share, up to the
// point where the caller may log in.
func openSession(t *testing.T, via drive.Transport, m mode) *session {
	t.Helper()
	return newClient(gatewayFor(t, m), via).openMode(t, m)
}

func (c *client) openMode(t *testing.T, m mode) *session {
	t.Helper()
	s := c.open(t, serverOf(t, m))
	if m == upgraded {
		drive.Must[*pb.StlsResponse](s, &pb.StlsRequest{Tls: trusting(t, loadSetup(t).CA)})
	}
	return s
}

func (c *client) open(t *testing.T, server *pb.Server) *session {
	t.Helper()
	return &session{c.Open(t, server)}
}

// openMailbox opens a session of a mode and logs in by USER and PASS.
func openMailbox(t *testing.T, via drive.Transport, m mode, user account) *session {
	t.Helper()
	s := openSession(t, via, m)
	s.logIn(user)
	return s
}

func (s *session) logIn(user account) {
	s.T.Helper()
	drive.Must[*pb.UserResponse](s, &pb.UserRequest{Username: user.Name})
	drive.Must[*pb.PassResponse](s, &pb.PassRequest{Password: user.Password})
}

// serverOf names Dovecot in a mode.
func serverOf(t *testing.T, m mode) *pb.Server {
	t.Helper()
	s := loadSetup(t)
	address, tlsMode := s.Plain, pb.TlsMode_TLS_MODE_PLAINTEXT
	switch m {
	case implicit:
		address, tlsMode = s.POP3S, pb.TlsMode_TLS_MODE_IMPLICIT
	case stls:
		tlsMode = pb.TlsMode_TLS_MODE_STLS
	}
	server, err := drive.ServerAt(address, tlsMode, readFile(t, s.CA))
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// trusting are options that trust the CA in a file alone.
func trusting(t *testing.T, file string) *pb.TlsOptions {
	t.Helper()
	return &pb.TlsOptions{CaBundlePem: string(readFile(t, file))}
}

// loginFailed is the failure of a wrong password.
func loginFailed(command string) drive.Failure {
	return drive.Failure{
		Code: codes.PermissionDenied, Reason: pb.ErrorReason_ERROR_REASON_LOGIN_FAILED,
		Metadata: map[string]string{
			"command": command, "response": "-ERR [AUTH] Authentication failed.", "responseCode": "AUTH", "certain": "true",
		},
	}
}
