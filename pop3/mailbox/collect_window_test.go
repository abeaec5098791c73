package mailbox

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3/pop3test"
)

// TestCollectWindow: no more messages and octets are asked for than may be unsettled, save one larger message alone, and the next come
// as soon as there is room.
func TestCollectWindow(t *testing.T) {
	one := int64(len(text("d1")))
	for name, tc := range map[string]struct {
		what  Collect
		large int    // number of a message of 1,000 octets
		waits string // how many were retrieved when Run waited for a settlement, each time
	}{
		"messages":         {Collect{MaxUnsettledMessages: 2}, 0, "2 3 4 5 6"},
		"one":              {Collect{MaxUnsettledMessages: 1}, 0, "1 2 3 4 5 6"},
		"octets":           {Collect{MaxUnsettledOctets: 3 * one}, 0, "3 4 5 6"},
		"an octet less":    {Collect{MaxUnsettledOctets: 3*one - 1}, 0, "2 3 4 5 6"},
		"a larger one":     {Collect{MaxUnsettledOctets: 3 * one}, 3, "2 2 3 6"},
		"the first larger": {Collect{MaxUnsettledOctets: 3 * one}, 1, "1 4 5 6"},
		"all fit":          {Collect{}, 0, "6"},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t)
			for i := range 6 {
				if i+1 == tc.large {
					m := pop3test.NewMessage([]byte(strings.Repeat("large\r\n", 150)))
					m.UniqueID = "large"
					r.drop.Add(m)
					continue
				}
				addTo(r.drop, fmt.Sprintf("d%d", i))
			}
			var retrieved atomic.Int64
			c := &caller{got: func(*caller, *Delivery) error {
				retrieved.Add(1)
				return nil
			}}
			var waits []string
			done := make(chan struct{})
			c.before = func(c *caller) {
				go func() {
					defer close(done)
					for id := uint64(1); id <= 6; id++ {
						time.Sleep(time.Minute) // till all waits
						if now := retrieved.Load(); now < 6 || len(waits) == 0 || waits[len(waits)-1] != "6" {
							waits = append(waits, fmt.Sprint(now))
						}
						if err := c.Settle(ToDelete, id); err != nil {
							t.Error(err)
						}
					}
				}()
			}
			if _, err := r.collect(t, tc.what, c); err != nil {
				t.Error(err)
			}
			<-done
			if got := strings.Join(waits, " "); got != tc.waits || r.left() != "" {
				t.Errorf("%s, want %s", got, tc.waits)
			}
		})
	}
}

// TestCollectInterval: a batch asks for no more when it is old, counted from its first delivery.
func TestCollectInterval(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "d1", "d2", "d3", "d4")
		c := &caller{got: func(c *caller, d *Delivery) error {
			time.Sleep(2 * time.Minute)
			return c.Settle(ToDelete, d.ID)
		}}
		if _, err := r.collect(t, Collect{MaxUnsettledMessages: 1}, c); err != nil {
			t.Error(err)
		}
		c.want(t, "progress|1 d1|2 d2|3 d3|COMMITTED d1=deleted d2=deleted d3=deleted|cursor|progress|1 d4|COMMITTED d4=deleted|cursor|progress|cursor")
	})
}

// TestCollectCursor: a cursor knows what was settled to be kept, before the commit too, and what was settled for deletion only if it is
// told as kept.
func TestCollectCursor(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "k1", "d2", "d3", "x4", "seen5", "seen6")
		r.srv.Intercept = answering(map[string]string{"DELE 3": "-ERR no"})
		c := &caller{}
		c.got = func(c *caller, d *Delivery) error {
			if d.UniqueID == "x4" {
				time.AfterFunc(2*time.Minute, func() { _ = c.Settle(ToDelete, d.ID) })
			}
			return settling(c, d)
		}
		if _, err := r.collect(t, Collect{Fetch: Fetch{Selection: Selection{Seen: []string{"seen5", "seen6", "gone"}}}}, c); err != nil {
			t.Error(err)
		}
		c.want(t, "progress|1 k1|2 d2|3 d3|4 x4|cursor|COMMITTED k1=kept d2=deleted d3=kept x4=deleted|cursor|progress|cursor")
		knows(t, "alice", c.cursors[0], "k1", "seen5", "seen6")
		knows(t, "alice", c.cursors[1], "k1", "d3", "seen5", "seen6")
		knows(t, "alice", c.cursors[2], "k1", "d3", "seen5", "seen6")

		addTo(r.drop, "d7")
		again := &caller{got: settling}
		if _, err := r.collect(t, Collect{Fetch: Fetch{Selection: Selection{Cursor: c.last()}}}, again); err != nil {
			t.Error(err)
		}
		again.want(t, "progress|5 d7|COMMITTED d7=deleted|cursor|progress|cursor")
		knows(t, "alice", again.last(), "k1", "d3", "seen5", "seen6")
	})
	inBubble(t, "many", func(t *testing.T) { // every thousand
		r := newRig(t, numbered(2500)...)
		c := &caller{got: func(c *caller, d *Delivery) error { return c.Settle(ToKeep, d.ID) }}
		if _, err := r.collect(t, Collect{CommitMessages: 2500}, c); err != nil || len(c.cursors) != 4 {
			t.Errorf("%v, %d cursors", err, len(c.cursors))
		}
		knows(t, "alice", c.cursors[0], numbered(1000)...)
		knows(t, "alice", c.cursors[1], numbered(2000)...)
		knows(t, "alice", c.last(), numbered(2500)...)
	})
}

// TestCollectUnstable: a server that changes unique-ids at each login is found out, and does not go on for ever.
func TestCollectUnstable(t *testing.T) {
	for name, s := range map[string]scenario{
		"kept": {
			ids: "k1 k2", logins: 3, left: "k1 k2", knows: "k1-3 k2-3", err: ErrUniqueIDsUnstable, found: []Finding{UniqueIDsUnstable},
			events: "progress|1 k1-1|2 k2-1|NOTHING_MARKED k1-1=kept k2-1=kept|cursor|progress|1 k1-2|2 k2-2|NOTHING_MARKED k1-2=kept k2-2=kept|cursor|" +
				"progress|1 k1-3|2 k2-3|NOTHING_MARKED k1-3=kept k2-3=kept|cursor",
		},
		"deleted": {
			ids: "d1 d2 d3 d4 d5", logins: 3, left: "d3 d4 d5", err: ErrUniqueIDsUnstable, found: []Finding{UniqueIDsUnstable}, what: Collect{CommitMessages: 1},
			events: "progress|1 d1-1|COMMITTED d1-1=deleted|cursor|progress|1 d2-2|COMMITTED d2-2=deleted|cursor",
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			setup := s
			setup.setup = onLogin(1, pop3test.RenameAtLogin)
			setup.got = func(c *caller, d *Delivery) error {
				c.texts[len(c.texts)-1] = text(d.UniqueID) // it is another message's
				return settling(c, d)
			}
			setup.run(t)
		})
	}
}
