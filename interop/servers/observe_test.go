package servers_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/popgate/popgate/interop/internal/drive"
	"github.com/popgate/popgate/interop/internal/seed"
)

// An observation is what a direct connection gets from the server. Whatever a
// server does to a message, popgate must bring the same octets.
type observation struct {
	stat     string
	list     string
	uidl     string // where the server has it
	messages [][]byte
	tops     [][]byte // TOP n 2
	headers  [][]byte // TOP n 0
}

// observe looks into alice's maildrop. It has been opened before, since some
// servers then write to it.
func (x *run) observe(t *testing.T) {
	d := x.rawMailbox(t, alice)
	d.Multiline("LIST")
	d.Must("QUIT")
	d = x.rawMailbox(t, alice)
	x.seen = observation{stat: d.Must("STAT"), list: string(d.Multiline("LIST"))}
	if _, missing := x.refuses["Uidl"]; !missing {
		x.seen.uidl = string(d.Multiline("UIDL"))
	}
	for n := 1; n <= strings.Count(x.seen.list, "\r\n"); n++ {
		x.seen.messages = append(x.seen.messages, d.Multiline(fmt.Sprintf("RETR %d", n)))
		x.seen.headers = append(x.seen.headers, d.Multiline(fmt.Sprintf("TOP %d 0", n)))
		x.seen.tops = append(x.seen.tops, d.Multiline(fmt.Sprintf("TOP %d 2", n)))
	}
	d.Must("QUIT")
	if len(x.seen.messages) != len(x.messages()) {
		t.Fatalf("the server lists %d messages, not %d", len(x.seen.messages), len(x.messages()))
	}
	for i, m := range x.messages() {
		x.compareWithSeed(t, i+1, m)
	}
}

// messages are those that alice has.
func (x *run) messages() []seed.Message {
	return slices.DeleteFunc(slices.Clone(seed.Messages()), func(m seed.Message) bool { return m.Name == x.unseeded })
}

// compareWithSeed sees that what the server is said to do to a message is what
// it does.
func (x *run) compareWithSeed(t *testing.T, number int, m seed.Message) {
	t.Helper()
	want := x.seeded(m)
	if want == nil {
		return
	}
	if got := x.stable(x.seen.messages[number-1]); !bytes.Equal(got, want) {
		t.Errorf("message %d (%s) is not as seeded: %s", number, m.Name, difference(got, want))
	}
	if x.plainTop {
		for lines, top := range map[int][]byte{0: x.seen.headers[number-1], 2: x.seen.tops[number-1]} {
			if want := drive.TopOf(want, lines); !bytes.Equal(top, want) {
				t.Errorf("TOP %d %d is not as seeded: %s", number, lines, difference(top, want))
			}
		}
	}
}

// seeded is what the server has to send of a message, as far as it is the same
// in every session, or nil where that is its own affair.
func (x *run) seeded(m seed.Message) []byte {
	if x.wire == nil {
		return nil
	}
	if wire := x.wire(m); wire != nil {
		return x.stable(wire)
	}
	return nil
}

// stable is what of a message is the same in every session.
func (x *run) stable(message []byte) []byte {
	if x.settled != nil {
		return x.settled(message)
	}
	return message
}

// difference shows where two texts part.
func difference(got, want []byte) string {
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	from := max(0, n-40)
	return fmt.Sprintf("%d octets, want %d; from octet %d on %q, want %q", len(got), len(want), from,
		got[from:min(len(got), n+40)], want[from:min(len(want), n+40)])
}
