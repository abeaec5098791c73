package server

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

func TestCloseSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		arrived, _ := m.hold(t, "NOOP")
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 2}); err != nil {
			t.Fatal(err)
		}
		calls := make(chan error, 3)
		go func() { calls <- g.noop(t, id) }()
		<-arrived
		for range 2 {
			go func() { calls <- g.noop(t, id) }()
		}
		synctest.Wait()
		for range 3 {
			if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
				t.Errorf("CloseSession: %v", err)
			}
		}
		for range 3 {
			wantFailure(t, "a call that ran or waited", <-calls, ended("CLOSED"))
		}
		if m.sent("NOOP") != 1 || m.sent("QUIT") != 0 {
			t.Errorf("sent %q", m.Commands())
		}
		if n := len(m.drop.Snapshot()); n != 2 {
			t.Errorf("%d messages left", n)
		}
	})
}

// What is ended comes back as an end from each RPC, and CloseSession is OK.
func TestAfterCloseSession(t *testing.T) {
	m := newMailbox(t, 2)
	g := newGateway(t, m.piped)
	id := g.openMailbox(t)
	if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
	for _, method := range sessionMethods(t) {
		err := invoke(t.Context(), g.conn, method, requestFor(t, method, id)).err
		if method.Name() == "CloseSession" {
			if err != nil {
				t.Errorf("%s: %v", method.Name(), err)
			}
			continue
		}
		wantFailure(t, string(method.Name()), err, ended("CLOSED"))
	}
}

// A stream that runs when the session is closed ends too, whatever its caller reads.
func TestCloseSessionDuringStreams(t *testing.T) {
	m := newMailbox(t, 2)
	arrived, _ := m.hold(t, "RETR")
	g := newGateway(t, m.piped)
	id := g.openMailbox(t)
	retr, err := g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})
	if err != nil {
		t.Fatal(err)
	}
	<-arrived
	if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
	_, err = retr.Recv()
	wantFailure(t, "Retr", err, ended("CLOSED"))
}

// An AuthExchange whose caller does not answer holds the session no longer than idleness may, and not against CloseSession.
func TestAuthExchangeWithoutAnswer(t *testing.T) {
	for cause, end := range map[string]func(t *testing.T, g *gateway, id string){
		"IDLE_TIMEOUT": func(*testing.T, *gateway, string) { time.Sleep(5*time.Minute + time.Second) },
		"CLOSED": func(t *testing.T, g *gateway, id string) {
			if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(cause, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 0)
				g := newGateway(t, m.piped)
				id := g.openSession(t, anywhere())
				stream, err := g.AuthExchange(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := stream.Send(&pb.AuthExchangeRequest{SessionId: id, Mechanism: "PLAIN"}); err != nil {
					t.Fatal(err)
				}
				if _, err := stream.Recv(); err != nil {
					t.Fatal(err)
				}
				end(t, g, id)
				_, err = stream.Recv()
				wantFailure(t, "AuthExchange", err, ended(cause))
				wantFailure(t, "afterwards", g.noop(t, id), ended(cause))
			})
		})
	}
}

// Seventeen calls may run or wait. The next one is refused and sends nothing; a caller that goes away makes room.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		arrived, release := m.hold(t, "NOOP")
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		calls := make(chan error, 17)
		start := func(ctx context.Context) {
			go func() {
				_, err := g.Noop(ctx, &pb.NoopRequest{SessionId: id})
				calls <- err
			}()
			synctest.Wait()
		}
		start(t.Context())
		<-arrived
		for range 15 {
			start(t.Context())
		}
		ctx, cancel := context.WithCancel(t.Context())
		start(ctx)
		full := failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil}
		wantFailure(t, "the 18th call", g.noop(t, id), full)
		cancel()
		wantFailure(t, "the cancelled call", <-calls, failure{codes.Canceled, "", nil})
		synctest.Wait()
		start(t.Context())
		wantFailure(t, "the 18th call again", g.noop(t, id), full)
		if _, err := g.GetWelcome(t.Context(), &pb.GetWelcomeRequest{SessionId: id}); err != nil {
			t.Errorf("GetWelcome waits: %v", err)
		}
		release()
		for range 17 {
			if err := <-calls; err != nil {
				t.Error(err)
			}
		}
		if n := m.sent("NOOP"); n != 17 {
			t.Errorf("%d NOOP", n)
		}
	})
}

// A listing that is cancelled and cannot be read away has ended the session: the next caller did not cancel anything.
func TestAfterCancelledListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		m.answer(map[string]string{"LIST": "+OK\r\n1 100"}) // and no end
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := g.List(ctx, &pb.ListRequest{SessionId: id})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // the server has answered
		cancel()
		if _, err := stream.Recv(); errors.Is(err, io.EOF) || err == nil {
			t.Errorf("List: %v", err)
		}
		wantFailure(t, "the next call", g.noop(t, id), ended("CANCELLED"))
		wantFailure(t, "the one behind it", g.noop(t, id), ended("CANCELLED"))
	})
}
