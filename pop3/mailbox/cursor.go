package mailbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"slices"
)

// The layout of a cursor: version, digest of the mailbox, key, marks of 8 octets in ascending order, check sum.
const (
	cursorVersion = 1
	digestOctets  = 16
	keyOctets     = 16
	markOctets    = 8
	checkOctets   = 8
	headOctets    = 1 + digestOctets + keyOctets

	// MaxCursor is the greatest length of a cursor in octets: some 130,000 messages that are left on the server.
	MaxCursor = 1 << 20
)

var (
	// ErrCursorDamaged is returned for a cursor that is not as it was given out.
	ErrCursorDamaged = errors.New("mailbox: the cursor is damaged")
	// ErrCursorForeign is returned for a cursor of another mailbox.
	ErrCursorForeign = errors.New("mailbox: the cursor is that of another mailbox")
)

// cursor knows which unique-ids were seen, by a keyed hash of each: what it does not know is delivered, and what it knows wrongly, with a
// probability of 2^-64 for each pair, is not. The key differs from cursor to cursor, so that no sender can aim at it.
type cursor struct {
	digest [digestOctets]byte
	mac    hash.Hash
	key    [keyOctets]byte
	marks  []uint64 // ascending

	encoded []byte // by encode
}

// newCursor returns a cursor that has seen nothing. name tells the mailbox from others.
func newCursor(name string) *cursor {
	c := &cursor{digest: digestOf(name)}
	_, _ = rand.Read(c.key[:]) // never fails: it ends the process instead
	c.mac = hmac.New(sha256.New, c.key[:])
	return c
}

// parseCursor reads what encode wrote. An empty cursor has seen nothing.
func parseCursor(name string, data []byte) (*cursor, error) {
	if len(data) == 0 {
		return newCursor(name), nil
	}
	body := len(data) - headOctets - checkOctets
	if body < 0 || body%markOctets != 0 || len(data) > MaxCursor || data[0] != cursorVersion {
		return nil, ErrCursorDamaged
	}
	sum := sha256.Sum256(data[:len(data)-checkOctets])
	if !bytes.Equal(sum[:checkOctets], data[len(data)-checkOctets:]) {
		return nil, ErrCursorDamaged
	}
	c := &cursor{}
	rest := data[1:]
	rest = rest[copy(c.digest[:], rest):]
	rest = rest[copy(c.key[:], rest):]
	if c.digest != digestOf(name) {
		return nil, ErrCursorForeign
	}
	c.mac = hmac.New(sha256.New, c.key[:])
	c.marks = make([]uint64, 0, body/markOctets)
	for ; len(rest) > checkOctets; rest = rest[markOctets:] {
		c.marks = append(c.marks, binary.BigEndian.Uint64(rest))
	}
	if !ascending(c.marks) {
		return nil, ErrCursorDamaged
	}
	return c, nil
}

func digestOf(name string) (d [digestOctets]byte) {
	sum := sha256.Sum256([]byte(name))
	copy(d[:], sum[:])
	return d
}

// mark returns the keyed hash of a unique-id.
func (c *cursor) mark(id []byte) uint64 {
	c.mac.Reset()
	c.mac.Write(id)
	var sum [sha256.Size]byte
	return binary.BigEndian.Uint64(c.mac.Sum(sum[:0]))
}

// marksOf returns the mark of each message of a listing, and 0 where its unique-id is worth nothing.
func (c *cursor) marksOf(l *Listing) []uint64 {
	marks := make([]uint64, l.Len())
	for i := range marks {
		if l.kinds[i] == Unique {
			marks[i] = c.mark(l.id(i))
		}
	}
	return marks
}

// encode returns a cursor that knows the marks of two lists in ascending order, or nil where they are too many. It is valid until the
// next call.
func (c *cursor) encode(a, b []uint64) []byte {
	c.encoded = append(c.encoded[:0], cursorVersion)
	c.encoded = append(c.encoded, c.digest[:]...)
	c.encoded = append(c.encoded, c.key[:]...)
	for last, first := uint64(0), true; len(a) > 0 || len(b) > 0; a = a[1:] {
		if len(a) == 0 || len(b) > 0 && b[0] < a[0] {
			a, b = b, a
		}
		if first || a[0] != last {
			c.encoded = binary.BigEndian.AppendUint64(c.encoded, a[0])
		}
		last, first = a[0], false
	}
	sum := sha256.Sum256(c.encoded)
	c.encoded = append(c.encoded, sum[:checkOctets]...)
	if len(c.encoded) > MaxCursor {
		return nil
	}
	return c.encoded
}

// merge puts marks into a list in ascending order, in place.
func merge(list, marks []uint64) []uint64 {
	slices.Sort(marks)
	i := len(list) - 1
	list = append(list, marks...)
	k := len(list) - 1
	for j := len(marks) - 1; j >= 0; k-- {
		if i >= 0 && list[i] > marks[j] {
			list[k] = list[i]
			i--
		} else {
			list[k] = marks[j]
			j--
		}
	}
	return list
}
