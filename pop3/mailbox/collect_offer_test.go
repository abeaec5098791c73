package mailbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3/pop3test"
)

// choosing returns what chooses the messages whose unique-id begins with "d" or "k".
func choosing(c *caller) func(items []Item, done bool) error {
	return func(items []Item, done bool) error {
		var numbers []uint32
		for _, item := range items {
			if item.UniqueID[0] != 'n' {
				numbers = append(numbers, item.Number)
			}
		}
		return c.Choose(done, numbers...)
	}
}

// TestCollectOffer: what is chosen is delivered, in as many logins as it takes, and each message is offered once.
func TestCollectOffer(t *testing.T) {
	for name, tc := range map[string]struct {
		ids    string
		what   Collect
		events string
		left   string
	}{
		"some": {
			ids: "d1 n2 k3", left: "n2 k3", events: "offer 3 true|progress|1 d1|3 k3|COMMITTED d1=deleted k3=kept|progress",
		},
		"none":    {ids: "n1 n2", left: "n1 n2", events: "offer 2 true|progress"},
		"no mail": {events: "progress"},
		"batches": {
			ids: "d1 n2 k3 d4 d5", what: Collect{CommitMessages: 2}, left: "n2 k3",
			events: "offer 5 true|progress|1 d1|3 k3|COMMITTED d1=deleted k3=kept|progress|3 d4|4 d5|COMMITTED d4=deleted d5=deleted|progress",
		},
		"late mail": {
			ids: "d1 n2 d3", what: Collect{CommitMessages: 1}, left: "n2 n8",
			events: "offer 3 true|progress|1 d1|COMMITTED d1=deleted|offer 2 true|progress|2 d3|COMMITTED d3=deleted|" +
				"progress|3 d9|COMMITTED d9=deleted|progress",
		},
		"without unique-ids of their own": {
			ids: "d1 d1 n2", left: "n2", events: "offer 3 true|progress|1 d1|2 d1|COMMITTED d1=deleted d1=deleted",
		},
		"duplicates that are not chosen": {
			ids: "n1 n1 d2 d3", what: Collect{CommitMessages: 1}, left: "n1 n1",
			events: "offer 4 true|progress|3 d2|COMMITTED d2=deleted|progress|3 d3|COMMITTED d3=deleted|progress",
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, strings.Fields(tc.ids)...)
			if name == "late mail" {
				r.drop.OnQuit = func(u *pop3test.Update) {
					if u.Login == 1 {
						addTo(r.drop, "n8", "d9")
					}
				}
			}
			c := &caller{got: settling}
			c.choose = choosing(c)
			tc.what.Offer = true
			if _, err := r.collect(t, tc.what, c); err != nil {
				t.Error(err)
			}
			c.want(t, tc.events)
			if r.over.Wait(); r.left() != tc.left || len(c.cursors) > 0 {
				t.Errorf("%s are left", r.left())
			}
		})
	}
}

// TestCollectOfferChoice: which choices are refused, and that then nothing of them is done.
func TestCollectOfferChoice(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "d1", "d2", "d3")
		c := &caller{got: func(c *caller, d *Delivery) error {
			if err := c.Choose(false, 1); !errors.Is(err, ErrChoice) { // it is over
				t.Error(err)
			}
			return c.Settle(ToDelete, d.ID)
		}}
		c.choose = func([]Item, bool) error {
			for _, numbers := range [][]uint32{{0}, {4}, {1, 4}} {
				if err := c.Choose(true, numbers...); !errors.Is(err, ErrChoice) {
					t.Errorf("%d: %v", numbers, err)
				}
			}
			if err := errors.Join(c.Choose(false, 3, 3), c.Choose(false), c.Choose(true)); err != nil {
				t.Error(err)
			}
			if err := c.Choose(true, 2); !errors.Is(err, ErrChoice) {
				t.Error(err)
			}
			return nil
		}
		if _, err := r.collect(t, Collect{Offer: true}, c); err != nil {
			t.Error(err)
		}
		c.want(t, "offer 3 true|progress|3 d3|COMMITTED d3=deleted|progress")
		if err := c.Choose(true, 1); !errors.Is(err, ErrChoice) {
			t.Error(err)
		}
	})
}

// TestCollectOfferLong: a long listing comes in parts, and the choice may begin before it is over.
func TestCollectOfferLong(t *testing.T) {
	for messages, events := range map[int]string{
		1000: "offer 1000 false|offer 0 true|progress|COMMITTED|progress",
		1500: "offer 1000 false|offer 500 true|progress|COMMITTED|progress",
	} {
		inBubble(t, "", func(t *testing.T) {
			r := newRig(t, numbered(messages)...)
			c := &caller{}
			c.choose = func(items []Item, done bool) error {
				if !done {
					return c.Choose(false, items[0].Number, items[999].Number)
				}
				return c.Choose(true)
			}
			if _, err := r.collect(t, Collect{Offer: true}, c); err != nil {
				t.Error(err)
			}
			c.want(t, strings.Replace(events, "COMMITTED", "1 id-1|1000 id-1000|COMMITTED id-1=deleted id-1000=deleted", 1))
		})
	}
}

// TestCollectOfferWaits: what ends the wait for a choice. Nothing is delivered, and the server is kept meanwhile.
func TestCollectOfferWaits(t *testing.T) {
	for name, tc := range map[string]struct {
		do     func(c *caller)
		err    error
		took   time.Duration
		events string
	}{
		"stop":     {(*caller).stopLater, nil, 100 * time.Second, "offer 2 true|progress"},
		"no words": {func(c *caller) { time.AfterFunc(100*time.Second, c.HalfClose) }, nil, 100 * time.Second, "offer 2 true|progress"},
		"nothing":  {func(*caller) {}, ErrUnsettled, 10 * time.Minute, "offer 2 true"},
		"never done": {func(c *caller) {
			time.AfterFunc(9*time.Minute, func() { _ = c.Choose(false, 1) })
		}, ErrUnsettled, 10 * time.Minute, "offer 2 true"},
		"chosen, and stopped": {func(c *caller) {
			_ = c.Choose(false, 1)
			c.stopLater()
		}, nil, 100 * time.Second, "offer 2 true|progress"},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newRig(t, "d1", "d2")
			c := &caller{}
			c.choose = func([]Item, bool) error {
				tc.do(c)
				return nil
			}
			begin := time.Now()
			_, err := r.collect(t, Collect{Offer: true}, c)
			took := time.Since(begin).Truncate(time.Second)
			noops := int(tc.took / noopInterval)
			if r.over.Wait(); !errors.Is(err, tc.err) || took != tc.took || r.sent("NOOP") < noops-1 || r.sent("NOOP") > noops || r.sent("RETR") > 0 {
				t.Errorf("%v after %v, %d NOOP", err, took, r.sent("NOOP"))
			}
			c.want(t, tc.events)
		})
	}
}

func (c *caller) stopLater() { time.AfterFunc(100*time.Second, c.Stop) }
