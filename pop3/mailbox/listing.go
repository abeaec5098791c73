package mailbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/popgate/popgate/pop3"
)

// Kind says how much a unique-id is worth.
type Kind uint8

const (
	// Unique is a unique-id that no other message of the listing has.
	Unique Kind = iota
	// Duplicate is one that another message of the listing has too.
	Duplicate
	// Missing says that there is none.
	Missing
)

// Item is a message of a listing.
type Item struct {
	// Number is the message number, good for this login only; 0 for a line that cannot be read.
	Number uint32
	// UniqueID is the unique-id as the server gave it, "" where it gave none.
	UniqueID string
	// Kind says what the unique-id is worth.
	Kind Kind
	// Octets is the size by LIST, a claim of the server's; -1 where it gave none.
	Octets int64
	// Line is a line that cannot be read, else "".
	Line string
}

// Limits of a listing, beside those of pop3: against a server that lists without end.
const (
	maxIDOctets = 256 << 20 // of all unique-ids
	maxDamaged  = 1000      // lines that are kept
)

// ErrTooLarge is returned for a listing whose unique-ids take more than 256 MiB.
var ErrTooLarge = errors.New("mailbox: the listing is too large")

// Listing is what a maildrop holds, in little memory: a million messages take some 50 MB.
type Listing struct {
	numbers []uint32 // ascending
	octets  []int64
	ends    []uint32 // in ids, of each unique-id
	ids     []byte
	kinds   []Kind
	damaged []string // lines that cannot be read
	total   int64

	findings findings
}

// Len returns how many messages there are.
func (l *Listing) Len() int { return len(l.numbers) }

// Octets returns the octets of all messages by LIST.
func (l *Listing) Octets() int64 { return l.total }

// id returns the unique-id of the i-th message. It is valid as long as the listing.
func (l *Listing) id(i int) []byte {
	begin := uint32(0)
	if i > 0 {
		begin = l.ends[i-1]
	}
	return l.ids[begin:l.ends[i]]
}

func (l *Listing) item(i int) Item {
	return Item{Number: l.numbers[i], UniqueID: string(l.id(i)), Kind: l.kinds[i], Octets: l.octets[i]}
}

// Items returns the messages in the order of their numbers, and behind them the lines that cannot be read.
func (l *Listing) Items() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for i := range l.numbers {
			if !yield(l.item(i)) {
				return
			}
		}
		for _, line := range l.damaged {
			if !yield(Item{Line: line, Kind: Missing, Octets: -1}) {
				return
			}
		}
	}
}

// list lists the maildrop by UIDL and LIST. Messages that LIST has alone have no unique-id, those that UIDL has alone no octets: the
// maildrop may have grown between the two. A server without UIDL is an error unless withoutIDs allows it.
func list(ctx context.Context, c *pop3.Client, withoutIDs bool) (*Listing, error) {
	l := &Listing{}
	err := l.readUIDL(ctx, c, maxIDOctets)
	if errors.Is(err, pop3.ErrNotOffered) && withoutIDs {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if err := l.readLIST(ctx, c); err != nil {
		return nil, err
	}
	l.judge()
	return l, nil
}

// readUIDL adds the messages with their unique-ids, which may have so many octets.
func (l *Listing) readUIDL(ctx context.Context, c *pop3.Client, most int) error {
	reply, err := c.Uidl(ctx)
	if err != nil {
		return err
	}
	for e, err := range reply.Entries() {
		if err != nil {
			return err
		}
		if e.Number == 0 {
			l.damage(e.Line)
			continue
		}
		if len(l.ids)+len(e.UniqueID) > most {
			return ErrTooLarge
		}
		l.add(e.Number, e.UniqueID)
	}
	l.sort()
	return nil
}

func (l *Listing) damage(line string) {
	l.findings.add(ListingDamaged)
	if len(l.damaged) < maxDamaged {
		l.damaged = append(l.damaged, line)
	}
}

func (l *Listing) add(number uint32, id string) {
	l.numbers = append(l.numbers, number)
	l.octets = append(l.octets, -1)
	l.ids = append(l.ids, id...)
	l.ends = append(l.ends, uint32(len(l.ids))) //nolint:gosec // below maxIDOctets
}

// ascending reports whether each number is greater than the one before it.
func ascending[N cmp.Ordered](numbers []N) bool {
	for i := 1; i < len(numbers); i++ {
		if numbers[i-1] >= numbers[i] {
			return false
		}
	}
	return true
}

// sort brings the messages into the order of their numbers. Of two lines with one number the first stands.
func (l *Listing) sort() {
	if ascending(l.numbers) { // as servers have it
		return
	}
	order := make([]int, len(l.numbers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(l.numbers[a], l.numbers[b]) })
	sorted := Listing{damaged: l.damaged, findings: l.findings}
	for _, i := range order {
		if n := len(sorted.numbers); n > 0 && sorted.numbers[n-1] == l.numbers[i] {
			sorted.damage(strings.TrimSpace(fmt.Sprintf("%d %s", l.numbers[i], l.id(i))))
			continue
		}
		sorted.add(l.numbers[i], string(l.id(i)))
		sorted.octets[len(sorted.octets)-1] = l.octets[i]
	}
	*l = sorted
}

// readLIST adds the octets.
func (l *Listing) readLIST(ctx context.Context, c *pop3.Client) error {
	reply, err := c.List(ctx)
	if err != nil {
		return err
	}
	known := len(l.numbers)
	next := 0
	for e, err := range reply.Entries() {
		if err != nil {
			return err
		}
		switch {
		case e.Number == 0:
			l.damage(e.Line)
			continue
		case next < known && l.numbers[next] == e.Number: // as a server has it
		default:
			var found bool
			if next, found = slices.BinarySearch(l.numbers[:known], e.Number); !found {
				if known > 0 {
					l.findings.add(ListingDamaged)
				}
				next = len(l.numbers)
				l.add(e.Number, "")
			}
		}
		if l.octets[next] >= 0 { // the number has come before
			l.damage(e.Line)
			continue
		}
		l.octets[next] = e.Octets
		next++
	}
	l.sort()
	return nil
}

// plus adds octets, if they are known. Where a server claims too many, the sum stays the greatest number that there is.
func plus(total, octets int64) int64 {
	octets = max(octets, 0)
	return total + min(octets, math.MaxInt64-total)
}

var seed = maphash.MakeSeed()

// judge finds out what each unique-id is worth.
func (l *Listing) judge() {
	l.numbers, l.octets = exact(l.numbers), exact(l.octets)
	l.ids, l.ends = exact(l.ids), exact(l.ends)
	l.kinds = make([]Kind, len(l.numbers))
	type hashed struct {
		sum uint64
		at  uint32
	}
	sums := make([]hashed, 0, len(l.numbers))
	for i := range l.numbers {
		if l.total = plus(l.total, l.octets[i]); l.octets[i] < 0 {
			l.findings.add(ListingDamaged)
		}
		if len(l.id(i)) == 0 {
			l.kinds[i] = Missing
			l.findings.add(UniqueIDsMissing)
			continue
		}
		sums = append(sums, hashed{maphash.Bytes(seed, l.id(i)), uint32(i)}) // below 5 million
	}
	slices.SortFunc(sums, func(a, b hashed) int { return cmp.Compare(a.sum, b.sum) })
	for i := 1; i < len(sums); i++ {
		if sums[i].sum == sums[i-1].sum { // different ids with one hash are taken for one: they are delivered again, no more
			l.kinds[sums[i].at], l.kinds[sums[i-1].at] = Duplicate, Duplicate
			l.findings.add(UniqueIDsDuplicate)
		}
	}
}

// exact returns a slice without room to grow, which is for as long as the job lasts.
func exact[T any](list []T) []T {
	out := make([]T, len(list))
	copy(out, list)
	return out
}
