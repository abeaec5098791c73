package mailbox

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/popgate/popgate/pop3"
)

// trial is a batch, its model, and the time in ticks.
type trial struct {
	b    *batch
	m    model
	tick int

	ticks  int    // at most
	logins uint32 // by rebase, at most
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const tick = time.Minute

func (w *trial) now() time.Time { return epoch.Add(time.Duration(w.tick) * tick) }

func (w *trial) clone() *trial {
	b := *w.b
	b.entries, b.mark, b.flight, b.keeps = slices.Clone(b.entries), slices.Clone(b.mark), slices.Clone(b.flight), slices.Clone(b.keeps)
	c := &trial{&b, w.m, w.tick, w.ticks, w.logins}
	c.m.asked, c.m.flight, c.m.got = slices.Clone(w.m.asked), slices.Clone(w.m.flight), slices.Clone(w.m.got)
	c.m.untaken = slices.Clone(w.m.untaken)
	return c
}

// key tells states apart.
func (w *trial) key() string {
	b, m := w.b, &w.m
	key := make([]byte, 0, 256)
	put := func(values ...int64) {
		for _, v := range values {
			key = append(key, byte(v), byte(v>>8))
		}
	}
	flag := func(flags ...bool) {
		for _, f := range flags {
			if f {
				key = append(key, 1)
			} else {
				key = append(key, 0)
			}
		}
	}
	list := func(values []int) {
		put(int64(len(values)))
		for _, v := range values {
			put(int64(v))
		}
	}
	since := func(at time.Time) int64 { return int64(at.Sub(epoch) / tick) }
	put(int64(b.asked), int64(b.answered), int64(b.oldest), int64(b.count), int64(b.open), b.load, since(b.begun), int64(w.tick), int64(m.login), int64(m.begun))
	flag(b.stopped, m.stopped, m.gone)
	list(b.mark)
	list(b.flight)
	list(b.keeps)
	list(m.asked)
	list(m.flight)
	put(int64(len(b.entries)), int64(len(m.got)), int64(len(m.untaken)), int64(len(b.wanted)))
	for i := range b.entries {
		e := &b.entries[i]
		put(int64(e.stage), int64(e.kind), int64(e.number), e.octets, since(e.since), int64(len(e.response)))
	}
	for _, g := range m.got {
		put(int64(g.message), int64(g.state), int64(g.settled), int64(g.dele), int64(g.number), g.octets, int64(g.since))
	}
	return string(key)
}

// begin starts a login whose wanted messages are given.
func (w *trial) begin(wanted ...int) {
	l := &Listing{}
	var at []uint32
	for message := range w.m.kinds {
		if message == 0 && w.m.gone {
			continue
		}
		if slices.Contains(wanted, message) {
			at = append(at, uint32(l.Len()))
		}
		l.add(w.m.number(message), w.m.id(message))
		l.octets[l.Len()-1] = w.m.octets[message]
		l.kinds = append(l.kinds, w.m.kinds[message])
	}
	w.m.wanted, w.m.asked = len(at), nil
	w.b.begin(l, at)
}

// exhausted reports whether nothing more is to be asked for.
func (w *trial) exhausted() bool {
	m := &w.m
	return m.stopped || len(m.asked) == m.wanted || m.bounds.size > 0 && m.size() >= m.bounds.size ||
		m.interval > 0 && m.begun >= 0 && time.Duration(w.tick-m.begun)*tick >= m.interval
}

// command checks a command that is to be sent.
func (w *trial) command(r pop3.Request) error {
	m := &w.m
	if r.Verb == "DELE" {
		i := slices.IndexFunc(m.got, func(g promised) bool { return g.number == r.Number && g.settled == ToDelete && g.dele == notSent })
		if i < 0 {
			return fmt.Errorf("DELE %d is asked for", r.Number)
		}
		m.got[i].dele = isSent
		m.flight = append(m.flight, i)
		return nil
	}
	message := int(r.Number) - int(10*m.login) - 1
	if r.Verb != "RETR" || message < 0 || message >= len(m.kinds) || slices.Contains(m.asked, message) || r.Listed != m.octets[message] {
		return fmt.Errorf("%+v is asked for", r)
	}
	count, octets := m.open()
	switch {
	case w.exhausted():
		return fmt.Errorf("%+v is asked for, which is too late", r)
	case count > 0 && (count+1 > m.messages || octets+max(r.Listed, 0) > m.bounds.octets):
		return fmt.Errorf("%+v is asked for with %d messages, %d octets unsettled", r, count, octets)
	}
	m.asked = append(m.asked, message)
	m.flight = append(m.flight, -1-message)
	return nil
}

// next asks for a command.
func (w *trial) next() error {
	r, ok := w.b.next(w.now())
	if !ok {
		return nil
	}
	return w.command(r)
}

// reply answers the first command.
func (w *trial) reply(refused *pop3.RefusedError) error {
	m := &w.m
	f := m.flight[0]
	m.flight = m.flight[1:]
	item, retrieved := w.b.reply(w.now(), refused)
	if retrieved != (f < 0) {
		return fmt.Errorf("retrieved: %t", retrieved)
	}
	if f >= 0 {
		if m.got[f].dele = wasDone; refused != nil {
			m.got[f].dele = wasRefused
		}
		return nil
	}
	message := -1 - f
	g := promised{message: message, state: inArrival, number: m.number(message), octets: max(m.octets[message], 0)}
	if refused != nil {
		g.state = hasFailed
	} else if m.begun < 0 {
		m.begun = w.tick
	}
	m.got = append(m.got, g)
	if want := (Item{Number: g.number, UniqueID: m.id(message), Kind: m.kinds[message], Octets: m.octets[message]}); item != want {
		return fmt.Errorf("the reply is to %+v, want %+v", item, want)
	}
	return nil
}

// delivered ends the delivery under way, with an octet more than LIST has told.
func (w *trial) delivered(whole bool) {
	g := &w.m.got[len(w.m.got)-1]
	if g.state = isWhole; !whole {
		g.state = isVoid
	}
	g.octets++
	g.since = w.tick
	w.b.delivered(w.now(), whole, g.octets)
}

func (w *trial) settle(d Disposition, ids ...uint64) error {
	m := &w.m
	var all []*promised
	legal := true
	for _, id := range ids {
		switch {
		case id == 0 || id >= m.first+uint64(len(m.got)):
			legal = false
		case id >= m.first:
			g := &m.got[id-m.first]
			legal = legal && (g.state == isWhole || g.state == isSettled)
			all = append(all, g)
		}
	}
	if !legal {
		return w.illegal(func() error { return w.b.settle(d, ids...) })
	}
	if err := w.b.settle(d, ids...); err != nil {
		return err
	}
	for _, g := range all {
		m.settleOne(d, g)
	}
	return nil
}

func (w *trial) settleThrough(d Disposition, id uint64) error {
	m := &w.m
	end := int(id) - int(m.first) + 1
	legal := id > 0 && end <= len(m.got) && (end <= 0 || m.got[end-1].state != inArrival)
	if !legal {
		return w.illegal(func() error { return w.b.settleThrough(d, id) })
	}
	if err := w.b.settleThrough(d, id); err != nil {
		return err
	}
	for i := range max(end, 0) {
		m.settleOne(d, &m.got[i])
	}
	return nil
}

// illegal checks that a settlement is refused, and changes nothing.
func (w *trial) illegal(settle func() error) error {
	before := w.key()
	if err := settle(); !errors.Is(err, ErrDelivery) || w.key() != before {
		return fmt.Errorf("the settlement is taken: %w", err)
	}
	return nil
}

func (w *trial) takeKept() error {
	got := w.b.takeKept()
	if !slices.Equal(got, w.m.untaken) {
		return fmt.Errorf("%q were kept, want %q", got, w.m.untaken)
	}
	w.m.untaken = nil
	return nil
}

// rebase goes to another login, with other numbers and perhaps without the first message.
func (w *trial) rebase(gone bool) {
	m := &w.m
	m.login++
	m.gone = gone
	m.flight = nil
	if gone {
		m.untaken = slices.DeleteFunc(m.untaken, func(id string) bool { return id == m.id(0) })
	}
	var wanted []int
	for message := range m.kinds {
		passed := m.kinds[message] == Unique && slices.ContainsFunc(m.got, func(g promised) bool {
			return g.message == message && g.state != inArrival && g.state != isVoid
		})
		if !passed && (!gone || message != 0) {
			wanted = append(wanted, message)
		}
	}
	for i := range m.got {
		g := &m.got[i]
		g.number, g.dele = 0, notSent
		if m.kinds[g.message] == Unique && (!gone || g.message != 0) {
			g.number = m.number(g.message)
		}
		if g.state == inArrival || g.state == isVoid {
			g.state = hasFailed
		}
	}
	w.b.rebase(func(id string, octets int64) uint32 {
		for _, g := range m.got {
			if m.id(g.message) == id && m.octets[g.message] == octets {
				return g.number
			}
		}
		return 0
	})
	w.begin(wanted...)
}
