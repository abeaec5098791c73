package mailbox

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
)

// lateLiar does as it should until messages 2 and on are asked for at once.
func lateLiar(ids ...string) *liar {
	l := &liar{ids: ids}
	l.many = func(l *liar, lines []string) (string, bool) {
		if lines[0] == "RETR 1" { // the probe
			return l.answers(lines), true
		}
		for i, line := range lines {
			if line == "RETR 2" || line == "RETR 3" {
				return l.answers(lines[:i]) + l.answer(line) + "what?\r\n", true
			}
		}
		return l.answers(lines), true
	}
	return l
}

// TestCollectLiar: a server that lists PIPELINING and cannot is logged in to once more. Each message comes whole once, and what was
// settled in the login before is deleted in this one.
func TestCollectLiar(t *testing.T) {
	for name, many := range lies {
		inBubble(t, name, func(t *testing.T) {
			l := &liar{ids: []string{"d1", "d2", "k3", "d4", "d5"}, many: many}
			r := lying(t, l)
			// A server that is silent is waited for so long that a cursor is due.
			c := &caller{got: settling}
			summary, err := r.collect(t, Collect{Fetch: Fetch{Selection: Selection{MaxMessages: 5, UniqueIDs: l.ids}}}, c)
			if err != nil {
				t.Error(err)
			}
			counts(t, summary, 5, 0, 0, 0, PipeliningBroken)
			c.events = slices.DeleteFunc(c.events, func(e string) bool { return e == "begun 1" || e == "cursor" })
			c.want(t, "progress|progress|1 d1|2 d2|3 k3|4 d4|5 d5|COMMITTED d1=deleted d2=deleted k3=kept d4=deleted d5=deleted")
			if r.over.Wait(); r.dials != 2 || l.marked != 4 || l.got[len(l.got)-1] != "QUIT" {
				t.Errorf("%d logins, %q", r.dials, l.got)
			}
		})
	}
}

// TestCollectLiarLate: a server that fails only after some messages, whose settlements are carried over to another login.
func TestCollectLiarLate(t *testing.T) {
	only := func(ids ...string) Collect {
		return Collect{Fetch: Fetch{Selection: Selection{UniqueIDs: ids}}}
	}
	for name, tc := range map[string]struct {
		ids    string
		what   Collect
		got    func(c *caller, d *Delivery) error
		events string
		counts [2]int // delivered, failed
		err    error
		marked string // in the last login
		logins int
	}{
		"all settled": {
			ids: "d1 d2 k3 d4", what: only("d1", "d2", "k3", "d4"), logins: 2, marked: "1 2 4", counts: [2]int{4, 0},
			events: "progress|1 d1|begun 2|progress|2 d2|3 k3|4 d4|COMMITTED d1=deleted d2=deleted k3=kept d4=deleted|cursor|cursor",
		},
		"settled late": {
			ids: "d1 d2 k3 d4", what: only("d1", "d2", "k3", "d4"), logins: 2, marked: "1 2 3 4", counts: [2]int{4, 0},
			got: func(c *caller, d *Delivery) error {
				if d.UniqueID == "d4" {
					return c.SettleThrough(ToDelete, d.ID)
				}
				return nil
			},
			events: "progress|1 d1|begun 2|progress|2 d2|3 k3|4 d4|COMMITTED d1=deleted d2=deleted k3=deleted d4=deleted|cursor|cursor",
		},
		"stopped": {
			ids: "d1 d2 k3 d4", what: only("d1", "d2", "k3", "d4"), logins: 2, marked: "1", counts: [2]int{1, 0},
			got: func(c *caller, d *Delivery) error {
				c.Stop()
				return c.Settle(ToDelete, d.ID)
			},
			events: "progress|1 d1|begun 2|progress|COMMITTED d1=deleted|cursor|cursor",
		},
		"one is never settled": {
			ids: "x1 d2 k3 d4", what: only("x1", "d2", "k3", "d4"), logins: 3, marked: "2 4", counts: [2]int{4, 0}, err: ErrUnsettled,
			events: "progress|1 x1|begun 2|progress|2 d2|3 k3|4 d4|cursor|COMMITTED d2=deleted k3=kept d4=deleted|cursor",
		},
		"no more words": {
			ids: "x1 d2 k3 d4", what: only("x1", "d2", "k3", "d4"), logins: 1, counts: [2]int{1, 0}, err: ErrUnsettled,
			got: func(c *caller, _ *Delivery) error {
				c.HalfClose()
				return nil
			},
			events: "progress|1 x1",
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			l := lateLiar(strings.Fields(tc.ids)...)
			r := lying(t, l)
			if tc.got == nil {
				tc.got = settling
			}
			c := &caller{got: tc.got}
			summary, err := r.collect(t, tc.what, c)
			if r.over.Wait(); !errors.Is(err, tc.err) || r.dials != tc.logins {
				t.Errorf("%v after %d logins", err, r.dials)
			}
			c.want(t, tc.events)
			if summary.Delivered != tc.counts[0] || summary.Failed != tc.counts[1] {
				t.Errorf("%+v", summary)
			}
			var marked []string
			for _, line := range l.got {
				if number, ok := strings.CutPrefix(line, "DELE "); ok {
					marked = append(marked, number)
				}
			}
			if got := strings.Join(marked, " "); got != tc.marked && l.got[len(l.got)-1] == "QUIT" {
				t.Errorf("%s are marked", got)
			}
		})
	}
}

// TestCollectLiarRenumbered: what is carried over is deleted by the number that it has in this login.
func TestCollectLiarRenumbered(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		l := lateLiar("d1", "d2", "k3", "d4")
		r := lying(t, l)
		r.serve = func(login int, conn net.Conn) {
			if login == 2 {
				l.ids = []string{"k3", "d4", "d1"}
			}
			l.serve(conn)
		}
		c := &caller{got: settling}
		if _, err := r.collect(t, Collect{Fetch: Fetch{Selection: Selection{UniqueIDs: []string{"d1", "k3", "d4"}}}}, c); err != nil {
			t.Error(err)
		}
		c.want(t, "progress|1 d1|begun 3|progress|1 k3|2 d4|COMMITTED d1=deleted k3=kept d4=deleted|cursor|cursor")
		if r.over.Wait(); !slices.Contains(l.got, "DELE 3") || !slices.Contains(l.got, "DELE 2") || l.marked != 2 {
			t.Errorf("%q", l.got)
		}
	})
}

// TestCollectLiarOther: what was settled in the login before is not deleted where another message has its unique-id in this one.
func TestCollectLiarOther(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		l := lateLiar("d1", "d2", "d3")
		r := lying(t, l)
		r.serve = func(login int, conn net.Conn) {
			if login == 2 {
				l.octets = 7 // of each message, by LIST
			}
			l.serve(conn)
		}
		c := &caller{got: settling}
		if _, err := r.collect(t, Collect{Fetch: Fetch{Selection: Selection{UniqueIDs: l.ids}}}, c); err != nil {
			t.Error(err)
		}
		c.want(t, "progress|1 d1|begun 2|progress|2 d2|3 d3|COMMITTED d1=kept d2=deleted d3=deleted|cursor|cursor")
		if r.over.Wait(); l.marked != 2 {
			t.Errorf("%q", l.got)
		}
		knows(t, "alice", c.last()) // that other message is new
	})
}

// TestCollectLiarOffer: what was chosen and not delivered in the login before is delivered in this one. What has no unique-id of its own
// is offered again.
func TestCollectLiarOffer(t *testing.T) {
	for ids, events := range map[string]string{
		"d1 d2 d3 d4": "offer 4 true|progress|1 d1|begun 2|progress|2 d2|4 d4|COMMITTED d1=deleted d2=deleted d4=deleted|progress",
		"d1 d1 d3 d4": "offer 4 true|progress|1 d1|begun 2|offer 2 true|progress|1 d1|2 d1|4 d4|COMMITTED d1=kept d1=deleted d1=deleted d4=deleted",
	} {
		inBubble(t, ids, func(t *testing.T) {
			r := lying(t, lateLiar(strings.Fields(ids)...))
			c := &caller{got: settling}
			c.choose = func(items []Item, done bool) error {
				if len(items) == 2 {
					return c.Choose(done, 1, 2)
				}
				return c.Choose(done, 1, 2, 4)
			}
			if _, err := r.collect(t, Collect{Offer: true}, c); err != nil {
				t.Error(err)
			}
			c.want(t, events)
		})
	}
}

// quiet is a sink that says nothing of what it could not read.
type quiet struct{ *caller }

func (q quiet) Deliver(d *Delivery) error {
	if q.read(d) == nil {
		return settling(q.caller, d)
	}
	return nil
}

// TestCollectLiarQuiet: a message that comes whole in the end has not failed, though the sink has kept its first end to itself.
func TestCollectLiarQuiet(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := lying(t, lateLiar("d1", "d2", "d3"))
		c := &caller{}
		var err error
		if c.Collector, err = r.NewCollector(Collect{Fetch: Fetch{Selection: Selection{MaxMessages: 3, UniqueIDs: []string{"d1", "d2", "d3"}}}}, quiet{c}); err != nil {
			t.Fatal(err)
		}
		summary, err := c.Run(t.Context())
		if err != nil {
			t.Error(err)
		}
		counts(t, summary, 3, 0, 0, 0, PipeliningBroken)
		c.want(t, "progress|1 d1|begun 2|progress|2 d2|3 d3|COMMITTED d1=deleted d2=deleted d3=deleted|cursor|cursor")
	})
}
