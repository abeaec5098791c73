package server

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// drainGrace is that of the drains here.
const drainGrace = 10 * time.Second

// TestDrainEverywhere drains while each command waits for its reply: what comes within the grace is finished, the rest is told, and
// no QUIT is sent that no caller asked for.
func TestDrainEverywhere(t *testing.T) {
	for mode, tls := range clearAndTLS {
		for _, col := range columns() {
			t.Run(mode+" "+col.name+"/in time", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { drainDuring(t, tls, col, drainGrace/2) })
			})
			if col.verb() != "QUIT" { // see TestDrainAndQuit
				t.Run(mode+" "+col.name+"/too late", func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { drainDuring(t, tls, col, 2*drainGrace) })
				})
			}
		}
	}
}

// drainDuring has the reply come after a time.
func drainDuring(t *testing.T, mode pb.TlsMode, col column, comes time.Duration) {
	h := hold(t, mode, col.begin(), col.reply)
	h.begin(t, col.before)
	go func() { h.outcome <- col.act.call(h.caller) }()
	time.Sleep(settling)
	synctest.Wait()
	done := h.shutdown(drainGrace)
	timer := time.AfterFunc(comes, func() { close(h.goOn) })
	err := <-h.outcome
	if comes < drainGrace && (err != nil || h.got != col.act.reply) {
		t.Errorf("%q, %v", h.got, err)
	}
	if comes > drainGrace {
		want := failure{codes.Unavailable, "DRAINING", map[string]string{"cause": "DRAINING", "outcome": "NOT_COMMITTED"}}
		wantFailure(t, "the call", err, want)
	}
	<-done
	if timer.Stop() {
		close(h.goOn)
	}
	<-h.cut.played // whether the server could say all is its affair
	sent, closed := h.cut.wire.state()
	if !closed || mode == pb.TlsMode_TLS_MODE_PLAINTEXT && strings.Contains(sent, "QUIT") != (col.verb() == "QUIT") {
		t.Errorf("closed: %v, sent %q", closed, sent)
	}
}

// TestDrainOpenSession drains while a session is being opened: none is made, however long the server is silent.
func TestDrainOpenSession(t *testing.T) {
	for name, tt := range map[string]struct {
		mode        pb.TlsMode
		lines, rest string
		want        failure
	}{
		"greeting in time": {pb.TlsMode_TLS_MODE_PLAINTEXT, "", greeted.lines, drains},
		"no greeting":      {pb.TlsMode_TLS_MODE_PLAINTEXT, "", "", failure{codes.Unavailable, "", nil}},
		"no reply to STLS": {pb.TlsMode_TLS_MODE_STLS, askedForTLS, "", failure{codes.Unavailable, "", nil}},
		"no handshake":     {pb.TlsMode_TLS_MODE_STLS, askedForTLS + "S: +OK", "", failure{codes.Unavailable, "", nil}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hold(t, tt.mode, tt.lines, tt.rest)
				h.server.IoTimeout = durationOf(time.Hour)
				go func() { h.outcome <- h.open() }()
				synctest.Wait()
				done := h.shutdown(drainGrace)
				timer := time.AfterFunc(drainGrace/2, func() {
					if tt.rest != "" {
						close(h.goOn)
					}
				})
				defer timer.Stop()
				wantFailure(t, "OpenSession", <-h.outcome, tt.want)
				<-done
				synctest.Wait()
				if _, closed := h.cut.wire.state(); !closed || h.registry.live != 0 {
					t.Errorf("closed: %v, sessions: %d", closed, h.registry.live)
				}
				if tt.rest == "" {
					close(h.goOn)
				}
				<-h.cut.played
			})
		})
	}
}
