package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// What an RPC comes to in a state of a session, and what goes to the server:
//
//	+   success, and the command was sent
//	-   the server's refusal: the command was sent, COMMAND_REFUSED
//	L   the same of a login: LOGIN_FAILED
//	ok  success, and nothing was sent
//
// and without a single octet for the server:
//
//	N   SESSION_NOT_FOUND     O  WRONG_REPLICA    E  SESSION_ENDED    R  Quit's answer of before
//	W   WRONG_STATE           T  TLS_REQUIRED     C  CONNECTION_LOST  q  waits for its turn, until its deadline

// cells are all RPCs in all states.
const cells = `
RPC            none other  clear login utf8 tls   open busy  lost quit closed
OpenSession    ok   ok     ok    ok    ok   ok    ok   ok    C    ok   ok
GetWelcome     N    O      ok    ok    ok   ok    ok   ok    ok   E    E
SetDebugLevel  N    O      ok    ok    ok   ok    ok   ok    ok   E    E
WatchDebug     N    O      ok    ok    ok   ok    ok   ok    ok   E    E
Capa           N    O      +     +     +    +     +    q     C    E    E
Stls           N    O      +     +     -    W     W    q     W    E    E
Utf8           N    O      +     +     +    +     -    q     C    E    E
Lang           N    O      +     +     +    +     +    q     C    E    E
CloseSession   N    O      ok    ok    ok   ok    ok   ok    ok   ok   ok
User           N    O      T     +     +    +     -    q     C    E    E
Pass           N    O      T     L     L    L     L    q     C    E    E
Apop           N    O      T     L     L    L     L    q     C    E    E
Rpop           N    O      T     L     L    L     L    q     C    E    E
Auth           N    O      T     +     +    +     L    q     C    E    E
AuthExchange   N    O      T     +     +    +     L    q     C    E    E
Stat           N    O      -     -     -    -     +    q     C    E    E
List           N    O      -     -     -    -     +    q     C    E    E
Uidl           N    O      -     -     -    -     +    q     C    E    E
Dele           N    O      -     -     -    -     +    q     C    E    E
Rset           N    O      -     -     -    -     +    q     C    E    E
Noop           N    O      -     -     -    -     +    q     C    E    E
Retr           N    O      -     -     -    -     +    q     C    E    E
Top            N    O      -     -     -    -     +    q     C    E    E
Quit           N    O      +     +     +    +     +    q     C    R    E
`

// inState brings a session into a state and returns its id.
var inState = map[string]func(t *testing.T, g *gateway, m *mailbox) string{
	"none":  func(_ *testing.T, g *gateway, _ *mailbox) string { return g.registry.newID() },
	"other": func(*testing.T, *gateway, *mailbox) string { return "elsewhere.x" },
	"clear": func(t *testing.T, g *gateway, _ *mailbox) string { return g.openSession(t, anywhere()) },
	"login": func(t *testing.T, g *gateway, _ *mailbox) string { return g.openSession(t, anywhere()) },
	"utf8": func(t *testing.T, g *gateway, _ *mailbox) string {
		id := g.openSession(t, anywhere())
		if _, err := g.Utf8(t.Context(), &pb.Utf8Request{SessionId: id}); err != nil {
			t.Fatal(err)
		}
		return id
	},
	"tls": func(t *testing.T, g *gateway, m *mailbox) string {
		id := g.openSession(t, anywhere())
		if _, err := g.Stls(t.Context(), &pb.StlsRequest{SessionId: id, Tls: m.trusted()}); err != nil {
			t.Fatal(err)
		}
		return id
	},
	"open": func(t *testing.T, g *gateway, _ *mailbox) string { return g.openMailbox(t) },
	"busy": func(t *testing.T, g *gateway, m *mailbox) string {
		arrived, release := m.hold(t, "NOOP")
		id := g.openMailbox(t)
		running := make(chan error, 1)
		go func() {
			_, err := g.Noop(context.Background(), &pb.NoopRequest{SessionId: id})
			running <- err
		}()
		<-arrived
		t.Cleanup(func() {
			release()
			if err := <-running; err != nil && ended("CLOSED").check(err) != "" {
				t.Error(err)
			}
		})
		return id
	},
	"lost": func(t *testing.T, g *gateway, m *mailbox) string {
		id := g.openMailbox(t)
		m.Close()
		synctest.Wait()
		return id
	},
	"quit": func(t *testing.T, g *gateway, _ *mailbox) string {
		id := g.openMailbox(t)
		if _, err := g.quit(t, id); err != nil {
			t.Fatal(err)
		}
		return id
	},
	"closed": func(t *testing.T, g *gateway, _ *mailbox) string {
		id := g.openMailbox(t)
		if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
			t.Fatal(err)
		}
		return id
	},
}

// trusted are the options for TLS with the mailbox.
func (m *mailbox) trusted() *pb.TlsOptions {
	return &pb.TlsOptions{CaBundlePem: string(m.CertificatePEM()), ServerName: "localhost"}
}

// outcomes are the failures of cells.
var outcomes = map[string]failure{
	"-": {codes.FailedPrecondition, "COMMAND_REFUSED", nil},
	"L": {codes.PermissionDenied, "LOGIN_FAILED", nil},
	"N": {codes.NotFound, "SESSION_NOT_FOUND", nil},
	"O": {codes.FailedPrecondition, "WRONG_REPLICA", nil},
	"E": {codes.FailedPrecondition, "SESSION_ENDED", nil},
	"W": {codes.FailedPrecondition, "WRONG_STATE", nil},
	"T": {codes.FailedPrecondition, "TLS_REQUIRED", nil},
	"C": {codes.Unavailable, "CONNECTION_LOST", nil},
	"q": {codes.DeadlineExceeded, "", nil},
}

// TestStates makes every call in every state of a session (C5).
func TestStates(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(cells), "\n")
	states := strings.Fields(rows[0])[1:]
	var named []string
	for _, row := range rows[1:] {
		words := strings.Fields(row)
		named = append(named, words[0])
		for i, state := range states {
			t.Run(words[0]+" "+state, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { tryCell(t, byName(t, words[0]), state, words[i+1]) })
			})
		}
	}
	for _, method := range methods(t) {
		if !slices.Contains(named, string(method.Name())) {
			t.Errorf("%s has no row", method.Name())
		}
	}
	if len(named)*len(states) < 240 || len(states) != len(inState) {
		t.Errorf("%d RPCs in %d states", len(named), len(states))
	}
}

// tryCell makes a call in a state.
func tryCell(t *testing.T, method protoreflect.MethodDescriptor, state, want string) {
	t.Helper()
	m := newMailbox(t, 1)
	g := newGateway(t, func(c *Config) {
		m.piped(c)
		c.UnsafeAllowPlaintext = state != "clear"
	})
	id := inState[state](t, g, m)
	before := len(m.Commands())
	req := requestFor(t, method, id)
	switch r := req.(type) {
	case *pb.StlsRequest:
		r.Tls = m.trusted()
	case *pb.AuthExchangeRequest:
		r.InitialResponse = []byte("\x00alice\x00" + password)
	}
	// Over a pipe both ends of TLS wait 5 seconds with their good-byes.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	o := invoke(ctx, g.conn, method, req)
	if method.Name() == "WatchDebug" && len(o.replies) > 0 && status.Code(o.err) == codes.DeadlineExceeded {
		o.err = nil // it watches until its deadline
	}
	if wrong := checkCell(o, want); wrong != "" {
		t.Error(wrong)
	}
	var sent []string
	for _, line := range m.Commands()[before:] {
		verb, _, _ := strings.Cut(line, " ")
		sent = append(sent, verb)
	}
	var wanted []string
	if strings.ContainsAny(want, "+-L") {
		wanted = []string{verbOfRPC(method)}
	}
	if !slices.Equal(sent, wanted) {
		t.Errorf("sent %q, want %q", sent, wanted)
	}
}

// checkCell reports in words how an outcome differs from what a cell says, or "".
func checkCell(o outcome, want string) string {
	if f, failed := outcomes[want]; failed {
		return f.check(o.err)
	}
	if o.err != nil || len(o.replies) == 0 {
		return fmt.Sprintf("%v, want success", o.err)
	}
	if quit, ok := o.replies[0].(*pb.QuitResponse); ok && quit.GetReplayed() != (want == "R") {
		return fmt.Sprintf("replayed: %v", quit.GetReplayed())
	}
	return ""
}

// verbOfRPC returns the command that an RPC sends.
func verbOfRPC(method protoreflect.MethodDescriptor) string {
	if method.Name() == "AuthExchange" {
		return "AUTH"
	}
	return strings.ToUpper(string(method.Name()))
}
