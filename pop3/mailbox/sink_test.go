package mailbox

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestFetchSink: an error of any method of the sink ends the job, is returned, and frees the maildrop.
func TestFetchSink(t *testing.T) {
	for at, events := range map[string]string{
		"progress": "progress", "skipped": "progress|skipped 4", "1 a": "progress|skipped 4|1 a",
		"failed": "progress|skipped 4|1 a|failed 2 -ERR no", "cursor": "progress|skipped 4|1 a|failed 2 -ERR no|3 c|cursor",
	} {
		inBubble(t, at, func(t *testing.T) {
			r := newRig(t, "a", "b", "c", strings.Repeat("l", 100))
			r.srv.Intercept = answering(map[string]string{"RETR 2": "-ERR no"})
			sink := &recorder{at: at}
			if _, err := r.Fetch(t.Context(), Fetch{Selection: Selection{MaxOctets: 100}}, sink); !errors.Is(err, errSink) {
				t.Error(err)
			}
			sink.want(t, events)
			if r.over.Wait(); r.drop.InUse() || r.sent("QUIT") > 0 {
				t.Error("the session goes on, or has ended by QUIT")
			}
		})
	}
}

// TestFetchStops: when the sink has enough nobody waits for a server that has not.
func TestFetchStops(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "a", "b")
		r.srv.Faults = pop3test.Faults{Slice: 1, Delay: 100 * time.Millisecond}
		var stopped time.Time
		sink := &recorder{deliver: func(d *Delivery) error {
			_, _ = d.Read(make([]byte, 1))
			stopped = time.Now()
			return errSink
		}}
		if _, err := r.Fetch(t.Context(), Fetch{}, sink); !errors.Is(err, errSink) || time.Since(stopped) > 10*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(stopped))
		}
	})
}

// TestFetchUnread: a message that the sink leaves unread, in part or to its last octet, is not delivered; the others are.
func TestFetchUnread(t *testing.T) {
	for name, octets := range map[string]int64{"all": 0, "a part": 7, "the end": int64(len(text("b")))} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, "a", "b", "c")
			sink := &recorder{}
			sink.deliver = func(d *Delivery) error {
				if d.Number != 2 {
					return sink.read(d)
				}
				_, err := io.CopyN(io.Discard, d, octets)
				return err
			}
			counts(t, r.fetch(t, Fetch{}, sink), 2, 0, 1, 0)
			sink.want(t, "progress|1 a|3 c|cursor")
			knows(t, "alice", sink.last(), "a", "c")
		})
	}
}

// TestFetchSwallowed: a connection that breaks within a message is told, though the sink says nothing.
func TestFetchSwallowed(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "a", "b")
		r.srv.Intercept = answering(map[string]string{"RETR 2": "+OK\r\nSubject: b"})
		sink := &recorder{}
		sink.deliver = func(d *Delivery) error {
			_ = sink.read(d)
			return nil
		}
		summary, err := r.Fetch(t.Context(), Fetch{}, sink)
		if broken, ok := errors.AsType[*pop3.BrokenError](err); !ok || broken.Cause != pop3.Timeout || summary.Delivered != 1 {
			t.Errorf("%+v, %v", summary, err)
		}
		sink.want(t, "progress|1 a|begun 2")
	})
}

// TestFetchCancelled: the end of the context is the error, and no cursor says more than what is whole.
func TestFetchCancelled(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "a", "b", "c")
		r.srv.Intercept = answering(map[string]string{"RETR 3": "+OK\r\nSubject: c"})
		ctx, cancel := contextOf(t)
		sink := &recorder{}
		sink.deliver = func(d *Delivery) error {
			if d.Number == 2 {
				cancel()
			}
			return sink.read(d)
		}
		if _, err := r.Fetch(ctx, Fetch{}, sink); !errors.Is(err, ctx.Err()) {
			t.Error(err)
		}
		if len(sink.whole) > 2 || len(sink.cursors) > 0 {
			t.Errorf("%q", sink.events)
		}
	})
}
