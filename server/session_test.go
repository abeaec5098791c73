package server

import (
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

func TestOpenSession(t *testing.T) {
	m := newMailbox(t, 0)
	m.Banner = `+OK caf\é ` + "\xff\x1b[2J"
	g := newGateway(t, func(c *Config) {
		m.piped(c)
		c.Replica = "eu-1.b_2"
		c.Limits.IdleTimeout, c.Limits.MaxAge = 7*time.Minute, 8*time.Hour
	})
	var header metadata.MD
	resp, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()}, grpc.Header(&header))
	if err != nil {
		t.Fatal(err)
	}
	id := resp.GetSessionId()
	if !regexp.MustCompile(`^eu-1\.b_2\.[A-Za-z0-9_-]{43}$`).MatchString(id) {
		t.Errorf("session id %q", id)
	}
	if got := header.Get("pop3-session"); !slices.Equal(got, []string{id}) {
		t.Errorf("header pop3-session is %q, the field %q", got, id)
	}
	if got, want := resp.GetResponse(), `+OK caf\\é \xff\x1b[2J`; got != want {
		t.Errorf("greeting %q, want %q", got, want)
	}
	if resp.GetReplica() != "eu-1.b_2" || resp.GetTls() != nil ||
		resp.GetIdleTimeout().AsDuration() != 7*time.Minute || resp.GetMaxAge().AsDuration() != 8*time.Hour {
		t.Errorf("got %v", resp)
	}
	welcome, err := g.GetWelcome(t.Context(), &pb.GetWelcomeRequest{SessionId: id})
	if err != nil || welcome.GetResponse() != resp.GetResponse() {
		t.Errorf("GetWelcome: %v, %v", welcome, err)
	}
	if other := g.openSession(t, anywhere()); other == id {
		t.Error("two sessions have one id")
	}
	if len(m.Commands()) != 0 {
		t.Errorf("sent %q", m.Commands())
	}
}

// pastEnd checks an ended session until and after its tombstone is over, and that nobody sent QUIT.
func pastEnd(t *testing.T, g *gateway, m *mailbox, id string, want failure) {
	t.Helper()
	if m.drop.InUse() {
		t.Error("the connection is open still")
	}
	wantFailure(t, "at the end", g.noop(t, id), want)
	time.Sleep(g.config.Limits.Tombstone - 2*time.Second)
	wantFailure(t, "before the tombstone is over", g.noop(t, id), want)
	time.Sleep(3 * time.Second)
	wantFailure(t, "after the tombstone", g.noop(t, id), failure{codes.NotFound, "SESSION_NOT_FOUND", nil})
	if n := m.sent("QUIT"); n != 0 {
		t.Errorf("%d QUIT", n)
	}
	if n := len(m.drop.Snapshot()); n != 2 {
		t.Errorf("%d messages left", n)
	}
}

func TestIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 1}); err != nil {
			t.Fatal(err)
		}
		for range 3 { // each command starts the time anew
			time.Sleep(5*time.Minute - time.Second)
			if err := g.noop(t, id); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5*time.Minute - time.Second)
		synctest.Wait()
		if !m.drop.InUse() {
			t.Error("ended too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		pastEnd(t, g, m, id, ended("IDLE_TIMEOUT"))
	})
}

// A call that runs for longer than the idle time-out is no idleness.
func TestIdleTimeoutWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		arrived, release := m.hold(t, "NOOP")
		g := newGateway(t, m.piped)
		server := anywhere()
		server.IoTimeout = durationOf(time.Hour)
		id := g.openSession(t, server)
		g.login(t, id, "alice", password)
		done := make(chan error, 1)
		go func() { done <- g.noop(t, id) }()
		<-arrived
		time.Sleep(20 * time.Minute)
		release()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		time.Sleep(5*time.Minute - time.Second)
		synctest.Wait()
		if !m.drop.InUse() {
			t.Error("the idle time did not begin at the end of the call")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		pastEnd(t, g, m, id, ended("IDLE_TIMEOUT"))
	})
}

func TestMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		for age := time.Minute; age < time.Hour; age += time.Minute { // busy callers do not live for ever
			time.Sleep(time.Minute)
			if err := g.noop(t, id); err != nil {
				t.Fatalf("at the age of %v: %v", age, err)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		pastEnd(t, g, m, id, ended("EXPIRED"))
	})
}

// The call that runs at the greatest age is finished, and the one that waits behind it is not begun.
func TestMaxAgeWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		arrived, release := m.hold(t, "RETR")
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			c.Limits.MaxAge = 10 * time.Second
		})
		id := g.openMailbox(t)
		running, waiting := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1}))
			running <- err
		}()
		<-arrived
		go func() { waiting <- g.noop(t, id) }()
		time.Sleep(20 * time.Second)
		release()
		if err := <-running; err != nil {
			t.Errorf("the running call: %v", err)
		}
		wantFailure(t, "the waiting call", <-waiting, ended("EXPIRED"))
		if n := m.sent("NOOP"); n != 0 {
			t.Errorf("%d NOOP", n)
		}
		synctest.Wait() // the mailbox sees the end of the connection
		pastEnd(t, g, m, id, ended("EXPIRED"))
	})
}
