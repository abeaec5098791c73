package server

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// shutdown drains a gateway with a grace and returns a channel that is closed at the end.
func (g *gateway) shutdown(grace time.Duration) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		g.Shutdown(ctx)
	}()
	return done
}

func (g *gateway) health(t testing.TB, service string) healthpb.HealthCheckResponse_ServingStatus {
	t.Helper()
	resp, err := healthpb.NewHealthClient(g.conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
	if err != nil {
		t.Errorf("health of %q: %v", service, err)
	}
	return resp.GetStatus()
}

var drains = failure{codes.Unavailable, "DRAINING", nil}

// TestDrain: the drain lets sessions work until the grace is over, then closes those that are left without QUIT.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		arrived, release := m.hold(t, "RETR")
		g := newGateway(t, m.piped)
		for _, service := range []string{"", "popgate.v1.Pop3Service"} {
			if got := g.health(t, service); got != healthpb.HealthCheckResponse_SERVING {
				t.Errorf("health of %q before: %v", service, got)
			}
		}
		id := g.openMailbox(t)
		idle := g.openSession(t, anywhere())
		if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 2}); err != nil {
			t.Fatal(err)
		}
		retr := make(chan error, 1)
		go func() {
			_, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1}))
			retr <- err
		}()
		<-arrived
		begin := time.Now()
		done := g.shutdown(30 * time.Second)
		synctest.Wait()

		for _, service := range []string{"", "popgate.v1.Pop3Service"} {
			if got := g.health(t, service); got != healthpb.HealthCheckResponse_NOT_SERVING {
				t.Errorf("health of %q: %v", service, got)
			}
		}
		_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
		wantFailure(t, "OpenSession", err, drains)
		time.Sleep(20 * time.Second)
		release()
		if err := <-retr; err != nil {
			t.Errorf("the running Retr: %v", err)
		}
		if err := g.noop(t, id); err != nil {
			t.Errorf("within the grace: %v", err)
		}
		watching, err := g.WatchDebug(t.Context(), &pb.WatchDebugRequest{SessionId: idle})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := collect(watching, nil); err != nil { // its session is closed: OK
			t.Errorf("WatchDebug: %v", err)
		}
		<-done
		if d := time.Since(begin); d < 30*time.Second || d > 36*time.Second {
			t.Errorf("took %v", d)
		}
		wantFailure(t, "afterwards", g.noop(t, id), failure{codes.Unavailable, "", nil})
		synctest.Wait() // the mailbox sees the end of the connection
		if m.sent("QUIT") != 0 || len(m.drop.Snapshot()) != 2 || m.drop.InUse() {
			t.Errorf("sent %q, %d messages left, in use %v", m.Commands(), len(m.drop.Snapshot()), m.drop.InUse())
		}
	})
}

// The drain is over at once where the last session is, however long the grace.
func TestDrainIsOverWithTheLastSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		begin := time.Now()
		done := g.shutdown(time.Hour)
		time.Sleep(time.Minute)
		if _, err := g.quit(t, id); err != nil {
			t.Error(err)
		}
		<-done
		if d := time.Since(begin); d > time.Minute+lastCalls+time.Second {
			t.Errorf("took %v", d)
		}
	})
}

// A call that is still running when the grace is over is told why it ends, and so is one that comes right then.
func TestDrainCutsRunningCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		arrived, _ := m.hold(t, "RETR")
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		retr, noop := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1}))
			retr <- err
		}()
		<-arrived
		go func() { noop <- g.noop(t, id) }()
		done := g.shutdown(10 * time.Second)
		want := failure{codes.Unavailable, "DRAINING", map[string]string{"cause": "DRAINING", "outcome": "NOT_COMMITTED"}}
		wantFailure(t, "Retr", <-retr, want)
		wantFailure(t, "the waiting call", <-noop, want)
		<-done
	})
}

// The drain waits for a QUIT that is under way, but not for ever: then its outcome is unknown.
func TestDrainAndQuit(t *testing.T) {
	for name, tt := range map[string]struct {
		answer time.Duration // after the drain began; 0 for never
		want   failure
	}{
		"answered in the grace":  {5 * time.Second, failure{}},
		"answered a bit later":   {12 * time.Second, failure{}},
		"not answered in time":   {0, failure{codes.Unavailable, "", nil}},
		"answered much too late": {time.Minute, failure{codes.Unavailable, "", nil}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 2)
				arrived, release := m.hold(t, "QUIT")
				g := newGateway(t, m.piped)
				id := g.openMailbox(t)
				quit := make(chan error, 1)
				go func() {
					_, err := g.quit(t, id)
					quit <- err
				}()
				<-arrived
				begin := time.Now()
				done := g.shutdown(10 * time.Second)
				if tt.answer > 0 {
					time.AfterFunc(tt.answer, release)
				}
				err := <-quit
				switch {
				case tt.want.code == codes.OK && err != nil:
					t.Errorf("Quit: %v", err)
				case tt.want.code != codes.OK && reasonOf(err) != "ERROR_REASON_COMMIT_UNKNOWN":
					wantFailure(t, "Quit", err, tt.want)
				}
				<-done
				if d := time.Since(begin); d > 10*time.Second+lastCalls+time.Second {
					t.Errorf("took %v", d)
				}
				release()
			})
		})
	}
}

// A QUIT of MailboxService is waited for as long, and so is the second login that looks what became of it.
func TestDrainAndDelete(t *testing.T) {
	for name, answer := range map[string]time.Duration{"answered a bit later": 12 * time.Second, "not answered in time": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 2)
				arrived, release := m.hold(t, "QUIT")
				g := newGateway(t, m.piped)
				deleted := make(chan error, 1)
				go func() {
					_, err := g.mailboxes().DeleteMessages(t.Context(), &pb.DeleteMessagesRequest{
						Server: anywhere(), Credentials: alicesMailbox(), Messages: []*pb.MessageToDelete{{UniqueId: m.drop.Snapshot()[0].UniqueID}},
					})
					deleted <- err
				}()
				<-arrived
				begin := time.Now()
				done := g.shutdown(10 * time.Second)
				if answer > 0 {
					time.AfterFunc(answer, release)
				}
				if err := <-deleted; answer > 0 && err != nil {
					t.Errorf("DeleteMessages: %v", err)
				}
				<-done
				if d := time.Since(begin); d > 10*time.Second+lastCalls+time.Second {
					t.Errorf("took %v", d)
				}
				release()
			})
		})
	}
}

// A caller that does nothing but hold a stream open cannot hold up the end.
func TestDrainWithOpenStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		g := newGateway(t, m.piped)
		id := g.openSession(t, anywhere())
		watch, err := healthpb.NewHealthClient(g.conn).Watch(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := watch.Recv(); err != nil {
			t.Fatal(err)
		}
		silent, err := g.AuthExchange(t.Context()) // sends no first request
		if err != nil {
			t.Fatal(err)
		}
		waits, err := g.AuthExchange(t.Context()) // does not answer
		if err != nil {
			t.Fatal(err)
		}
		if err := waits.Send(&pb.AuthExchangeRequest{SessionId: id, Mechanism: "PLAIN"}); err != nil {
			t.Fatal(err)
		}
		if _, err := waits.Recv(); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		<-g.shutdown(time.Second)
		if d := time.Since(begin); d > time.Second+lastCalls+time.Second {
			t.Errorf("took %v", d)
		}
		_, err = waits.Recv()
		wantFailure(t, "AuthExchange", err, drains)
		_, err = silent.Recv()
		wantFailure(t, "the silent one", err, failure{codes.Unavailable, "", nil})
	})
}

// Shutdown may be called twice, and before Serve.
func TestShutdownTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, nil)
		<-g.shutdown(time.Hour)
		<-g.shutdown(time.Hour)
		s, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		s.Shutdown(t.Context())
		if err := s.Serve(bufconn.Listen(1)); err != nil {
			t.Errorf("Serve after Shutdown: %v", err)
		}
	})
}
