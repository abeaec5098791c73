package replicas

import (
	"fmt"
	"testing"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// TestDrain: a replica that drains keeps its session, and ends with it. HAProxy and Envoy, which ask the replicas, send no new session
// there; through nginx, which does not ask, some get DRAINING.
func TestDrain(t *testing.T) {
	for _, p := range proxies {
		t.Run(p.file, func(t *testing.T) {
			p.program(t)
			f := newFarm(t, 1, 0, longDrain)
			conn := connect(t, p.front(t, f))
			a := f.replicas[0]
			kept := f.openAt(t, conn, p.header, a.name)
			a.terminate(t)
			f.shut(t, a)
			if p.name == "nginx" {
				if refused := f.openSome(t, conn, p.header, a.name); refused == 0 {
					t.Error("nothing went to the replica that drains; docs/replicas.md says otherwise")
				}
			} else {
				eventually(t, func() error {
					if refused := f.openSome(t, conn, p.header, a.name); refused > 0 {
						return fmt.Errorf("%d of %d new sessions went to the replica that drains", refused, some)
					}
					return nil
				})
			}
			if err := kept.capa(t.Context()); err != nil {
				t.Fatalf("the session at the replica that drains: %v", err)
			}
			if _, err := kept.CloseSession(kept.context(t.Context()), &pb.CloseSessionRequest{SessionId: kept.id}); err != nil {
				t.Fatal(err)
			}
			a.wait(t)
		})
	}
}

// shut waits until a replica that was told to drain lets nobody in any more.
func (f *farm) shut(t *testing.T, r *replica) {
	t.Helper()
	direct := connect(t, r.address)
	eventually(t, func() error {
		s, err := f.open(t.Context(), t, direct, sessionHeader)
		if reason(err) == "ERROR_REASON_DRAINING" {
			return nil
		}
		if err == nil {
			_, err = s.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: s.id})
		}
		return fmt.Errorf("%s lets sessions in: %v", r.name, err) //nolint:errorlint // it may be nil
	})
}

// openAt opens a session at one replica, and closes those that come elsewhere.
func (f *farm) openAt(t *testing.T, conn *grpc.ClientConn, header, name string) *session {
	t.Helper()
	var found *session
	eventually(t, func() error {
		s, err := f.open(t.Context(), t, conn, header)
		if err != nil {
			return err
		}
		if s.owner() == name {
			found = s
			return nil
		}
		_, _ = s.CloseSession(s.context(t.Context()), &pb.CloseSessionRequest{SessionId: s.id})
		return fmt.Errorf("no session at %s", name)
	})
	return found
}

// some is how many sessions openSome opens.
const some = 30

// openSome opens sessions and closes them, and returns how many a replica refused, which drains.
func (f *farm) openSome(t *testing.T, conn *grpc.ClientConn, header, draining string) (refused int) {
	t.Helper()
	for range some {
		s, err := f.open(t.Context(), t, conn, header)
		switch {
		case reason(err) == "ERROR_REASON_DRAINING":
			refused++
			continue
		case err != nil:
			t.Fatalf("OpenSession: %v", err)
		case s.owner() == draining:
			t.Fatalf("%s drains, and has let a session in", draining)
		}
		if _, err := s.CloseSession(s.context(t.Context()), &pb.CloseSessionRequest{SessionId: s.id}); err != nil {
			t.Errorf("CloseSession: %v", err)
		}
	}
	return refused
}

// TestWithoutHeader: callers that do not send the header back as it came reach the wrong replica, and lose nothing by it.
func TestWithoutHeader(t *testing.T) {
	tests := []struct {
		proxy proxy
		name  string
		value func(*session) string
	}{
		{proxies[0], "none at all", func(*session) string { return "" }},
		{proxies[2], "the session id in place of the header", func(s *session) string { return s.id }},
	}
	for _, test := range tests {
		t.Run(test.proxy.name, func(t *testing.T) {
			test.proxy.program(t)
			f := newFarm(t, 1, 0, longDrain)
			conn := connect(t, test.proxy.front(t, f))
			misrouted := 0
			const calls = 300
			for range calls {
				s, err := f.open(t.Context(), t, conn, test.proxy.header)
				if err != nil {
					t.Fatal(err)
				}
				without := *s
				without.value = test.value(s)
				switch err := without.capa(t.Context()); {
				case reason(err) == "ERROR_REASON_WRONG_REPLICA":
					misrouted++
				case err != nil:
					t.Errorf("a call without the header: %v", err)
				}
				if err := s.capa(t.Context()); err != nil {
					t.Errorf("the next call, with the header: %v", err)
				}
			}
			t.Logf("%s: %d of %d calls misrouted", test.name, misrouted, calls)
			if misrouted == 0 {
				t.Error("the header makes no difference: the other tests show nothing")
			}
		})
	}
}
