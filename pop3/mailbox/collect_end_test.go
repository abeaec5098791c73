package mailbox

import (
	"errors"
	"strings"
	"testing"
	"time"

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
		c.before = func(c *caller) {
			go func() {
				defer close(done)
				for id := range ids {
					if err := c.Settle(ToDelete, id); err != nil {
						t.Error(err)
					}
				}
			}()
		}
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
