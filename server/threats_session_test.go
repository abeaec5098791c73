package server

import (
	"crypto/x509"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// TestChosenID: a caller cannot choose the id of its session, whether it proposes one in the header that proxies use or in the field
// that the other requests have (E4).
func TestChosenID(t *testing.T) {
	m := newMailbox(t, 0)
	g := newGateway(t, m.piped)
	chosen := g.registry.newID()
	req := &pb.OpenSessionRequest{Server: anywhere()}
	unknown := protowire.AppendTag(nil, 100, protowire.BytesType)
	req.ProtoReflect().SetUnknown(protowire.AppendString(unknown, chosen))
	ctx := metadata.AppendToOutgoingContext(t.Context(), sessionHeader, chosen)
	opened, err := g.OpenSession(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	if opened.GetSessionId() == chosen {
		t.Error("the caller has chosen the id")
	}
	_, err = g.Noop(ctx, &pb.NoopRequest{SessionId: chosen})
	wantFailure(t, "the chosen id", err, failure{codes.NotFound, "SESSION_NOT_FOUND", nil})
	// The header is for proxies alone: no other session is reached by it.
	other := g.openSession(t, anywhere())
	ctx = metadata.AppendToOutgoingContext(t.Context(), sessionHeader, other)
	if _, err := g.CloseSession(ctx, &pb.CloseSessionRequest{SessionId: opened.GetSessionId()}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Capa(t.Context(), &pb.CapaRequest{SessionId: other}); err != nil {
		t.Errorf("the session in the header: %v", err)
	}
}

// TestIDFromBeforeLogin: the id stays what it was before the login, and is worth no more to another caller after it than before, whoever
// has seen it (E5).
func TestIDFromBeforeLogin(t *testing.T) {
	m := newMailbox(t, 1)
	g := newGuarded(t, m.piped)
	mine, theirs := pb.NewPop3ServiceClient(g.named(t, "mine.test")), pb.NewPop3ServiceClient(g.named(t, "theirs.test"))
	opened, err := mine.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
	if err != nil {
		t.Fatal(err)
	}
	id := opened.GetSessionId()
	stolen := func(when string) {
		t.Helper()
		_, err := theirs.Stat(t.Context(), &pb.StatRequest{SessionId: id})
		wantFailure(t, when, err, failure{codes.NotFound, "SESSION_NOT_FOUND", nil})
	}
	stolen("before the login")
	own := &gateway{g.Server, mine, nil}
	own.login(t, id, "alice", password)
	stolen("after the login")
	if m.sent("STAT") != 0 {
		t.Errorf("sent %q", m.Commands())
	}
	if _, err := mine.Stat(t.Context(), &pb.StatRequest{SessionId: id}); err != nil {
		t.Errorf("its owner: %v", err)
	}
}

// TestThreeReplicas: a call that reaches the wrong replica hears whose session it is, and disturbs nothing: of 600 and more none is done
// anywhere (E10).
func TestThreeReplicas(t *testing.T) {
	m := newMailbox(t, 1)
	names := []string{"eu-1", "eu-2", "eu-3"}
	var replicas []*gateway
	for _, name := range names {
		replicas = append(replicas, newGateway(t, func(c *Config) {
			m.piped(c)
			c.Replica = name
		}))
	}
	const sessions = 5 // of each
	misrouted := 0
	for i, owner := range replicas {
		for range sessions {
			id := owner.openSession(t, anywhere())
			for _, method := range sessionMethods(t) {
				for j, wrong := range replicas {
					if j == i {
						continue
					}
					misrouted++
					o := invoke(t.Context(), wrong.conn, method, requestFor(t, method, id))
					wantFailure(t, string(method.Name()), o.err, failure{codes.FailedPrecondition, "WRONG_REPLICA", map[string]string{"owner": names[i]}})
				}
			}
			if _, err := owner.Capa(t.Context(), &pb.CapaRequest{SessionId: id}); err != nil {
				t.Errorf("at its owner: %v", err)
			}
		}
	}
	if misrouted < 600 {
		t.Errorf("only %d calls", misrouted)
	}
	if got := m.sent("CAPA"); got != len(m.Commands()) || got != sessions*len(replicas) {
		t.Errorf("sent %q", m.Commands())
	}
}

// TestFlippedIDs flips each bit of 100 ids: none of them is a session, and which replica is named depends on the name in the id alone
// (E11). That name is no authority: it has no access to anything, so it needs no signature.
func TestFlippedIDs(t *testing.T) {
	r := newRegistry("eu-1", Limits{}.withDefaults())
	for range 100 {
		s := &session{id: r.newID(), caller: "mine"}
		if err := r.add(s); err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * len(s.id) {
			flipped := []byte(s.id)
			flipped[bit/8] ^= 1 << (bit % 8)
			id := string(flipped)
			found, err := r.find("mine", id)
			want := pb.ErrorReason_ERROR_REASON_SESSION_NOT_FOUND
			if i := strings.LastIndexByte(id, '.'); i > 0 && id[:i] != "eu-1" {
				want = pb.ErrorReason_ERROR_REASON_WRONG_REPLICA
			}
			if found != nil || faultOf(err).reason != want {
				t.Fatalf("%q for %q: %v, want %v", id, s.id, err, want)
			}
		}
		if found, err := r.find("mine", s.id); found != s || err != nil {
			t.Fatal(err)
		}
	}
}

// TestMailboxLocked: a maildrop that one session has is refused to a second one by the server, as RFC 1939 section 4 has it, and the
// caller hears so, with a time to try again at (E13).
func TestMailboxLocked(t *testing.T) {
	m := newMailbox(t, 1)
	g := newGateway(t, m.piped)
	first := g.openMailbox(t)
	second := g.openSession(t, anywhere())
	if _, err := g.User(t.Context(), &pb.UserRequest{SessionId: second, Username: "alice"}); err != nil {
		t.Fatal(err)
	}
	_, err := g.Pass(t.Context(), &pb.PassRequest{SessionId: second, Password: password})
	wantFailure(t, "the second login", err, inUse)
	if retryOf(err) == 0 {
		t.Error("when to try again is not said")
	}
	if _, err := g.quit(t, first); err != nil {
		t.Fatal(err)
	}
	third := g.openSession(t, anywhere())
	g.login(t, third, "alice", password)
}

// TestRawPathsWithCredentials: what is not exactly the name of a method is none, for whoever may do everything too (F10).
func TestRawPathsWithCredentials(t *testing.T) {
	g := newGateway(t, func(c *Config) {
		c.Callers = callersOf(t, testRoles+"callers:\n"+entryOf("alice", "all", "token"), nil)
	})
	for _, path := range []string{
		"/popgate.v1.Pop3Service/noop", "//popgate.v1.Pop3Service/Noop", "/popgate.v1.Pop3Service//Noop", "/popgate.v1.Pop3Service/Noop/",
		"/Pop3Service/Noop", "/grpc.health.v1.Health/../../popgate.v1.Pop3Service/Noop", "/x.Pop3Service/Noop",
		"/grpc.health.v1.Health/Noop", "/",
	} {
		wantFailure(t, path, callAny(withToken(t.Context(), "token"), g.conn, path), failure{codes.Unimplemented, "", nil})
		wantFailure(t, path, callAny(t.Context(), g.conn, path), failure{codes.Unimplemented, "", nil})
	}
}

// TestFullCallerSparesOthers: the sessions of a caller at its limit are no concern of another's (E8).
func TestFullCallerSparesOthers(t *testing.T) {
	m := newMailbox(t, 0)
	g := newGuarded(t, func(c *Config) {
		m.piped(c)
		c.Limits.SessionsPerCaller = 20
	})
	greedy := pb.NewPop3ServiceClient(g.named(t, "greedy.test"))
	open := func(client pb.Pop3ServiceClient) error {
		_, err := client.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
		return err
	}
	for range 20 {
		if err := open(greedy); err != nil {
			t.Fatal(err)
		}
	}
	other := pb.NewPop3ServiceClient(g.as(t, g.ca.issue(t, &x509.Certificate{DNSNames: []string{"other.test"}})))
	for range 20 {
		err := open(greedy)
		wantFailure(t, "beyond the limit", err, failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil})
		if retryOf(err) == 0 {
			t.Error("when to try again is not said")
		}
		if err := open(other); err != nil {
			t.Errorf("another caller: %v", err)
		}
	}
}
