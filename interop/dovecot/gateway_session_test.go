package dovecot_test

import (
	"net"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// upgraded is a session that begins in plaintext and asks for TLS by an RPC.
const upgraded mode = "PLAINTEXT, then Stls"

var gatewayModes = []mode{plaintext, stls, implicit, upgraded}

// A session is one of a gateway's. Its requests need no session_id.
type session struct {
	*client
	t      *testing.T
	opened *pb.OpenSessionResponse
}

// openSession opens a session of a gateway that the tests share, up to the
// point where the caller may log in.
func openSession(t *testing.T, via transport, m mode) *session {
	t.Helper()
	return newClient(gatewayFor(t, m), via).openMode(t, m)
}

func (c *client) openMode(t *testing.T, m mode) *session {
	t.Helper()
	s := c.open(t, serverOf(t, m))
	if m == upgraded {
		must[*pb.StlsResponse](s, &pb.StlsRequest{Tls: trusting(t, loadSetup(t).CA)})
	}
	return s
}

// open opens a session with a server. Whatever becomes of the test, the
// session ends with it.
func (c *client) open(t *testing.T, server *pb.Server) *session {
	t.Helper()
	s := &session{client: c, t: t}
	s.opened = must[*pb.OpenSessionResponse](s, &pb.OpenSessionRequest{Server: server})
	t.Cleanup(func() {
		if err := c.gateway.closeSession(s.opened.GetSessionId()); err != nil {
			t.Errorf("closing the session: %v", err)
		}
	})
	return s
}

// openMailbox opens a session of a mode and logs in by USER and PASS.
func openMailbox(t *testing.T, via transport, m mode, user account) *session {
	t.Helper()
	s := openSession(t, via, m)
	s.logIn(user)
	return s
}

func (s *session) logIn(user account) {
	s.t.Helper()
	must[*pb.UserResponse](s, &pb.UserRequest{Username: user.Name})
	must[*pb.PassResponse](s, &pb.PassRequest{Password: user.Password})
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
	options := trusting(t, s.CA)
	options.Mode = tlsMode
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return &pb.Server{Host: host, Port: new(uint32(port)), Tls: options}
}

func portText(server *pb.Server) string { return strconv.FormatUint(uint64(server.GetPort()), 10) }

// trusting are options that trust the CA in a file alone.
func trusting(t *testing.T, file string) *pb.TlsOptions {
	t.Helper()
	return &pb.TlsOptions{CaBundlePem: string(readFile(t, file))}
}

// call calls an RPC in this session.
func (s *session) call(request proto.Message) ([]proto.Message, error) {
	s.t.Helper()
	s.name(request)
	return s.client.call(s.t, request)
}

// name puts the session's id into a request, in whose field 1 it belongs.
func (s *session) name(request proto.Message) {
	message := request.ProtoReflect()
	if field := message.Descriptor().Fields().ByName("session_id"); field != nil && field.Number() == 1 {
		message.Set(field, protoreflect.ValueOfString(s.opened.GetSessionId()))
	}
}

// fails expects a call to fail, with no response before.
func (s *session) fails(request proto.Message, want failure) {
	s.t.Helper()
	responses, err := s.call(request)
	what := string(request.ProtoReflect().Descriptor().Name())
	if len(responses) > 0 {
		s.t.Errorf("%s gives the response %v before its end", what, responses[0])
	}
	wantFailure(s.t, what, err, want)
}

// must calls an RPC that has to give one response.
func must[R proto.Message](s *session, request proto.Message) R {
	s.t.Helper()
	responses := mustAll[R](s, request)
	if len(responses) != 1 {
		s.t.Fatalf("%T gives %d responses", request, len(responses))
	}
	return responses[0]
}

// mustAll calls an RPC that has to succeed.
func mustAll[R proto.Message](s *session, request proto.Message) []R {
	s.t.Helper()
	responses, err := s.call(request)
	if err != nil {
		s.t.Fatalf("%T: %v", request, err)
	}
	typed := make([]R, len(responses))
	for i, response := range responses {
		typed[i] = response.(R)
	}
	return typed
}
