package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

var errFull = errors.New("the disk is full")

// disk is where an audit log is written, and may be full.
type disk struct {
	io.Writer

	full atomic.Bool
}

func (d *disk) Write(p []byte) (int, error) {
	if d.full.Load() {
		return 0, errFull
	}
	return d.Writer.Write(p)
}

// losses returns the lines of a log that tell of lost events: how many, and why.
func losses(t *testing.T, log *journal) (told []any) {
	t.Helper()
	for _, entry := range log.entries(t) {
		if entry["msg"] == "events are lost: the audit log could not be written" {
			if entry["level"] != "ERROR" || entry["error"] != errFull.Error() {
				t.Errorf("told as %v", entry)
			}
			told = append(told, entry["events"])
		}
	}
	return told
}

// TestAuditLossIsTold: calls go on where the audit log cannot be written; what is lost is counted, and the log tells of it (G10).
func TestAuditLossIsTold(t *testing.T) {
	m, log, events := newMailbox(t, 1), &journal{}, &journal{}
	full := &disk{Writer: events}
	g := newGateway(t, func(c *Config) {
		m.piped(c)
		log.into(c)
		c.Audit = slog.New(slog.NewJSONHandler(full, nil))
	})
	full.full.Store(true)
	id := g.openSession(t, anywhere())
	g.login(t, id, "alice", password)
	if n := counted(t, g.Metrics(), "pop3_audit_write_errors_total"); n != 2 {
		t.Errorf("%v events are counted as lost, want 2", n)
	}
	full.full.Store(false)
	if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.quit(t, id); err != nil {
		t.Fatal(err)
	}
	<-g.shutdown(0)
	if told := losses(t, log); len(told) != 1 || told[0] != 1.0 {
		t.Errorf("told of lost events: %v", told)
	}
	if n := counted(t, g.Metrics(), "pop3_audit_write_errors_total"); n != 2 {
		t.Errorf("%v events are counted as lost, want 2", n)
	}
	if written := events.entries(t); len(written) != 2 || written[0]["event"] != "dele" || written[1]["event"] != "quit" {
		t.Errorf("written were %v", written)
	}
}

// TestAuditLossIsToldSeldom: a disk that stays full fills the log with a line a minute, which has the number of events.
func TestAuditLossIsToldSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &journal{}
		full := &disk{Writer: io.Discard}
		config := Config{Audit: slog.New(slog.NewJSONHandler(full, nil))}
		log.into(&config)
		o := newObserver(config)
		write := func(n int) {
			for range n {
				o.writeAudit(context.Background(), pb.Pop3Service_Dele_FullMethodName, auditEvent{event: "dele", result: "OK"})
			}
		}
		told := func(when string, want ...float64) {
			t.Helper()
			got := losses(t, log)
			same := len(got) == len(want)
			for i := range want {
				same = same && got[i] == want[i]
			}
			if !same {
				t.Errorf("%s: told of lost events: %v, want %v", when, got, want)
			}
		}
		write(1)
		told("before the disk is full")
		full.full.Store(true)
		write(1)
		told("at once", 1)
		write(1000)
		told("no flood", 1)
		time.Sleep(auditPause - time.Second)
		write(1)
		told("a moment too early", 1)
		time.Sleep(time.Second)
		write(1)
		told("after the pause", 1, 1002)
		write(5)
		full.full.Store(false)
		write(10)
		told("written again", 1, 1002)
		time.Sleep(auditPause)
		write(1)
		told("by an event that is written", 1, 1002, 5)
		time.Sleep(time.Hour)
		write(1)
		told("nothing more is lost", 1, 1002, 5)
		full.full.Store(true)
		write(1)
		told("the next time", 1, 1002, 5, 1)
	})
}
