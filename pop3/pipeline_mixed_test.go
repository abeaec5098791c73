package pop3_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestPipelineMixed: a DELE for each message that is whole goes out between the RETRs that are under way, and QUIT finds the marks.
func TestPipelineMixed(t *testing.T) {
	const messages = 700
	drop := pop3test.NewMaildrop("secret")
	for i := range messages {
		drop.Messages = append(drop.Messages, pop3test.NewMessage(fmt.Appendf(nil, "%d\r\n", i+1)))
	}
	srv := pop3test.NewServer(map[string]*pop3test.Maildrop{"alice": drop})
	defer srv.Close()
	c := login(t, srv)
	var settled []uint32
	sent := uint32(0)
	next := func() (pop3.Request, bool) {
		switch {
		case len(settled) > 0:
			r := pop3.Request{Verb: "DELE", Number: settled[0]}
			settled = settled[1:]
			return r, true
		case sent < messages:
			sent++
			return pop3.Request{Verb: "RETR", Number: sent}, true
		}
		return pop3.Request{}, false
	}
	last := map[string]uint32{}
	for m, err := range c.Pipeline(t.Context(), next) {
		if err != nil {
			t.Fatal(err)
		}
		if last[m.Verb]++; m.Number != last[m.Verb] {
			t.Fatalf("%s %d, want %d", m.Verb, m.Number, last[m.Verb])
		}
		text, err := io.ReadAll(m)
		want := ""
		if m.Verb == "RETR" {
			want = fmt.Sprintf("%d\r\n", m.Number)
			settled = append(settled, m.Number)
		}
		if string(text) != want || err != nil || m.Close() != nil || !m.Pending() || !strings.HasPrefix(m.Response(), "+OK") {
			t.Fatalf("%s %d: %q, %v", m.Verb, m.Number, text, err)
		}
	}
	if last["RETR"] != messages || last["DELE"] != messages {
		t.Errorf("%v", last)
	}
	commands := srv.Commands()
	if first, end := slices.Index(commands, "DELE 1"), slices.Index(commands, "RETR 700"); first > end {
		t.Error("DELE waited for the last RETR")
	}
	if outcome, _, err := c.Quit(t.Context()); outcome != pop3.Committed || err != nil || len(drop.UniqueIDs()) > 0 {
		t.Errorf("%v, %v, %d messages left", outcome, err, len(drop.UniqueIDs()))
	}
}

// TestPipelineFollowed: a message is followed by the next one, and not by the reply to DELE, behind which there may be no other.
func TestPipelineFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := asked(t, true, func(p *peer) {
			p.answer("+OK\r\none\r\n.\r\n", "+OK\r\ntwo\r\n.\r\n", "+OK\r\n", "+OK\r\nthree\r\n.\r\n", "+OK alive\r\n")
		})
		var got []bool
		for m, err := range c.Pipeline(t.Context(), each([]pop3.Request{
			{Verb: "RETR", Number: 1}, {Verb: "RETR", Number: 2}, {Verb: "DELE", Number: 1}, {Verb: "RETR", Number: 3},
		})) {
			if err := readMessage(m, err); err != nil {
				t.Fatal(err)
			}
			if m.Verb == "RETR" {
				got = append(got, m.Followed())
			}
		}
		if want := []bool{true, false, false}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		wantAlive(t, c)
	})
}

// TestPipelineUnsendable: what cannot be sent ends the loop, after the results of what was sent.
func TestPipelineUnsendable(t *testing.T) {
	for _, bad := range []pop3.Request{{Verb: "RETR"}, {Verb: "TOP"}, {Verb: "DELE"}, {}, {Verb: "QUIT", Number: 1}, {Verb: "retr", Number: 1}} {
		for before := range 4 {
			inBubble(t, fmt.Sprintf("%v/%d", bad, before), func(t *testing.T) {
				c := asked(t, true, func(p *peer) {
					p.answer(slices.Repeat([]string{"+OK\r\n.\r\n"}, before)...)
					if line := p.hear(); line != "NOOP" {
						t.Errorf("%q", line)
					}
					p.say("+OK alive\r\n")
				})
				requests := slices.Repeat([]pop3.Request{{Verb: "TOP", Number: 1}}, before)
				requests = append(requests, bad, pop3.Request{Verb: "DELE", Number: 1})
				n := 0
				for m, err := range c.Pipeline(t.Context(), each(requests)) {
					if argument, ok := errors.AsType[*pop3.ArgumentError](err); m != nil && err != nil || m == nil && (!ok || argument.Command != bad.Verb) {
						t.Errorf("%v, %v", m, err)
					}
					n++
				}
				if n != before+1 {
					t.Errorf("%d results", n)
				}
				wantAlive(t, c)
			})
		}
	}
}

// TestPipelineRefused: a refusal says of which command it is, and whether the server has the command at all.
func TestPipelineRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := asked(t, true, func(p *peer) {
			p.answer("-ERR [SYS/TEMP] a\r\n", "+OK\r\n.\r\n", "-ERR b\r\n", "+OK\r\n", "-ERR d\r\n", "+OK alive\r\n")
		})
		var got []string
		for m, err := range c.Pipeline(t.Context(), each([]pop3.Request{
			{Verb: "RETR", Number: 1}, {Verb: "RETR", Number: 5}, {Verb: "TOP", Number: 2, Lines: 3}, {Verb: "DELE", Number: 3}, {Verb: "DELE", Number: 4},
		})) {
			refused, _ := errors.AsType[*pop3.RefusedError](err)
			if refused == nil {
				refused = &pop3.RefusedError{}
			}
			got = append(got, fmt.Sprintf("%s %d %s %+v", m.Verb, m.Number, m.Response(), *refused))
			if text, broken := io.ReadAll(m); len(text) > 0 || !errors.Is(broken, err) {
				t.Errorf("%q, %v", text, broken)
			}
		}
		for i, want := range []string{
			"RETR 1 -ERR [SYS/TEMP] a {Command:RETR Response:-ERR [SYS/TEMP] a Code:SYS/TEMP NotOffered:false",
			"RETR 5 +OK {Command: Response: Code: NotOffered:false",
			"TOP 2 -ERR b {Command:TOP Response:-ERR b Code: NotOffered:true",
			"DELE 3 +OK {Command: Response: Code: NotOffered:false",
			"DELE 4 -ERR d {Command:DELE Response:-ERR d Code: NotOffered:false",
		} {
			if i >= len(got) || !strings.HasPrefix(got[i], want) {
				t.Errorf("%q, want %q", got, want)
			}
		}
		wantAlive(t, c)
	})
}
