package mailbox

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3/pop3test"
)

// polls are the calls of a caller that keeps nothing but the last cursor.
type polls struct {
	caller
	*rig

	cursor []byte
	got    []string // of the last poll: "id", and "id=" for a duplicate
}

func (p *polls) Cursor(cursor []byte) error {
	p.cursor = slices.Clone(cursor)
	return nil
}

// poll fetches what is new, or collects it to keep, and checks what comes and how many messages the cursor knows then.
func (p *polls) poll(t *testing.T, collect bool, known int, want ...string) {
	t.Helper()
	p.got, p.events, p.commits = nil, nil, nil
	what := Fetch{Selection: Selection{Cursor: p.cursor}}
	deliver := func(d *Delivery) error {
		if _, err := io.Copy(io.Discard, d); err != nil {
			return err
		}
		p.got = append(p.got, d.UniqueID+map[Kind]string{Duplicate: "="}[d.Kind])
		if collect {
			return p.Settle(ToKeep, d.ID)
		}
		return nil
	}
	p.deliver = deliver
	var err error
	if collect {
		if p.Collector, err = p.NewCollector(Collect{Fetch: what}, p); err == nil {
			_, err = p.Run(t.Context())
		}
	} else {
		_, err = p.Fetch(t.Context(), what, p)
	}
	if err != nil || want != nil && !slices.Equal(p.got, want) || len(p.got) != len(want) {
		t.Errorf("%v, %d came: %.200q, want %.200q", err, len(p.got), p.got, want)
	}
	if octets := headOctets + known*markOctets + checkOctets; len(p.cursor) != octets {
		t.Errorf("a cursor of %d octets, want %d", len(p.cursor), octets)
	}
}

// TestCursorLarge: a caller that leaves 100,000 messages on the server keeps 8 octets for each. It gets what is new, what came back, and
// what has no unique-id of its own; the cursor shrinks with the maildrop, and message numbers are nothing to it.
func TestCursorLarge(t *testing.T) {
	const messages = 100_000
	p := &polls{rig: newRig(t)}
	p.srv.DiscardCommands = true
	ids := numbered(messages)
	left := make([]pop3test.Message, messages)
	for i, id := range ids {
		left[i] = pop3test.NewMessage([]byte(text(id)))
		left[i].UniqueID = id
	}
	earlier := newCursor(p.Name)
	p.cursor = slices.Clone(earlier.encode(marksOf(earlier, ids...), nil))
	t.Logf("the cursor of %d messages has %d octets", messages, len(p.cursor))
	if len(p.cursor) > 8*messages+64 {
		t.Error("that is more than 8 for each, and 64")
	}
	first := p.cursor
	for _, collect := range []bool{false, true} {
		p.drop.Messages, p.cursor = slices.Clone(left), first
		p.poll(t, collect, messages)
		news := strings.Fields(fmt.Sprintf("%[1]v-1 %[1]v-2 %[1]v-3 %[1]v-4 %[1]v-5 %[1]v-6 %[1]v-7 %[1]v-8 %[1]v-9 %[1]v-10", collect))
		addTo(p.drop, news...)
		p.poll(t, collect, messages+10, news...)

		all := p.drop.Messages
		gone := slices.Clone(all[500:505])
		p.drop.Messages = slices.Delete(slices.Clone(all), 500, 505)
		p.poll(t, collect, messages+5)
		p.drop.Add(gone...)
		p.poll(t, collect, messages+10, ids[500:505]...)

		slices.Reverse(p.drop.Messages)
		p.poll(t, collect, messages+10)

		p.drop.Messages[7].UniqueID = p.drop.Messages[70_000].UniqueID
		twin := p.drop.Messages[7].UniqueID + "="
		p.poll(t, collect, messages+8, twin, twin)
		p.poll(t, collect, messages+8, twin, twin)
	}
}
