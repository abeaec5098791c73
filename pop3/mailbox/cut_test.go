package mailbox

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3/pop3test"
)

// countingConn counts what is written.
type countingConn struct {
	net.Conn

	octets *atomic.Int64
}

func (c countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.octets.Add(int64(n))
	return n, err
}

// cutRig is a small dialogue whose every message is followed by a cursor.
func cutRig(t *testing.T, pipelining bool, faults pop3test.Faults) (*rig, *recorder) {
	t.Helper()
	r := newRig(t, numbered(3)...)
	r.srv.Banner, r.srv.Faults = "+OK", faults
	r.srv.Capabilities = []string{"UIDL", "USER"}
	if pipelining {
		r.srv.Capabilities = append(r.srv.Capabilities, "PIPELINING")
	}
	sink := &recorder{}
	sink.deliver = func(d *Delivery) error {
		err := sink.read(d)
		time.Sleep(cursorInterval)
		return err
	}
	return r, sink
}

// TestFetchCut ends the connection at every octet, or stalls it there: no message without its end counts, no cursor knows one, and
// nothing hangs.
func TestFetchCut(t *testing.T) {
	for _, pipelining := range []bool{false, true} {
		var total atomic.Int64
		inBubble(t, "whole", func(t *testing.T) {
			r, sink := cutRig(t, pipelining, pop3test.Faults{})
			serve := r.serve
			r.serve = func(login int, conn net.Conn) { serve(login, countingConn{conn, &total}) }
			r.fetch(t, Fetch{}, sink)
			sink.want(t, "progress|1 id-1|cursor|2 id-2|cursor|3 id-3|cursor|cursor")
		})
		for _, action := range []pop3test.FaultAction{pop3test.CutFIN, pop3test.Stall} {
			reached := map[int]bool{}
			for after := range total.Load() {
				inBubble(t, fmt.Sprintf("%v/%d/%d", pipelining, action, after), func(t *testing.T) {
					r, sink := cutRig(t, pipelining, pop3test.Faults{After: after, Action: action})
					summary, err := r.Fetch(t.Context(), Fetch{}, sink)
					all := len(sink.whole) == 3 // in another login, as silence may mean that the server cannot do PIPELINING
					if all != (err == nil) || all && r.dials == 1 || summary.Delivered != len(sink.whole) {
						t.Errorf("%+v, %v", summary, err)
					}
					checkCut(t, sink)
					reached[len(sink.whole)] = true
				})
			}
			if !reached[0] || !reached[1] || !reached[2] || reached[3] && !pipelining {
				t.Errorf("the cuts came after %v messages", reached)
			}
		}
	}
}

// checkCut checks that what is whole is so, and that each cursor knows what came before it.
func checkCut(t *testing.T, sink *recorder) {
	t.Helper()
	for i, d := range sink.whole {
		if id := fmt.Sprintf("id-%d", i+1); d.UniqueID != id || sink.texts[i] != text(id) {
			t.Errorf("message %d: %q", d.Number, sink.texts[i])
		}
	}
	whole, cursors := 0, 0
	for _, event := range sink.events {
		switch {
		case event == "cursor":
			knows(t, "alice", sink.cursors[cursors], numbered(whole)...)
			cursors++
		case strings.Contains(event, "id-"):
			whole++
		}
	}
}
