package drive

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// A Session is one of a gateway's. Its requests need no session_id.
type Session struct {
	*Client
	T      *testing.T
	Opened *pb.OpenSessionResponse
}

// Open opens a session with a server. Whatever becomes of the test, the
// session ends with it.
func (c *Client) Open(t *testing.T, server *pb.Server) *Session {
	t.Helper()
	s := c.Unopened(t)
	s.Opened = Must[*pb.OpenSessionResponse](s, &pb.OpenSessionRequest{Server: server})
	t.Cleanup(func() {
		if err := c.Gateway.CloseSession(s.Opened.GetSessionId()); err != nil {
			t.Errorf("closing the session: %v", err)
		}
	})
	return s
}

// Unopened is for calls that belong to no session.
func (c *Client) Unopened(t *testing.T) *Session { return &Session{Client: c, T: t} }

// ServerAt names a server by its address, to be verified by a CA.
func ServerAt(address string, mode pb.TlsMode, ca []byte) (*pb.Server, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, err
	}
	return &pb.Server{Host: host, Port: new(uint32(port)), Tls: &pb.TlsOptions{Mode: mode, CaBundlePem: string(ca)}}, nil
}

// Call calls an RPC in this session.
func (s *Session) Call(request proto.Message) ([]proto.Message, error) {
	s.T.Helper()
	s.Name(request)
	return s.Client.Call(s.T, request)
}

// Name puts the session's id into a request, in whose field 1 it belongs.
func (s *Session) Name(request proto.Message) {
	message := request.ProtoReflect()
	if field := message.Descriptor().Fields().ByName("session_id"); field != nil && field.Number() == 1 {
		message.Set(field, protoreflect.ValueOfString(s.Opened.GetSessionId()))
	}
}

// Fails expects a call to fail, with no response before.
func (s *Session) Fails(request proto.Message, want Failure) {
	s.T.Helper()
	responses, err := s.Call(request)
	what := string(request.ProtoReflect().Descriptor().Name())
	if len(responses) > 0 {
		s.T.Errorf("%s gives the response %v before its end", what, responses[0])
	}
	WantFailure(s.T, what, err, want)
}

// WantQuit ends the session by Quit, with that outcome.
func (s *Session) WantQuit(outcome pb.CommitOutcome) {
	s.T.Helper()
	got := Must[*pb.QuitResponse](s, &pb.QuitRequest{})
	if got.GetOutcome() != outcome || got.GetReplayed() || !strings.HasPrefix(got.GetResponse(), "+OK") {
		s.T.Errorf("Quit gives %v, want %s", got, outcome)
	}
}

func (s *Session) self() *Session { return s }

// A holder is a session, or has one in it.
type holder interface{ self() *Session }

// Must calls an RPC that has to give one response.
func Must[R proto.Message](s holder, request proto.Message) R {
	t := s.self().T
	t.Helper()
	responses := MustAll[R](s, request)
	if len(responses) != 1 {
		t.Fatalf("%T gives %d responses", request, len(responses))
	}
	return responses[0]
}

// MustAll calls an RPC that has to succeed.
func MustAll[R proto.Message](s holder, request proto.Message) []R {
	t := s.self().T
	t.Helper()
	responses, err := s.self().Call(request)
	if err != nil {
		t.Fatalf("%T: %v", request, err)
	}
	typed := make([]R, len(responses))
	for i, response := range responses {
		typed[i] = response.(R)
	}
	return typed
}
