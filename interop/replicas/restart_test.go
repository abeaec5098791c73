package replicas

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// held is how many sessions last until their replica ends.
const held = 30

// restarts returns how often each replica has been restarted.
func restarts(counts *[3]atomic.Int32) map[string]int32 {
	return map[string]int32{"a": counts[0].Load(), "b": counts[1].Load(), "c": counts[2].Load()}
}

// end takes an error of a session down, and fails the test unless it is one that the restart of the session's replica explains: there was
// one between before, the restarts that were over when the session was asked for, and now. Without an owner no session was opened.
func (l *load) end(t *testing.T, owner string, before map[string]int32, err error) {
	why := reason(err)
	switch why {
	case "ERROR_REASON_MAILBOX_IN_USE": // the server has not seen yet that the last session is over
	case "ERROR_REASON_DRAINING", "ERROR_REASON_SESSION_ENDED", "ERROR_REASON_SESSION_NOT_FOUND", "":
		if why == "" && status.Code(err) != codes.Unavailable {
			t.Errorf("a session of %q: %v", owner, err)
		}
		restarted := false
		for name, begun := range restarts(&l.begun) {
			restarted = restarted || (owner == "" || owner == name) && begun > before[name]
		}
		if !restarted {
			t.Errorf("a session of %q, whose replica was not restarted: %v", owner, err)
		}
	default:
		t.Errorf("a session of %q: %v", owner, err)
	}
	if why == "" {
		why = status.Code(err).String()
	}
	if owner == "" {
		why = "OpenSession " + why
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends[why]++
}

// hold keeps a session in use until its replica ends.
func (l *load) hold(ctx context.Context, t *testing.T) {
	before := restarts(&l.finished)
	s, err := l.open(t.Context(), t, l.conn, sessionHeader)
	if err != nil {
		t.Errorf("OpenSession: %v", err)
		return
	}
	l.holding.Add(1)
	defer l.holding.Add(-1)
	for ctx.Err() == nil {
		// Dele is not among what gRPC repeats, and is refused before login: the answer tells that the session lives.
		_, err := s.Dele(s.context(t.Context()), &pb.DeleRequest{SessionId: s.id, MessageNumber: 1})
		if r := reason(err); r != "ERROR_REASON_COMMAND_REFUSED" && r != "ERROR_REASON_WRONG_STATE" {
			l.end(t, s.owner(), before, err)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}
