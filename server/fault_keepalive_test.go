package server

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// mortal has the calls go over a connection of their own that can vanish: nothing comes through any more, and nobody is told.
func (h *held) mortal(t *testing.T) (vanish func()) {
	t.Helper()
	listener := bufconn.Listen(64 << 10)
	served := make(chan error, 1)
	go func() { served <- h.Serve(listener) }()
	var gone atomic.Bool
	conn, err := grpc.NewClient("passthrough:///gateway", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			gateway, err := listener.DialContext(ctx)
			if err != nil {
				return nil, err
			}
			near, far := net.Pipe()
			go relay(far, gateway, &gone)
			go relay(gateway, far, &gone)
			return near, nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		listener.Close()
		<-served
	})
	h.g = pb.NewPop3ServiceClient(conn)
	return func() { gone.Store(true) }
}

// relay carries octets until the connection is gone, and then loses them.
func relay(to, from net.Conn, gone *atomic.Bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		switch {
		case err != nil && !gone.Load():
			to.Close()
			return
		case err != nil:
			from.Close()
			return
		case !gone.Load():
			to.Write(buffer[:n])
		}
	}
}

// wholeLimit is after what time a caller that vanished counts as one that cancelled; reading away what it wanted comes on top.
const wholeLimit = keepalivePing + keepaliveTimeout + drained + limitSlack

// TestCallerVanishes has the caller's connection die without a sign while each command waits for its reply.
func TestCallerVanishes(t *testing.T) {
	for mode, tls := range clearAndTLS {
		for _, col := range columns() {
			t.Run(mode+" "+col.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { vanishIn(t, tls, col) })
			})
		}
	}
}

func vanishIn(t *testing.T, mode pb.TlsMode, col column) {
	const patience = 30 * time.Minute // of the server's silence, for that is not the limit here
	h := hold(t, mode, col.begin(), "")
	h.server.IoTimeout = durationOf(patience)
	vanish := h.mortal(t)
	h.begin(t, col.before)
	go func() { h.outcome <- col.act.call(h.caller) }()
	time.Sleep(settling)
	synctest.Wait()
	vanish()
	begin := time.Now()
	if col.verb() == "QUIT" { // which nobody can cancel
		wantFailure(t, "Quit", h.later.quit(), failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{"cause": "TIMEOUT", "replayed": "true"}})
		if took := time.Since(begin); took < patience-settling-limitSlack {
			t.Errorf("given up after %v", took)
		}
	} else {
		wantFailure(t, "Noop", h.later.noop(), ended("CANCELLED"))
		if took := time.Since(begin); took > wholeLimit || took < keepalivePing-limitSlack {
			t.Errorf("given up after %v", took)
		}
	}
	if sent, _ := h.cut.wire.state(); col.verb() != "QUIT" && strings.Contains(sent, "QUIT") {
		t.Errorf("sent %q", sent)
	}
	close(h.goOn)
	h.later.over(t, h.cut)
}

// TestCallerVanishesInSteps has the caller vanish where a session begins, in the middle of a message, and while nothing runs.
func TestCallerVanishesInSteps(t *testing.T) {
	t.Run("OpenSession", func(t *testing.T) {
		for name, tt := range map[string]struct {
			mode  pb.TlsMode
			lines string
		}{
			"greeting": {pb.TlsMode_TLS_MODE_PLAINTEXT, ""}, "STLS": {pb.TlsMode_TLS_MODE_STLS, askedForTLS},
			"handshake": {pb.TlsMode_TLS_MODE_STLS, askedForTLS + "S: +OK"}, "implicit handshake": {pb.TlsMode_TLS_MODE_IMPLICIT, ""},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := hold(t, tt.mode, tt.lines, "")
					h.server.IoTimeout = durationOf(time.Hour)
					h.vanishes(t, (*caller).open, wholeLimit)
				})
			})
		}
	})
	t.Run("message", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			long := strings.Repeat("S: "+strings.Repeat("x", 1022)+"\n", 4<<10)
			h := hold(t, pb.TlsMode_TLS_MODE_PLAINTEXT, greeted.lines+"\nC: RETR 1\nS: +OK", "")
			h.cut.serve = func(conn net.Conn) error {
				defer conn.Close()
				if recite(conn, greeted.lines+"\nC: RETR 1\nS: +OK\n"+long) == nil {
					t.Error("all of the message was taken")
				}
				return nil
			}
			h.begin(t, []act{greeted})
			h.session = h.later.session
			h.vanishes(t, func(c *caller) error {
				stream, err := c.g.Retr(c.ctx, &pb.RetrRequest{SessionId: c.session, MessageNumber: 1})
				if err == nil {
					_, err = stream.Recv() // and reads no more
					<-t.Context().Done()
				}
				return err
			}, wholeLimit)
		})
	})
	t.Run("idle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := hold(t, pb.TlsMode_TLS_MODE_PLAINTEXT, greeted.lines, "")
			h.begin(t, []act{greeted})
			h.vanishes(t, (*caller).noAct, 5*time.Minute+limitSlack)
			wantFailure(t, "Noop", h.later.noop(), ended("IDLE_TIMEOUT"))
		})
	})
}

// noAct is no call.
func (c *caller) noAct() error { return nil }

// vanishes makes a call, has its caller vanish, and wants no session and no connection to the server to be left after a limit.
func (h *held) vanishes(t *testing.T, call func(*caller) error, limit time.Duration) {
	t.Helper()
	vanish := h.mortal(t)
	go func() { h.outcome <- call(h.caller) }()
	time.Sleep(settling)
	synctest.Wait()
	vanish()
	time.Sleep(limit)
	synctest.Wait()
	if _, closed := h.cut.wire.state(); !closed || h.registry.live != 0 {
		t.Errorf("closed: %v, sessions: %d", closed, h.registry.live)
	}
	close(h.goOn)
	if err := <-h.cut.played; err != nil {
		t.Error(err)
	}
}
