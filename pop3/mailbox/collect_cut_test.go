package mailbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestCollectCancelled: the end of ctx at any line of the dialogue ends the job; nothing is deleted that no commit has told, unless
// QUIT was written.
func TestCollectCancelled(t *testing.T) {
	lines := 0
	run := func(t *testing.T, at int) (r *rig, c *caller, err error) {
		t.Helper()
		r = newRig(t, "d1", "k2", "d3")
		r.srv.Banner = "+OK"
		ctx, cancel := contextOf(t)
		lines = 0
		quit := false
		r.opts.Trace = pop3.NewTrace(func(e pop3.Event) {
			if lines++; lines == at {
				cancel()
			}
			quit = quit || e.Line == "QUIT"
		})
		r.opts.Trace.SetLevel(pop3.TraceLines)
		c = &caller{got: settling}
		c.Collector, err = r.NewCollector(Collect{CommitMessages: 2}, c)
		if err != nil {
			t.Fatal(err)
		}
		c.deliver = func(d *Delivery) error { return errors.Join(c.read(d), ignore(c, d)) }
		_, err = c.Run(ctx)
		r.over.Wait()
		checkFates(t, r, c, []string{"d1", "k2", "d3"}, quit)
		if err == nil && len(c.commits) != 2 || err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ErrCommitUnknown) {
			t.Errorf("at %d: %v, %q", at, err, c.events)
		}
		return r, c, err
	}
	total := 0
	inBubble(t, "whole", func(t *testing.T) {
		r, c, err := run(t, 0)
		if total = lines; err != nil || r.left() != "k2" || len(c.commits) != 2 || total < 30 {
			t.Errorf("%v, %d lines, %s left", err, total, r.left())
		}
	})
	for at := 1; at <= total; at++ {
		inBubble(t, fmt.Sprint(at), func(t *testing.T) { run(t, at) })
	}
}

// ignore settles a delivery that is whole.
func ignore(c *caller, d *Delivery) error {
	if d.whole {
		return settling(c, d)
	}
	return nil
}

// checkFates checks that nothing is gone that was not settled for deletion, and that the commits say what is so.
func checkFates(t *testing.T, r *rig, c *caller, all []string, quit bool) {
	t.Helper()
	left := r.drop.UniqueIDs()
	told := map[string]Fate{}
	for _, commit := range c.commits {
		for _, m := range commit.Messages {
			if told[m.UniqueID] != 0 {
				t.Errorf("%s is told twice", m.UniqueID)
			}
			told[m.UniqueID] = m.Fate
		}
	}
	whole := map[string]bool{}
	for i, d := range c.whole {
		if whole[d.UniqueID] || c.texts[i] != text(d.UniqueID) {
			t.Errorf("%s came twice, or changed", d.UniqueID)
		}
		whole[d.UniqueID] = true
	}
	for _, id := range all {
		there := slices.Contains(left, id)
		switch {
		case !there && (id[0] != 'd' || !whole[id] || !quit):
			t.Errorf("%s is gone", id)
		case there && told[id] == Deleted, !there && told[id] == Kept:
			t.Errorf("%s is told as %s", id, fateNames[told[id]])
		}
	}
	for _, cursor := range c.cursors {
		parsed, err := parseCursor("alice", cursor)
		if err != nil {
			t.Error(err)
		}
		for _, id := range all {
			if contains(parsed.marks, parsed.mark([]byte(id))) && (!whole[id] || id[0] != 'k' && told[id] != Kept) {
				t.Errorf("a cursor knows %s", id)
			}
		}
	}
}

// story is a dialogue whose connections are cut.
type story struct {
	ids   string
	first func(u *pop3test.Update) // what the first QUIT does
	cut   int                      // which login
	done  error
}

// tell runs a story with a fault, or none.
func (s *story) tell(t *testing.T, pipelining bool, octets *atomic.Int64, faults pop3test.Faults) (*rig, *caller, error) {
	t.Helper()
	r := newRig(t, strings.Fields(s.ids)...)
	if s.first != nil {
		onQuit(1, s.first)(r)
	}
	r.serve = func(login int, conn net.Conn) {
		srv := &pop3test.Server{Maildrops: r.srv.Maildrops, Banner: "+OK", Capabilities: []string{"UIDL", "USER"}}
		if pipelining {
			srv.Capabilities = append(srv.Capabilities, "PIPELINING")
		}
		if login == s.cut {
			srv.Faults = faults
			conn = countingConn{conn, octets}
		}
		srv.ServeConn(conn)
	}
	c := &caller{got: settling}
	_, err := r.collect(t, Collect{AckTimeout: time.Minute}, c)
	r.over.Wait()
	checkFates(t, r, c, strings.Fields(s.ids), true)
	return r, c, err
}

// TestCollectCut ends connections at each octet, or stalls them there: what is gone was settled for deletion, and each commit says what
// is so.
func TestCollectCut(t *testing.T) {
	for name, s := range map[string]story{
		"the first login":   {"d1 k2 d3", nil, 1, nil},
		"QUIT is lost":      {"d1 k2 d3", noReply, 2, nil},
		"QUIT does nothing": {"d1 k2 d3", func(u *pop3test.Update) { u.Remove, u.NoReply = nil, true }, 2, nil},
		"one not settled":   {"d1 x2 d3", nil, 2, ErrUnsettled},
	} {
		for _, pipelining := range []bool{false, true} {
			if pipelining && s.first != nil {
				continue // the login that looks sends nothing ahead
			}
			var total atomic.Int64
			inBubble(t, name, func(t *testing.T) {
				if _, _, err := s.tell(t, pipelining, &total, pop3test.Faults{}); !errors.Is(err, s.done) {
					t.Error(err)
				}
			})
			for _, action := range []pop3test.FaultAction{pop3test.CutFIN, pop3test.Stall} {
				for after := range total.Load() {
					inBubble(t, fmt.Sprintf("%s/%t/%d/%d", name, pipelining, action, after), func(t *testing.T) {
						var octets atomic.Int64
						_, c, err := s.tell(t, pipelining, &octets, pop3test.Faults{After: after, Action: action})
						unknown := len(c.commits) > 0 && slices.ContainsFunc(c.commits[0].Messages, func(m Committed) bool { return m.Fate == Lost })
						if unknown != errors.Is(err, ErrCommitUnknown) || len(c.commits) == 0 && (err == nil || errors.Is(err, ErrUnsettled)) {
							t.Errorf("%v, %q", err, c.events)
						}
					})
				}
			}
		}
	}
}
