package mailbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// marksOf returns the marks of unique-ids.
func marksOf(c *cursor, ids ...string) (marks []uint64) {
	for _, id := range ids {
		marks = append(marks, c.mark([]byte(id)))
	}
	slices.Sort(marks)
	return marks
}

// maxMarks is how many marks a cursor has room for.
const maxMarks = (MaxCursor - headOctets - checkOctets) / markOctets

// TestMerge: two lists become one in order, whatever their lengths, and a cursor of two is that of both.
func TestMerge(t *testing.T) {
	for n := range 7 {
		for m := range 7 {
			var list, marks, want []uint64
			for i := range n {
				list = append(list, uint64(i*3))
			}
			for i := range m {
				marks = append(marks, uint64((m-i)*2))
			}
			want = slices.Sorted(slices.Values(slices.Concat(list, marks)))
			c := newCursor("alice")
			whole := slices.Clone(c.encode(want, nil))
			if slices.Sort(marks); !bytes.Equal(c.encode(marks, list), whole) {
				t.Errorf("the cursor of %v and %v", list, marks)
			}
			slices.Reverse(marks)
			if got := merge(list, marks); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		}
	}
}

// TestCursor: what was encoded is known again, whatever the order, and nothing else is.
func TestCursor(t *testing.T) {
	first := newCursor("alice")
	data := first.encode(marksOf(first, "c", "a", "b", "a"), nil)
	knows(t, "alice", data, "a", "b", "c")
	if len(data) != headOctets+3*markOctets+checkOctets {
		t.Errorf("%d octets", len(data))
	}
	second, err := parseCursor("alice", data)
	if err != nil {
		t.Fatal(err)
	}
	if again := second.encode(slices.Clone(second.marks), nil); !bytes.Equal(again, data) {
		t.Error("it changes on the way")
	}
	if newCursor("alice").mark([]byte("a")) == first.mark([]byte("a")) {
		t.Error("two cursors have one key")
	}
	for _, empty := range [][]byte{nil, {}} {
		knows(t, "alice", empty)
	}
	knows(t, "alice", first.encode(nil, nil))
}

// TestCursorSize: 100,000 unique-ids take 800 KB, and more than the limit holds no cursor at all.
func TestCursorSize(t *testing.T) {
	c := newCursor("alice")
	many := make([]uint64, maxMarks+1)
	for i := range many {
		many[i] = uint64(i) * 3
	}
	for n, want := range map[int]int{100_000: 800_000 + headOctets + checkOctets, maxMarks: MaxCursor - 7, maxMarks + 1: 0} {
		data := c.encode(slices.Clone(many[:n]), nil)
		if len(data) != want || (want == 0) != (data == nil) {
			t.Errorf("%d marks: %d octets, want %d", n, len(data), want)
		}
		if want == 0 {
			continue
		}
		if read, err := parseCursor("alice", data); err != nil || len(read.marks) != n {
			t.Errorf("%d marks: %v", n, err)
		}
	}
}

// TestCursorDamaged: whatever octet has changed or is gone, it is never taken for one that has seen less.
func TestCursorDamaged(t *testing.T) {
	c := newCursor("alice")
	good := c.encode(marksOf(c, "a", "b"), nil)
	damaged := func(what string, data []byte) {
		if _, err := parseCursor("alice", data); !errors.Is(err, ErrCursorDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range good {
		for _, bit := range []byte{1, 0x80, 0xFF} {
			bad := slices.Clone(good)
			bad[i] ^= bit
			damaged(fmt.Sprintf("octet %d", i), bad)
		}
		if i > 0 {
			damaged(fmt.Sprintf("the first %d octets", i), good[:i])
		}
		damaged(fmt.Sprintf("without octet %d", i), slices.Delete(slices.Clone(good), i, i+1))
	}
	damaged("one octet more", append(slices.Clone(good), 0))
	damaged("a mark twice", reseal(append(good[:len(good)-checkOctets:len(good)-checkOctets], good[len(good)-checkOctets-markOctets:]...)))
	damaged("marks in another order", reseal(c.encodeAsIs(9, 3)))
	damaged("too large", reseal(c.encodeAsIs(make([]uint64, maxMarks+1)...)))
}

// encodeAsIs is encode without its care.
func (c *cursor) encodeAsIs(marks ...uint64) []byte {
	out := slices.Clone(c.encode(nil, nil)[:headOctets])
	for _, m := range marks {
		out = binary.BigEndian.AppendUint64(out, m)
	}
	return append(out, make([]byte, checkOctets)...)
}

// reseal gives a cursor the check sum that its octets have.
func reseal(data []byte) []byte {
	data = slices.Clone(data)
	sum := sha256.Sum256(data[:len(data)-checkOctets])
	copy(data[len(data)-checkOctets:], sum[:])
	return data
}

// TestCursorForeign: the cursor of another mailbox is told from a damaged one.
func TestCursorForeign(t *testing.T) {
	c := newCursor("alice")
	if _, err := parseCursor("bob", c.encode(marksOf(c, "a"), nil)); !errors.Is(err, ErrCursorForeign) {
		t.Error(err)
	}
}

// FuzzCursor: what is read as a cursor is written as the same octets.
func FuzzCursor(f *testing.F) {
	c := newCursor("alice")
	for n := range 4 {
		f.Add(slices.Clone(c.encode(marksOf(c, numbered(n)...), nil)))
	}
	f.Add([]byte{})
	f.Add(c.encodeAsIs(9, 3, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, fitted(data)} {
			read, err := parseCursor("alice", data)
			if err != nil || len(data) == 0 {
				continue
			}
			if again := read.encode(slices.Clone(read.marks), nil); !bytes.Equal(again, data) {
				t.Errorf("%x becomes %x", data, again)
			}
		}
	})
}

// fitted makes octets pass the checks that a fuzzer cannot guess.
func fitted(data []byte) []byte {
	if len(data) < headOctets+checkOctets {
		return data
	}
	digest := digestOf("alice")
	data = slices.Clone(data)
	copy(data[1:], digest[:])
	return reseal(data)
}
