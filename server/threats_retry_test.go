package server

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// stubborn is what a caller configures whose gRPC library is to repeat whatever fails.
const stubborn = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.01s", "maxBackoff": "0.01s",
	"backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE", "UNKNOWN", "ABORTED", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "INTERNAL"]}}]}`

// cutter is what stands between a stubborn caller and its gateway, and cuts the caller off.
type cutter struct {
	*gateway
	id string // of the session of callCutOff

	mu    sync.Mutex
	conns []net.Conn
}

// newCutter starts a gateway to a mailbox, behind a cutter. The service config says what the caller's library repeats.
func newCutter(t *testing.T, m *mailbox, serviceConfig string) *cutter {
	t.Helper()
	var config Config
	m.piped(&config)
	listener := bufconn.Listen(64 << 10)
	p := &cutter{}
	server := serveOn(t, config, listener)
	conn, err := grpc.NewClient("passthrough:///gateway", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig), grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			conn, err := listener.DialContext(ctx)
			p.mu.Lock()
			defer p.mu.Unlock()
			p.conns = append(p.conns, conn)
			return conn, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p.gateway = &gateway{server, pb.NewPop3ServiceClient(conn), conn}
	return p
}

// cut ends all connections of the caller.
func (p *cutter) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		conn.Close()
	}
	p.conns = nil
}

// callCutOff makes a call in a new session, logged in where the command wants it, and cuts the caller off when the command has come to
// the server, twice.
func (p *cutter) callCutOff(t *testing.T, m *mailbox, verb string, request func(id string) proto.Message) outcome {
	t.Helper()
	cuts := 2
	m.Intercept = func(line string) (string, bool) {
		if v, _, _ := strings.Cut(line, " "); v == verb && cuts > 0 {
			cuts--
			p.cut()
		}
		return "", false
	}
	p.id = p.openSession(t, anywhere())
	if !slices.Contains([]string{"UTF8", "USER", "PASS", "APOP", "RPOP", "AUTH"}, verb) {
		p.login(t, p.id, "alice", password)
	} else if verb == "PASS" {
		if _, err := p.User(t.Context(), &pb.UserRequest{SessionId: p.id, Username: "alice"}); err != nil {
			t.Fatal(err)
		}
	}
	req := request(p.id)
	return invoke(t.Context(), p.conn, methodOf(t, req), req)
}

// repeated are the calls that a library repeats. Those that the contract calls idempotent are sent as often as they come, save QUIT.
var repeated = []struct {
	verb string
	req  func(id string) proto.Message
	sent int // where the caller is cut off twice
	want failure
}{
	{"NOOP", func(id string) proto.Message { return &pb.NoopRequest{SessionId: id} }, 3, failure{}},
	{"RSET", func(id string) proto.Message { return &pb.RsetRequest{SessionId: id} }, 3, failure{}},
	{"LIST", func(id string) proto.Message { return &pb.ListRequest{SessionId: id} }, 3, failure{}},
	{"QUIT", func(id string) proto.Message { return &pb.QuitRequest{SessionId: id} }, 1, failure{}},
	{"DELE", func(id string) proto.Message { return &pb.DeleRequest{SessionId: id, MessageNumber: 1} }, 1, notAgain},
	{"RETR", func(id string) proto.Message { return &pb.RetrRequest{SessionId: id, MessageNumber: 1} }, 1, notAgain},
	{"UTF8", func(id string) proto.Message { return &pb.Utf8Request{SessionId: id} }, 1, notAgain},
	{"USER", func(id string) proto.Message { return &pb.UserRequest{SessionId: id, Username: "alice"} }, 1, notAgain},
	{"PASS", func(id string) proto.Message { return &pb.PassRequest{SessionId: id, Password: password} }, 1, notAgain},
	{"APOP", func(id string) proto.Message {
		return &pb.ApopRequest{SessionId: id, Username: "alice", Secret: password}
	}, 1, notAgain},
	{"RPOP", func(id string) proto.Message { return &pb.RpopRequest{SessionId: id, Username: "alice"} }, 1, notAgain},
	{"AUTH", func(id string) proto.Message {
		return &pb.AuthRequest{SessionId: id, Credentials: &pb.Credentials{
			Username: "alice", Mechanism: "PLAIN", Secret: &pb.Credentials_Password{Password: password},
		}}
	}, 1, notAgain},
	{"AUTH", func(id string) proto.Message {
		return &pb.AuthExchangeRequest{SessionId: id, Mechanism: "PLAIN", InitialResponse: []byte("\x00alice\x00" + password)}
	}, 1, notAgain},
}

// notAgain is what a repetition gets.
var notAgain = failure{codes.FailedPrecondition, "WRONG_STATE", nil}

// TestRepeatedCalls cuts the caller off when its command has come to the server, twice. Its library repeats the call, and no command that
// does something is sent a second time (C11).
func TestRepeatedCalls(t *testing.T) {
	for _, tt := range repeated {
		t.Run(fmt.Sprintf("%T", tt.req("")), func(t *testing.T) {
			m := newMailbox(t, 2)
			p := newCutter(t, m, stubborn)
			o := p.callCutOff(t, m, tt.verb, tt.req)
			if tt.want.reason == "" && (o.err != nil || len(o.replies) == 0) {
				t.Error(o.err)
			}
			if tt.want.reason != "" {
				wantFailure(t, tt.verb, o.err, tt.want)
				checkError(t, tt.verb, o.err, o.trailer)
			}
			if n := m.sent(tt.verb); n != tt.sent {
				t.Errorf("%d %s were sent, want %d", n, tt.verb, tt.sent)
			}
			if tt.verb == "QUIT" && !o.replies[0].(*pb.QuitResponse).GetReplayed() {
				t.Errorf("%v", o.replies)
			}
			if tt.verb == "DELE" { // was done once, and the session knows
				resp, err := p.quit(t, p.id)
				if err != nil || resp.GetOutcome() != pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED || len(m.drop.Snapshot()) != 1 {
					t.Errorf("%v, %v", resp, err)
				}
			}
		})
	}
}

// TestInvitedRepetition: what popgate itself asks to have repeated may come again by the library's own doing.
func TestInvitedRepetition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 1)
		p := newCutter(t, m, stubborn)
		busy := 2
		m.Intercept = func(line string) (string, bool) {
			if strings.HasPrefix(line, "PASS") && busy > 0 {
				busy--
				return "-ERR [IN-USE] wait\r\n", true
			}
			return "", false
		}
		p.login(t, p.openSession(t, anywhere()), "alice", password)
		if n := m.sent("PASS"); n != 3 {
			t.Errorf("%d PASS", n)
		}
	})
}

// TestRepetitionOfNothing: a call that says that it is repeated, and that nobody has asked to repeat, sends nothing. The caller's own
// next one does.
func TestRepetitionOfNothing(t *testing.T) {
	m := newMailbox(t, 1)
	g := newGateway(t, m.piped)
	id := g.openMailbox(t)
	for _, attempts := range []string{"1", "4", "x"} {
		again := metadata.AppendToOutgoingContext(t.Context(), attemptsHeader, attempts)
		_, err := g.Dele(again, &pb.DeleRequest{SessionId: id, MessageNumber: 1})
		wantFailure(t, attempts, err, notAgain)
		if _, err := g.Stat(again, &pb.StatRequest{SessionId: id}); err != nil {
			t.Error(err)
		}
	}
	if n := m.sent("DELE"); n != 0 {
		t.Errorf("%d DELE", n)
	}
	if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 1}); err != nil {
		t.Error(err)
	}
}
