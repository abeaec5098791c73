package mailbox

import (
	"errors"
	"time"

	"github.com/popgate/popgate/pop3"
)

// Disposition says what becomes of a message that the caller is done with.
type Disposition uint8

const (
	// ToDelete says that it is stored durably and may go.
	ToDelete Disposition = iota + 1
	// ToKeep says that it is stored durably, or was never wanted: it is not deleted, but counts as seen.
	ToKeep
)

// ErrDelivery is returned for the settlement of a delivery that never was, that failed, or that is not over.
var ErrDelivery = errors.New("mailbox: no such delivery, or it is not over")

// stage is how far a message of a batch has come.
type stage uint8

const (
	arriving  stage = iota // its octets come
	unsettled              // it is whole
	void                   // it was retrieved, and the sink has not read it to its end: nobody can settle it
	failed                 // refused or skipped: there is nothing to settle
	kept                   // settled to keep
	deleting               // settled for deletion; DELE is not sent
	marking                // DELE is sent
	marked                 // DELE was answered +OK
	unmarked               // settled for deletion; DELE was refused, or nobody knows its number any more
)

// entry is a delivery.
type entry struct {
	stage    stage
	kind     Kind
	number   uint32 // in this login
	listed   int64  // octets by LIST, or -1
	octets   int64  // by LIST until the message is whole
	id       string
	since    time.Time // when it was whole
	response string    // to DELE, if that was refused
}

// settled reports whether the caller has said what becomes of the message.
func (e *entry) settled() bool { return e.stage >= kept }

// toDelete reports whether that is deletion.
func (e *entry) toDelete() bool { return e.stage >= deleting }

// bounds are the limits of a batch.
type bounds struct {
	messages int           // that are asked for and not settled
	octets   int64         // of these
	size     int           // messages of the batch; 0: all
	interval time.Duration // from the first delivery until no more is asked for; 0: for ever
}

// batch knows the messages of a login: what to ask for, what may be deleted, and when QUIT may be sent. It does no I/O and reads no
// clock, so that every order of events can be tried.
//
// Its promises: DELE is asked for only behind a settlement for deletion, and once; QUIT is allowed only when every message that was
// asked for is settled or was refused, and every DELE is answered.
type batch struct {
	bounds

	list     *Listing
	wanted   []uint32 // in list, in the order of delivery
	asked    int      // of wanted
	answered int      // of wanted
	stopped  bool     // nothing more is to be asked for

	first   uint64 // delivery id of entries[0]
	entries []entry
	oldest  int   // in entries: those before it need no settlement any more
	count   int   // messages that were asked for and not refused
	open    int   // of these, those that are not settled
	load    int64 // octets of these
	mark    []int // entries that are deleting, in the order of their settlements
	flight  []int // what is sent and not answered: an entry to mark, or retr
	begun   time.Time
	keeps   []int // entries that were settled to keep and not yet taken by takeKept
}

// retr stands in batch.flight for a message that is asked for.
const retr = -1

// newBatch returns a batch whose first delivery has the id first.
func newBatch(b bounds, first uint64) *batch { return &batch{bounds: b, first: first} }

// begin sets what is to be delivered in a login.
func (b *batch) begin(list *Listing, wanted []uint32) {
	b.list, b.wanted, b.asked, b.answered, b.flight = list, wanted, 0, 0, nil
}

// skip gives a message that is not asked for the next delivery id.
func (b *batch) skip(item Item) (id uint64) {
	b.entries = append(b.entries, entry{stage: failed, kind: item.Kind, id: item.UniqueID})
	return b.last()
}

// last is the last delivery id that was given.
func (b *batch) last() uint64 { return b.first + uint64(len(b.entries)) - 1 }

// next returns the next command to send, if there is one now.
func (b *batch) next(now time.Time) (pop3.Request, bool) {
	if len(b.mark) > 0 {
		i := b.mark[0]
		b.mark = b.mark[1:]
		b.entries[i].stage = marking
		b.flight = append(b.flight, i)
		return pop3.Request{Verb: "DELE", Number: b.entries[i].number}, true
	}
	if b.exhausted(now) {
		return pop3.Request{}, false
	}
	i := b.wanted[b.asked]
	size := max(b.list.octets[i], 0)
	if b.open > 0 && (b.open >= b.messages || size > b.octets-b.load) {
		return pop3.Request{}, false
	}
	b.asked++
	b.count++
	b.open++
	b.load += size
	b.flight = append(b.flight, retr)
	return pop3.Request{Verb: "RETR", Number: b.list.numbers[i], Listed: b.list.octets[i]}, true
}

// exhausted reports whether no further message is to be asked for.
func (b *batch) exhausted(now time.Time) bool {
	return b.stopped || b.asked == len(b.wanted) ||
		b.size > 0 && b.count >= b.size ||
		b.interval > 0 && !b.begun.IsZero() && now.Sub(b.begun) >= b.interval
}

// complete reports whether nothing is left to do but QUIT, which may be sent.
func (b *batch) complete(now time.Time) bool { return b.exhausted(now) && b.mayQuit() }

// mayQuit reports whether QUIT may be sent.
func (b *batch) mayQuit() bool { return b.open == 0 && len(b.mark) == 0 && len(b.flight) == 0 }

// reply is called with each reply, in the order of the commands. refused is nil for +OK. retrieved says that it was to RETR: then a
// delivery begins, or has failed, with the next id.
func (b *batch) reply(now time.Time, refused *pop3.RefusedError) (item Item, retrieved bool) {
	i := b.flight[0]
	b.flight = b.flight[1:]
	if i != retr {
		e := &b.entries[i]
		if e.stage = marked; refused != nil {
			e.stage, e.response = unmarked, refused.Response
		}
		return Item{}, false
	}
	item = b.list.item(int(b.wanted[b.answered]))
	b.answered++
	e := entry{stage: arriving, kind: item.Kind, number: item.Number, listed: item.Octets, octets: max(item.Octets, 0), id: item.UniqueID}
	switch {
	case refused != nil: // it takes no room in the batch, else what is refused would keep what is behind it from coming
		e.stage = failed
		b.close(&e)
		b.count--
	case b.begun.IsZero():
		b.begun = now
	}
	b.entries = append(b.entries, e)
	return item, true
}

// close takes a message out of the window.
func (b *batch) close(e *entry) {
	b.open--
	b.load -= e.octets
}

// delivered is called at the end of the last delivery: it is whole and has so many octets, or it is void.
func (b *batch) delivered(now time.Time, whole bool, octets int64) {
	e := &b.entries[len(b.entries)-1]
	if e.stage != arriving { // told already
		return
	}
	if e.stage = unsettled; !whole {
		e.stage = void
	}
	e.since = now
	b.load += octets - e.octets
	e.octets = octets
}

// settle settles deliveries. Either all of them, or, with an error, none.
func (b *batch) settle(d Disposition, ids ...uint64) error {
	for _, id := range ids {
		if id == 0 || id > b.last() {
			return ErrDelivery
		}
		if id < b.first {
			continue
		}
		if e := &b.entries[id-b.first]; !e.settled() && e.stage != unsettled {
			return ErrDelivery
		}
	}
	for _, id := range ids {
		if id >= b.first {
			b.settleOne(d, int(id-b.first)) //nolint:gosec // below len(entries)
		}
	}
	return nil
}

// settleThrough settles all deliveries up to one, save those that cannot be settled.
func (b *batch) settleThrough(d Disposition, id uint64) error {
	if id == 0 || id > b.last() {
		return ErrDelivery
	}
	if id < b.first {
		return nil
	}
	end := int(id-b.first) + 1 //nolint:gosec // at most len(entries)
	if b.entries[end-1].stage == arriving {
		return ErrDelivery
	}
	for i := b.oldest; i < end; i++ {
		b.settleOne(d, i)
	}
	return nil
}

// settleOne settles a delivery. Of two settlements the first stands.
func (b *batch) settleOne(d Disposition, i int) {
	e := &b.entries[i]
	if e.stage != unsettled {
		return
	}
	b.close(e)
	switch {
	case d == ToKeep:
		e.stage = kept
		b.keeps = append(b.keeps, i)
	case e.number == 0:
		e.stage = unmarked
	default:
		e.stage = deleting
		b.mark = append(b.mark, i)
	}
}

// takeKept returns the unique-ids that were settled to keep since it was called last, as far as they are worth anything.
func (b *batch) takeKept() (ids []string) {
	for _, i := range b.keeps {
		if b.entries[i].kind == Unique {
			ids = append(ids, b.entries[i].id)
		}
	}
	b.keeps = b.keeps[:0]
	return ids
}

// waiting returns since when the oldest unsettled delivery waits for its settlement, if there is one.
func (b *batch) waiting() (since time.Time, ok bool) {
	for ; b.oldest < len(b.entries); b.oldest++ {
		switch e := &b.entries[b.oldest]; e.stage {
		case unsettled, void:
			return e.since, true
		case arriving:
			return time.Time{}, false
		}
	}
	return time.Time{}, false
}

// rebase carries the batch over to another login, with nothing marked there. at finds the number of the message with a unique-id and so
// many octets by LIST, or 0: then its unique-id is worth nothing any more. What was settled for deletion is to be marked anew; what was
// asked for and did not come whole is forgotten.
func (b *batch) rebase(at func(id string, octets int64) uint32) {
	b.flight, b.mark, b.count, b.open, b.load = nil, nil, 0, 0, 0
	for i := range b.entries {
		e := &b.entries[i]
		e.number, e.response = 0, ""
		if e.kind == Unique {
			if e.number = at(e.id, e.listed); e.number == 0 {
				e.kind = Missing
			}
		}
		if e.stage == arriving || e.stage == void {
			e.stage = failed
		}
		if e.stage != failed {
			b.count++
		}
		switch {
		case e.stage == unsettled:
			b.open++
			b.load += e.octets
		case e.toDelete() && e.number == 0:
			e.stage = unmarked
		case e.toDelete():
			e.stage = deleting
			b.mark = append(b.mark, i)
		}
	}
}
