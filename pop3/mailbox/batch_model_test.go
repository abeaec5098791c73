package mailbox

import "slices"

// promised is a delivery as the promises of batch see it.
type promised struct {
	message int // of the maildrop, from 0
	state   byte
	settled Disposition
	dele    byte // of this login
	number  uint32
	octets  int64
	since   int
}

// States of a promised delivery, and of its DELE.
const (
	inArrival, isWhole, isVoid, hasFailed, isSettled = 'a', 'w', 'v', 'f', 's'
	notSent, isSent, wasDone, wasRefused             = 0, 's', 'd', 'r'
)

// model says what batch promises, and checks it after each event. It shares nothing with batch.
type model struct {
	bounds

	kinds   []Kind
	octets  []int64 // by LIST
	first   uint64  // delivery id of deliveries[0]
	login   uint32  // from 0: message n has the number 10*login + n
	gone    bool    // message 0 is, in this login
	wanted  int     // messages in this login
	asked   []int   // of these
	flight  []int   // a delivery to mark, or -1 less a message to retrieve
	got     []promised
	untaken []string // unique-ids of what was settled to keep
	stopped bool
	begun   int // tick of the first delivery, or -1
}

func (m *model) id(message int) string { return string(rune('a' + message)) }

func (m *model) number(message int) uint32 {
	return 10*m.login + uint32(message) + 1
}

// open returns the deliveries that are neither settled nor failed, with what is asked for, and their octets.
func (m *model) open() (count int, octets int64) {
	for _, g := range m.got {
		if g.state == inArrival || g.state == isWhole || g.state == isVoid {
			count, octets = count+1, octets+g.octets
		}
	}
	for _, f := range m.flight {
		if f < 0 {
			count, octets = count+1, octets+max(m.octets[-1-f], 0)
		}
	}
	return count, octets
}

// size returns how many messages the batch has.
func (m *model) size() (n int) {
	for _, g := range m.got {
		if g.state != hasFailed {
			n++
		}
	}
	for _, f := range m.flight {
		if f < 0 {
			n++
		}
	}
	return n
}

// mayQuit reports whether nothing is open, and every DELE that is due is answered.
func (m *model) mayQuit() bool {
	count, _ := m.open()
	return count == 0 && len(m.flight) == 0 && !slices.ContainsFunc(m.got, func(g promised) bool {
		return g.settled == ToDelete && g.number != 0 && g.dele == notSent
	})
}

// settleOne is the settlement of a delivery that can be settled.
func (m *model) settleOne(d Disposition, g *promised) {
	if g.state != isWhole {
		return
	}
	g.state, g.settled = isSettled, d
	if d == ToKeep && m.kinds[g.message] == Unique && (!m.gone || g.message != 0) {
		m.untaken = append(m.untaken, m.id(g.message))
	}
}
