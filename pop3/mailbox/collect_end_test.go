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

// TestCollectStop: whenever the caller wants nothing more, what was asked for is awaited, what is settled is committed, and the job ends.
func TestCollectStop(t *testing.T) {
	for name, tc := range map[string]struct {
		got    func(c *caller, d *Delivery) error
		before func(c *caller)
		events string
		left   string
		err    error
	}{
		"before": {
			before: (*caller).stop, got: settling,
			events: "progress|cursor", left: "d1 d2 d3",
		},
		"half-close before": {
			before: func(c *caller) { c.HalfClose() }, got: settling,
			events: "progress|cursor", left: "d1 d2 d3",
		},
		"during the first": {
			got: func(c *caller, d *Delivery) error {
				c.Stop()
				return settling(c, d)
			},
			events: "progress|1 d1|COMMITTED d1=deleted|cursor|cursor", left: "d2 d3",
		},
		"settled after": {
			got: func(c *caller, d *Delivery) error {
				c.Stop()
				time.AfterFunc(time.Minute, func() { _ = settling(c, d) })
				return nil
			},
			events: "progress|1 d1|COMMITTED d1=deleted|cursor|cursor", left: "d2 d3",
		},
		"half-close, settled": {
			got: func(c *caller, d *Delivery) error {
				err := settling(c, d)
				c.HalfClose()
				return err
			},
			events: "progress|1 d1|COMMITTED d1=deleted|cursor|cursor", left: "d2 d3",
		},
		"half-close, not settled": {
			got: func(c *caller, d *Delivery) error {
				if d.UniqueID == "d2" {
					c.HalfClose()
					return nil
				}
				return settling(c, d)
			},
			events: "progress|1 d1|2 d2|COMMITTED d1=deleted|cursor", left: "d2 d3", err: ErrUnsettled,
		},
		"half-close later, not settled": {
			got: func(c *caller, d *Delivery) error {
				if d.UniqueID == "d2" {
					time.AfterFunc(time.Second, c.HalfClose)
					return nil
				}
				return settling(c, d)
			},
			events: "progress|1 d1|2 d2|COMMITTED d1=deleted|cursor", left: "d2 d3", err: ErrUnsettled,
		},
		"stop, then half-close": {
			got: func(c *caller, d *Delivery) error {
				c.Stop()
				err := settling(c, d)
				c.HalfClose()
				return err
			},
			events: "progress|1 d1|COMMITTED d1=deleted|cursor|cursor", left: "d2 d3",
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, "d1", "d2", "d3")
			c := &caller{got: tc.got, before: tc.before}
			what := Collect{MaxUnsettledMessages: 1}
			if name == "half-close, not settled" || name == "half-close later, not settled" {
				r.srv.Capabilities = []string{"UIDL", "USER"} // one by one
			}
			_, err := r.collect(t, what, c)
			if r.over.Wait(); !errors.Is(err, tc.err) || r.left() != tc.left {
				t.Errorf("%v, %s left", err, r.left())
			}
			c.want(t, tc.events)
		})
	}
}

func (c *caller) stop() { c.Stop() }

// TestCollectHalfClosed: what is asked for and has not come when no more settlements will is not waited for, and what is settled is
// deleted all the same.
func TestCollectHalfClosed(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "d1", "d2", "d3")
		c := &caller{got: func(c *caller, d *Delivery) error {
			err := settling(c, d)
			c.HalfClose()
			return err
		}}
		if _, err := r.collect(t, Collect{}, c); err != nil { // nothing was left to settle
			t.Error(err)
		}
		if r.over.Wait(); r.left() != "d2 d3" || r.dials != 2 {
			t.Errorf("%s left after %d logins", r.left(), r.dials)
		}
		c.want(t, "progress|1 d1|COMMITTED d1=deleted|cursor|cursor")
	})
}

// TestCollectSettle: which settlements are refused, and from where they may come.
func TestCollectSettle(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "k1", "d2", "x3", "d4")
		r.srv.Intercept = answering(map[string]string{"RETR 2": "-ERR no"})
		c := &caller{got: func(c *caller, d *Delivery) error {
			refuse := func(err error) {
				if !errors.Is(err, ErrDelivery) {
					t.Errorf("%s: %v", d.UniqueID, err)
				}
			}
			refuse(c.Settle(ToDelete, 0))
			refuse(c.Settle(ToDelete, d.ID+1))
			refuse(c.Settle(ToDelete, d.ID, d.ID+1))
			refuse(c.SettleThrough(ToDelete, 0))
			refuse(c.SettleThrough(ToDelete, d.ID+1))
			if d.ID >= 3 {
				refuse(c.Settle(ToDelete, 2)) // RETR was refused
				refuse(c.Settle(ToDelete, d.ID, 2))
			}
			if d.UniqueID == "d4" {
				return errors.Join(c.SettleThrough(ToKeep, 3), c.Settle(ToDelete, 4, 4), c.Settle(ToKeep, 4), c.SettleThrough(ToDelete, 4))
			}
			return nil
		}}
		if _, err := r.collect(t, Collect{}, c); err != nil {
			t.Error(err)
		}
		c.want(t, "progress|1 k1|failed 2 -ERR no|3 x3|4 d4|COMMITTED k1=kept x3=kept d4=deleted|cursor|progress|cursor")
		if err := errors.Join(c.Settle(ToDelete, 1, 3), c.SettleThrough(ToDelete, 4)); err != nil { // of a batch that is over
			t.Error(err)
		}
		if r.left() != "k1 d2 x3" {
			t.Error(r.left())
		}
	})
	inBubble(t, "during the delivery", func(t *testing.T) {
		r := newRig(t, "d1", "x2")
		c := &caller{}
		var err error
		if c.Collector, err = r.NewCollector(Collect{}, c); err != nil {
			t.Fatal(err)
		}
		c.deliver = func(d *Delivery) error {
			if d.ID == 2 {
				return c.Settle(ToDelete, 1) // and this one is not read
			}
			for _, err := range []error{c.Settle(ToDelete, d.ID), c.SettleThrough(ToDelete, d.ID)} {
				if !errors.Is(err, ErrDelivery) {
					t.Error(err)
				}
			}
			return c.read(d)
		}
		if _, err := c.Run(t.Context()); !errors.Is(err, ErrUnsettled) || r.left() != "x2" {
			t.Errorf("%v, %s left", err, r.left())
		}
		if err := c.Settle(ToDelete, 3); !errors.Is(err, ErrDelivery) {
			t.Error(err)
		}
		c.want(t, "progress|1 d1|COMMITTED d1=deleted|cursor")
	})
	inBubble(t, "from elsewhere", func(t *testing.T) {
		r := newRig(t, numbered(200)...)
		ids := make(chan uint64, 200)
		c := &caller{got: func(_ *caller, d *Delivery) error {
			ids <- d.ID
			return nil
		}}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for id := range ids {
				if err := c.Settle(ToDelete, id); err != nil {
					t.Error(err)
				}
			}
		}()
		summary, err := r.collect(t, Collect{MaxUnsettledMessages: 7, CommitMessages: 30}, c)
		if close(ids); err != nil || summary.Delivered != 200 || len(c.commits) != 7 || r.left() != "" {
			t.Errorf("%+v, %v", summary, err)
		}
		<-done
	})
}

// TestCollectSink: an error of any method of the sink ends the job without QUIT; what a commit has told before is done.
func TestCollectSink(t *testing.T) {
	for at, tc := range map[string]struct {
		left  string
		quits int
	}{
		"offer": {"d1 d2 k3", 0}, "progress": {"d1 d2 k3", 0}, "1 d1": {"d1 d2 k3", 0}, "failed": {"d1 d2 k3", 0}, "3 k3": {"d1 d2 k3", 0},
		"skipped": {"d1 d2 k3", 0}, "COMMITTED": {"d2 k3", 1}, "cursor": {"d2 k3", 1}, "credentials": {"d2 k3", 1},
	} {
		inBubble(t, at, func(t *testing.T) {
			long := "l" + strings.Repeat("x", 100)
			r := newRig(t, "d1", "d2", "k3", long)
			r.srv.Intercept = answering(map[string]string{"RETR 2": "-ERR no"})
			what := Collect{Fetch: Fetch{Selection: Selection{MaxOctets: 100}}, Offer: at == "offer"}
			r.drop.OnQuit = func(*pop3test.Update) { r.drop.Password = "fresh" }
			c := &caller{got: settling}
			c.at = at
			if _, err := r.collect(t, what, c); !errors.Is(err, errSink) {
				t.Error(err)
			}
			if r.over.Wait(); r.left() != tc.left+" "+long || r.sent("QUIT") != tc.quits || r.drop.InUse() {
				t.Errorf("%s left, %d QUIT", r.left(), r.sent("QUIT"))
			}
			if !strings.HasPrefix(c.events[len(c.events)-1], at) {
				t.Errorf("%q", c.events)
			}
		})
	}
}

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
	cut   int                      // which login; 0: all
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
		if s.cut == 0 || login == s.cut {
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
		"all":               {"d1 k2 d3", nil, 0, nil},
		"the first":         {"d1 k2 d3", nil, 1, nil},
		"QUIT is lost":      {"d1 k2 d3", noReply, 2, nil},
		"QUIT does nothing": {"d1 k2 d3", func(u *pop3test.Update) { u.Remove, u.NoReply = nil, true }, 2, nil},
		"one not settled":   {"d1 x2 d3", nil, 2, ErrUnsettled},
	} {
		for _, pipelining := range []bool{false, true} {
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
