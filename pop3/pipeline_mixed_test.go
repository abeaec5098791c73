package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
			p.answer("-ERR [SYS/TEMP] a\r\n", "-ERR b\r\n", "+OK\r\n", "-ERR d\r\n", "+OK alive\r\n")
		})
		var got []string
		for m, err := range c.Pipeline(t.Context(), each([]pop3.Request{
			{Verb: "RETR", Number: 1}, {Verb: "TOP", Number: 2, Lines: 3}, {Verb: "DELE", Number: 3}, {Verb: "DELE", Number: 4},
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

// TestProbe: what is sent with the first request, by what follows it.
func TestProbe(t *testing.T) {
	r := func(verb string, number uint32) pop3.Request {
		return pop3.Request{Verb: verb, Number: number, Lines: 5}
	}
	const empty, list3, list4 = "+OK\r\n.\r\n", "+OK 3 9\r\n", "+OK 4 9 x\r\n"
	for name, tc := range map[string]struct {
		requests []pop3.Request
		dialogue []string // commands, and what is said when they have come, in turn
	}{
		"one":  {[]pop3.Request{r("RETR", 3)}, []string{"RETR 3", empty}},
		"RETR": {[]pop3.Request{r("RETR", 3), r("RETR", 4)}, []string{"RETR 3|LIST 3", empty + list3, "RETR 4", empty}},
		"TOP":  {[]pop3.Request{r("TOP", 3), r("RETR", 4)}, []string{"TOP 3 5|LIST 3", empty + list3, "RETR 4", empty}},
		"DELE": {[]pop3.Request{r("DELE", 3), r("RETR", 4)}, []string{"DELE 3|LIST 4", "+OK\r\n" + list4, "RETR 4", empty}},
		"refused": {
			[]pop3.Request{r("RETR", 3), r("TOP", 4), r("DELE", 5)},
			[]string{"RETR 3|LIST 3", "-ERR\r\n-ERR\r\n", "TOP 4 5|LIST 4", "-ERR\r\n" + list4, "DELE 5", "+OK\r\n"},
		},
		"refused, the end": {
			[]pop3.Request{r("RETR", 3), r("TOP", 4)},
			[]string{"RETR 3|LIST 3", "-ERR\r\n-ERR\r\n", "TOP 4 5", "-ERR\r\n"},
		},
		"two after it": {
			[]pop3.Request{r("RETR", 3), r("TOP", 4), r("DELE", 4)},
			[]string{"RETR 3|LIST 3", empty + list3, "TOP 4 5|DELE 4", empty + "+OK\r\n"},
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			c := listed(t, capaPipelining, func(p *peer) {
				for turn := range slices.Chunk(tc.dialogue, 2) {
					for want := range strings.SplitSeq(turn[0], "|") {
						if got := p.hear(); got != want {
							t.Errorf("%q, want %q", got, want)
						}
					}
					if p.r.Buffered() > 0 {
						t.Errorf("more than %q", turn[0])
					}
					p.say(turn[1])
				}
				p.answer("+OK alive\r\n")
			})
			n := 0
			for m, err := range c.Pipeline(t.Context(), each(tc.requests)) {
				if m == nil {
					t.Fatal(err)
				}
				n++
			}
			if n != len(tc.requests) {
				t.Errorf("%d results", n)
			}
			wantAlive(t, c)
		})
	}
}

// TestProbeAnswers: what LIST has to say, and that a message is not whole before it has.
func TestProbeAnswers(t *testing.T) {
	for answer, good := range map[string]bool{
		"+OK 3 120": true, "+OK 3 120 octets": true, "+OK 03  120": true, "-ERR": true,
		"+OK": false, "+OK 3": false, "+OK 4 120": false, "+OK 120 octets": false, "+OK x 3 120": false, "+OK 3 octets": false,
		"3 120": false, ".": false, "": false, "+OK 4294967299 1": false, "+OK3 120": false, "+OK -3 5": false,
	} {
		inBubble(t, answer, func(t *testing.T) {
			c := listed(t, capaPipelining, func(p *peer) {
				p.answer("+OK\r\none\r\n.\r\n", "")
				time.Sleep(time.Second)
				p.say(answer + "\r\n")
				p.answer("+OK\r\n.\r\n", "+OK alive\r\n")
			})
			begin := time.Now()
			for m, err := range c.RetrEach(t.Context(), []uint32{3, 4}) {
				if m == nil {
					if good {
						t.Error(err)
					}
					continue
				}
				text, err := io.ReadAll(m)
				if m.Number != 3 {
					continue
				}
				if string(text) != "one\r\n" || (err == nil) != good || errors.Is(err, pop3.ErrPipelining) == good {
					t.Errorf("%q, %v", text, err)
				}
				took(t, begin, time.Second)
			}
			if good {
				wantAlive(t, c)
				return
			}
			_, err := c.Noop(t.Context())
			wantBroken(t, c, err, pop3.Protocol)
		})
	}
}

// TestProbeCancel cancels at each octet of the replies to the first pair, or leaves the loop there.
func TestProbeCancel(t *testing.T) {
	const replies = "+OK\r\none\r\n.\r\n+OK 1 120\r\n"
	for k := range len(replies) {
		for _, leave := range []bool{true, false} {
			inBubble(t, fmt.Sprintf("%d/%v", k, leave), func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				c := listed(t, capaPipelining, func(p *peer) {
					p.answer("", replies[:k])
					time.Sleep(500 * time.Millisecond)
					if !leave {
						cancel()
					}
					time.Sleep(time.Second)
					p.say(replies[k:])
					if line := p.hear(); line != "NOOP" {
						t.Errorf("%q", line)
					}
					p.say("+OK alive\r\n")
				})
				for m, err := range c.RetrEach(ctx, []uint32{1, 2}) {
					if m == nil && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					if leave {
						break
					}
					if m != nil {
						if _, err := io.Copy(io.Discard, m); !errors.Is(err, context.Canceled) {
							t.Error(err)
						}
					}
				}
				wantAlive(t, c)
			})
		}
	}
}

// TestPipelinePending: at its last octet a message is not at hand while the next status line is not.
func TestPipelinePending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := asked(t, true, func(p *peer) {
			p.answer("+OK\r\none\r\n.\r\n")
			p.hear()
			time.Sleep(time.Second)
			p.say("+OK\r\n.\r\n")
			p.answer("+OK alive\r\n")
		})
		for m, err := range c.RetrEach(t.Context(), []uint32{3, 4}) {
			if err != nil {
				t.Fatal(err)
			}
			if m.Number == 4 {
				continue
			}
			buf := make([]byte, 4096)
			if n, err := m.Read(buf); n != len("one\r\n") || err != nil || m.Pending() {
				t.Errorf("%d octets, %v, pending: %v", n, err, m.Pending())
			}
			if n, err := m.Read(buf); n != 0 || !errors.Is(err, io.EOF) || !m.Pending() {
				t.Errorf("%d octets, %v, pending: %v", n, err, m.Pending())
			}
		}
		wantAlive(t, c)
	})
}
