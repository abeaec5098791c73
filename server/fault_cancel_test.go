package server

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

var (
	cancelled = failure{code: codes.Canceled}
	tooLate   = failure{code: codes.DeadlineExceeded}
)

// held is a session whose server waits in the middle of a reply until the test lets it go on. All of it is in a bubble.
type held struct {
	*rig
	*caller
	cut     *cut
	goOn    chan struct{}
	later   *caller // calls that nobody cancels
	cancel  context.CancelFunc
	outcome chan error
}

// hold plays lines, has a call wait for more, and plays the rest after goOn. An empty rest is silence.
func hold(t *testing.T, mode pb.TlsMode, lines, rest string) *held {
	config, ca := certificateFor(t, "pop3.example.test", time.Time{})
	h := &held{rig: newRig(t, []byte(ca), pipes), goOn: make(chan struct{}), outcome: make(chan error, 1)}
	h.cut = &cut{dialogue: &dialogue{mode: mode}, serve: func(conn net.Conn) error {
		defer conn.Close()
		if lines != "" { // else it does not even begin TLS
			conn = over(mode, conn, config)
		}
		err := recite(conn, lines)
		<-h.goOn
		if err == nil && rest != "CLOSE" && recite(conn, rest) == nil {
			_, err = io.Copy(io.Discard, conn)
		}
		return err
	}}
	h.later = h.add(t.Context(), h.cut)
	h.later.server.Tls.ServerName = "pop3.example.test"
	early := *h.later
	h.caller = &early
	h.ctx, h.cancel = context.WithCancel(t.Context())
	return h
}

// over puts TLS over a server's connection where it begins with the first octet.
func over(mode pb.TlsMode, conn net.Conn, config *tls.Config) net.Conn {
	if mode == pb.TlsMode_TLS_MODE_IMPLICIT {
		return tls.Server(conn, config)
	}
	return conn
}

// begin opens the session and makes the calls before the one of interest.
func (h *held) begin(t *testing.T, before []act) {
	t.Helper()
	for _, a := range before {
		if err := a.call(h.later); err != nil {
			t.Fatal(err)
		}
	}
	h.session = h.later.session
}

// settling is time for a command to be sent: a pipe is read for a moment before.
const settling = limitSlack / 2

// giveUp makes a call and gives it up when nothing goes on any more.
func (h *held) giveUp(t *testing.T, call func(*caller) error, give func()) error {
	t.Helper()
	go func() { h.outcome <- call(h.caller) }()
	time.Sleep(settling)
	synctest.Wait()
	select {
	case err := <-h.outcome:
		t.Fatalf("the call has returned before: %v", err)
	default:
	}
	give()
	err := <-h.outcome
	synctest.Wait()
	return err
}

// again checks what a Quit that was given up has come to.
func (h *held) again(t *testing.T, want pb.CommitOutcome) {
	t.Helper()
	resp, err := h.g.Quit(t.Context(), &pb.QuitRequest{SessionId: h.session})
	if err != nil || resp.GetOutcome() != want || !resp.GetReplayed() {
		t.Errorf("Quit again: %v, %v", resp, err)
	}
}

// TestCancel cancels each call when its command is sent, or lets the deadline do so, and has the reply come in time, too late, or never.
func TestCancel(t *testing.T) {
	for mode, tls := range clearAndTLS {
		for _, col := range columns() {
			for name, test := range map[string]func(*testing.T, pb.TlsMode, column){
				"reply comes": cancelInTime, "deadline": deadlineInTime, "no reply": cancelForEver, "connection ends": cancelAndClose,
			} {
				t.Run(mode+" "+col.name+"/"+name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { test(t, tls, col) })
				})
			}
		}
	}
}

func cancelInTime(t *testing.T, mode pb.TlsMode, col column) {
	h := hold(t, mode, col.begin(), col.reply+"\nC: NOOP\nS: +OK in step")
	h.begin(t, col.before)
	wantFailure(t, "the call", h.giveUp(t, col.act.call, h.cancel), cancelled)
	close(h.goOn)
	h.afterwards(t, col)
}

func deadlineInTime(t *testing.T, mode pb.TlsMode, col column) {
	h := hold(t, mode, col.begin(), col.reply+"\nC: NOOP\nS: +OK in step")
	h.begin(t, col.before)
	h.ctx, h.cancel = context.WithTimeout(h.ctx, time.Second)
	defer h.cancel()
	wantFailure(t, "the call", h.giveUp(t, col.act.call, func() { time.Sleep(time.Second) }), tooLate)
	time.Sleep(time.Second)
	close(h.goOn)
	h.afterwards(t, col)
}

// afterwards checks that the session is in step, or that its Quit has worked.
func (h *held) afterwards(t *testing.T, col column) {
	t.Helper()
	if col.verb() == "QUIT" {
		h.again(t, pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
	} else if err := h.later.noop(); err != nil || h.later.got != "+OK in step" {
		t.Errorf("Noop: %q, %v", h.later.got, err)
	}
	h.later.over(t, h.cut)
}

// drained is how long a reply is waited for that nobody wants; DESIGN.md section 4.
const drained = 2 * time.Second

func cancelForEver(t *testing.T, mode pb.TlsMode, col column) {
	h := hold(t, mode, col.begin(), "")
	h.begin(t, col.before)
	wantFailure(t, "the call", h.giveUp(t, col.act.call, h.cancel), cancelled)
	begin, limit := time.Now(), drained
	if col.verb() == "QUIT" {
		limit = 5*time.Minute - settling
		wantFailure(t, "Quit", h.later.quit(), failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{"cause": "TIMEOUT", "replayed": "true"}})
	} else {
		wantFailure(t, "Noop", h.later.noop(), ended("CANCELLED"))
	}
	if took := time.Since(begin); took < limit || took > limit+limitSlack {
		t.Errorf("it took %v, want %v", took, limit)
	}
	close(h.goOn)
	h.later.over(t, h.cut)
}

func cancelAndClose(t *testing.T, mode pb.TlsMode, col column) {
	h := hold(t, mode, col.begin(), "CLOSE")
	h.begin(t, col.before)
	wantFailure(t, "the call", h.giveUp(t, col.act.call, h.cancel), cancelled)
	close(h.goOn)
	if col.verb() == "QUIT" {
		wantFailure(t, "Quit", h.later.quit(), failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{"cause": "CONNECTION_LOST", "replayed": "true"}})
	} else {
		wantFailure(t, "Noop", h.later.noop(), ended("CONNECTION_LOST"))
	}
	h.later.over(t, h.cut)
}

// TestCancelInside cancels a stream in the middle of the reply. Up to 1 MiB is read away; more ends the session.
func TestCancelInside(t *testing.T) {
	list := func(c *caller) error { return c.list(nil) }
	retr := func(c *caller) error {
		_, err := join(c.g.Retr(c.ctx, &pb.RetrRequest{SessionId: c.session, MessageNumber: 1}))
		return err
	}
	text := func(lines int) string { return strings.Repeat("S: "+strings.Repeat("x", 1022)+"\n", lines) }
	for name, tt := range map[string]struct {
		first string
		rest  string
		call  func(*caller) error
		alive bool
	}{
		"RETR":           {"C: RETR 1\nS: +OK\nS: Subject", text(1) + "S: .\n", retr, true},
		"much of RETR":   {"C: RETR 1\nS: +OK\nS: Subject", text(1023) + "S: .\n", retr, true},
		"too much":       {"C: RETR 1\nS: +OK\nS: Subject", text(1025) + "S: .\n", retr, false},
		"within a line":  {"C: RETR 1\nS: +OK\nS| Sub", "S: ject\nS: .\n", retr, true},
		"within the end": {"C: RETR 1\nS: +OK\n" + `S| x\r\n.`, "S:\n", retr, true},
		"LIST":           {"C: LIST\nS: +OK", text(1) + "S: .\n", list, true},
		"much of LIST":   {"C: LIST\nS: +OK", text(1023) + "S: .\n", list, true},
		"too much LIST":  {"C: LIST\nS: +OK", text(1025) + "S: .\n", list, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hold(t, pb.TlsMode_TLS_MODE_PLAINTEXT, greeted.lines+"\n"+tt.first, tt.rest+"C: NOOP\nS: +OK in step")
				h.begin(t, []act{greeted})
				wantFailure(t, "the call", h.giveUp(t, tt.call, h.cancel), cancelled)
				close(h.goOn)
				err := h.later.noop()
				if tt.alive && (err != nil || h.later.got != "+OK in step") {
					t.Errorf("Noop: %q, %v", h.later.got, err)
				}
				if !tt.alive {
					wantFailure(t, "Noop", err, ended("CANCELLED"))
				}
				h.later.over(t, h.cut)
			})
		})
	}
}
