package mailbox

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// check compares the batch with its promises.
func (w *trial) check() error {
	b, m := w.b, &w.m
	count, octets := m.open()
	if b.open != count || b.load != octets || b.mayQuit() != m.mayQuit() {
		return fmt.Errorf("%d messages and %d octets unsettled, QUIT %t; want %d, %d, %t", b.open, b.load, b.mayQuit(), count, octets, m.mayQuit())
	}
	if complete := w.exhausted() && m.mayQuit(); b.complete(w.now()) != complete {
		return fmt.Errorf("complete: %t, want %t", !complete, complete)
	}
	if b.last() != m.first+uint64(len(m.got))-1 {
		return fmt.Errorf("the last id is %d of %d deliveries", b.last(), len(m.got))
	}
	late, wait := 0, false
	for i, g := range m.got {
		e := &b.entries[i]
		if e.settled() != (g.settled != 0) || e.toDelete() != (g.settled == ToDelete) || e.id != m.id(g.message) {
			return fmt.Errorf("delivery %d is %+v, want %+v", i, *e, g)
		}
		if (e.stage == marked) != (g.dele == wasDone) || (e.stage == marking) != (g.dele == isSent) || (e.response != "") != (g.dele == wasRefused) {
			return fmt.Errorf("delivery %d is %+v, DELE %d", i, *e, g.dele)
		}
		if !wait && (g.state == isWhole || g.state == isVoid) {
			late, wait = g.since, true
		}
	}
	if since, waiting := b.waiting(); waiting != wait || wait && !since.Equal(epoch.Add(time.Duration(late)*tick)) {
		return fmt.Errorf("waiting %t since %v, want %t, %d", waiting, since, wait, late)
	}
	return w.lives()
}

// lives checks that what is left to do gets done, if the server answers and the caller settles.
func (w *trial) lives() error {
	if slices.ContainsFunc(w.m.got, func(g promised) bool { return g.state == isVoid }) {
		return nil // which waits for ever, as it has to
	}
	c := w.clone()
	for range 30 {
		if c.b.complete(c.now()) {
			if !c.m.mayQuit() {
				return fmt.Errorf("complete too early: %+v", c.m)
			}
			return nil
		}
		var err error
		n := len(c.m.got)
		switch {
		case n > 0 && c.m.got[n-1].state == inArrival:
			c.delivered(true)
		case len(c.m.flight) > 0:
			err = c.reply(nil)
		default:
			if err = c.next(); err == nil && len(c.m.flight) == 0 {
				err = c.settleThrough(ToDelete, c.b.last())
			}
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("it hangs: %+v", c.m)
}

// batchEvent changes a trial.
type batchEvent struct {
	name string
	do   func(w *trial) error
}

// events returns what can happen now.
func (w *trial) events() (events []batchEvent) {
	add := func(name string, do func(w *trial) error) { events = append(events, batchEvent{name, do}) }
	add("next", (*trial).next)
	n := len(w.m.got)
	if n > 0 && w.m.got[n-1].state == inArrival {
		for _, whole := range []bool{true, false} {
			add(fmt.Sprintf("delivered %t", whole), func(w *trial) error {
				w.delivered(whole)
				return nil
			})
		}
	} else if len(w.m.flight) > 0 {
		add("+OK", func(w *trial) error { return w.reply(nil) })
		add("-ERR", func(w *trial) error { return w.reply(&pop3.RefusedError{Response: "-ERR"}) })
	}
	last := w.m.first + uint64(n) - 1
	for _, d := range []Disposition{ToDelete, ToKeep} {
		for id := range last + 2 {
			add(fmt.Sprintf("settle %d %d", d, id), func(w *trial) error { return w.settle(d, id) })
			add(fmt.Sprintf("through %d %d", d, id), func(w *trial) error { return w.settleThrough(d, id) })
		}
	}
	add("settle the last two", func(w *trial) error { return w.settle(ToDelete, last-1, last, last-1) })
	add("settle the last and the next", func(w *trial) error { return w.settle(ToDelete, last, last+1) })
	add("taken", (*trial).takeKept)
	if !w.m.stopped {
		add("stop", func(w *trial) error {
			w.b.stopped, w.m.stopped = true, true
			return nil
		})
	}
	if w.m.login < w.logins {
		for _, gone := range []bool{false, true} {
			add(fmt.Sprintf("rebase %t", gone), func(w *trial) error {
				w.rebase(gone)
				return nil
			})
		}
	}
	if w.tick < w.ticks {
		add("tick", func(w *trial) error {
			w.tick++
			return nil
		})
	}
	return events
}

// search tries every order of events from a state on that was not seen before.
func (w *trial) search(seen map[string]bool, path []string) error {
	for _, e := range w.events() {
		c := w.clone()
		err := e.do(c)
		key := c.key()
		if err == nil && seen[key] {
			continue
		}
		if seen[key] = true; err == nil {
			err = c.check()
		}
		if err != nil {
			return fmt.Errorf("%q: %w", append(path, e.name), err)
		}
		if err := c.search(seen, append(path, e.name)); err != nil {
			return err
		}
	}
	return nil
}

// TestBatch tries every order of events: what is sent and what is due keeps the promises of batch after each of them.
func TestBatch(t *testing.T) {
	for name, tc := range map[string]struct {
		bounds bounds
		kinds  []Kind
		octets []int64
		ticks  int
		logins uint32
		skip   bool
	}{
		"skipped":  {bounds{1, 100, 0, 0}, []Kind{Unique, Unique}, []int64{5, 5}, 0, 1, true},
		"size":     {bounds{2, 100, 1, 0}, []Kind{Unique, Unique}, []int64{5, 5}, 0, 1, false},
		"interval": {bounds{2, 100, 0, tick}, []Kind{Unique, Unique}, []int64{5, -1}, 1, 0, false},
		"octets":   {bounds{3, 10, 0, 0}, []Kind{Unique, Unique}, []int64{5, 50}, 0, 1, false},
		"no ids":   {bounds{1, 100, 0, 0}, []Kind{Duplicate, Unique}, []int64{5, 5}, 0, 1, false},
		"waits":    {bounds{1, 100, 0, 0}, []Kind{Unique, Unique}, []int64{5, 5}, 1, 1, false},
		"window":   {bounds{2, 10, 3, 0}, []Kind{Unique, Unique, Unique}, []int64{4, 50, 5}, 0, 0, false},
		"three":    {bounds{3, 100, 0, 0}, []Kind{Unique, Unique, Unique}, []int64{4, 50, 5}, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := model{bounds: tc.bounds, kinds: tc.kinds, octets: tc.octets, first: 2, begun: -1}
			w := &trial{newBatch(tc.bounds, m.first), m, 0, tc.ticks, tc.logins}
			var all []int
			for message := range tc.kinds {
				all = append(all, message)
			}
			if w.begin(all...); tc.skip {
				w.m.got = append(w.m.got, promised{message: 1, state: hasFailed})
				id := w.b.skip(w.b.list.item(1))
				if w.begin(0); id != m.first {
					t.Errorf("delivery %d", id)
				}
			}
			seen := map[string]bool{}
			if err := w.search(seen, nil); err != nil {
				t.Error(err)
			}
			t.Logf("%d states", len(seen))
		})
	}
}
