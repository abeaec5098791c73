package server

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// heldQuit is a gateway whose server has got QUIT and does not answer yet.
func heldQuit(t *testing.T) (g *gateway, m *mailbox, id string, release func()) {
	t.Helper()
	m = newMailbox(t, 2)
	arrived, release := m.hold(t, "QUIT")
	g = newGateway(t, m.piped)
	id = g.openMailbox(t)
	if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 2}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error, 1)
	go func() {
		_, err := g.Quit(ctx, &pb.QuitRequest{SessionId: id})
		cancelled <- err
	}()
	<-arrived
	cancel() // its caller goes away
	wantFailure(t, "the first Quit", <-cancelled, failure{codes.Canceled, "", nil})
	return g, m, id, release
}

var committedAgain = &pb.QuitResponse{
	Response: "+OK good-bye, 1 messages left", Outcome: pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED, Replayed: true,
}

// Once QUIT is written neither its caller nor CloseSession, nor the age, takes it back, and a repeated Quit waits for what comes.
func TestQuitGoesOn(t *testing.T) {
	for name, disturb := range map[string]func(t *testing.T, g *gateway, id string){
		"cancelled": func(*testing.T, *gateway, string) {},
		"closed": func(t *testing.T, g *gateway, id string) {
			if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
				t.Error(err)
			}
		},
		"drained": func(_ *testing.T, g *gateway, _ string) {
			for _, s := range g.registry.drain() {
				s.endFromOutside(pb.Cause_CAUSE_DRAINING)
			}
		},
		"late": func(*testing.T, *gateway, string) { time.Sleep(4 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, m, id, release := heldQuit(t)
				defer release()
				disturb(t, g, id)
				type result struct {
					resp *pb.QuitResponse
					err  error
				}
				again := make(chan result, 2)
				for range cap(again) {
					go func() {
						resp, err := g.quit(t, id)
						again <- result{resp, err}
					}()
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := g.Quit(ctx, &pb.QuitRequest{SessionId: id})
				wantFailure(t, "a repeated Quit of which the caller's deadline is over", err, failure{codes.DeadlineExceeded, "", nil})
				if len(again) != 0 {
					t.Error("a repeated Quit did not wait")
				}
				release()
				for range cap(again) {
					if r := <-again; r.err != nil || !proto.Equal(r.resp, committedAgain) {
						t.Errorf("a repeated Quit: %v, %v", r.resp, r.err)
					}
				}
				if n := m.sent("QUIT"); n != 1 {
					t.Errorf("%d QUIT", n)
				}
				if n := len(m.drop.Snapshot()); n != 1 {
					t.Errorf("%d messages left", n)
				}
			})
		})
	}
}

// A Quit whose caller goes away before its turn sends nothing, and the session lives on.
func TestQuitCancelledInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		arrived, release := m.hold(t, "NOOP")
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		running, waiting := make(chan error, 1), make(chan error, 1)
		go func() { running <- g.noop(t, id) }()
		<-arrived
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, err := g.Quit(ctx, &pb.QuitRequest{SessionId: id})
			waiting <- err
		}()
		synctest.Wait()
		cancel()
		wantFailure(t, "Quit", <-waiting, failure{codes.Canceled, "", nil})
		synctest.Wait() // the gateway knows, too
		release()
		if err := <-running; err != nil {
			t.Error(err)
		}
		if err := g.noop(t, id); err != nil {
			t.Error(err)
		}
		if n := m.sent("QUIT"); n != 0 {
			t.Errorf("%d QUIT", n)
		}
	})
}

// Two Quits that wait behind one another, and a call behind both.
func TestQuitsInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		arrived, release := m.hold(t, "NOOP")
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		running, quits, behind := make(chan error, 1), make(chan *pb.QuitResponse, 2), make(chan error, 1)
		go func() { running <- g.noop(t, id) }()
		<-arrived
		for range cap(quits) {
			go func() {
				resp, err := g.quit(t, id)
				if err != nil {
					t.Error(err)
				}
				quits <- resp
			}()
			synctest.Wait()
		}
		go func() { behind <- g.noop(t, id) }()
		synctest.Wait()
		release()
		if err := <-running; err != nil {
			t.Error(err)
		}
		replayed := 0
		for range cap(quits) {
			resp := <-quits
			if resp.GetReplayed() {
				replayed++
			}
			if !strings.HasPrefix(resp.GetResponse(), "+OK good-bye") {
				t.Errorf("got %v", resp)
			}
		}
		if n := m.sent("QUIT"); n != 1 || replayed != 1 {
			t.Errorf("%d QUIT, %d replayed", n, replayed)
		}
		wantFailure(t, "the call behind", <-behind, failure{codes.FailedPrecondition, "SESSION_ENDED", map[string]string{
			"cause": "QUIT", "outcome": "NOTHING_MARKED",
		}})
	})
}

// Quit after another end says that nothing was committed, however often.
func TestQuitAfterTheEnd(t *testing.T) {
	for cause, end := range map[string]func(t *testing.T, g *gateway, id string){
		"CLOSED": func(t *testing.T, g *gateway, id string) {
			if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
				t.Error(err)
			}
		},
		"IDLE_TIMEOUT": func(*testing.T, *gateway, string) { time.Sleep(6 * time.Minute) },
	} {
		t.Run(cause, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 2)
				g := newGateway(t, m.piped)
				id := g.openMailbox(t)
				if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 2}); err != nil {
					t.Fatal(err)
				}
				end(t, g, id)
				for range 2 {
					_, err := g.quit(t, id)
					want := ended(cause)
					want.meta["replayed"] = ""
					wantFailure(t, "Quit", err, want)
				}
				if n := m.sent("QUIT"); n != 0 || len(m.drop.Snapshot()) != 2 {
					t.Errorf("%d QUIT, %d messages left", n, len(m.drop.Snapshot()))
				}
			})
		})
	}
}

// A Quit that meets the session's end from outside is either told of it or runs to its own end; nothing in between.
func TestQuitAgainstClose(t *testing.T) {
	m := newMailbox(t, 1)
	g := newGateway(t, m.piped)
	for range 50 {
		m.free(t)
		id := g.openMailbox(t)
		closed := make(chan error, 1)
		go func() {
			_, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id})
			closed <- err
		}()
		resp, err := g.quit(t, id)
		if err == nil {
			if resp.GetOutcome() != pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED {
				t.Fatalf("got %v", resp)
			}
		} else {
			wantFailure(t, "Quit", err, ended("CLOSED"))
		}
		if err := <-closed; err != nil {
			t.Fatal(err)
		}
	}
}

// The end from outside and the beginning of QUIT exclude each other, whichever comes first.
func TestQuitOrEnd(t *testing.T) {
	m := newMailbox(t, 0)
	g := newGateway(t, m.piped)
	first, err := g.registry.find(everyone, g.openMailbox(t))
	if err != nil {
		t.Fatal(err)
	}
	first.endFromOutside(pb.Cause_CAUSE_CLOSED)
	if _, err := first.beginQuit(); reasonOfFault(err) != pb.ErrorReason_ERROR_REASON_SESSION_ENDED || first.quitting() != nil {
		t.Errorf("QUIT begins after the end: %v", err)
	}
	second, err := g.registry.find(everyone, g.openSession(t, anywhere()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.beginQuit(); err != nil {
		t.Fatal(err)
	}
	second.endFromOutside(pb.Cause_CAUSE_CLOSED)
	if err := second.alive(); err != nil {
		t.Errorf("the end comes after QUIT began: %v", err)
	}
	second.end(pb.Cause_CAUSE_QUIT, pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
}

func reasonOfFault(err error) pb.ErrorReason {
	var f *fault
	if !errors.As(err, &f) {
		return pb.ErrorReason_ERROR_REASON_UNSPECIFIED
	}
	return f.reason
}
