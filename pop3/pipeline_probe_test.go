package pop3_test

import (
	"bufio"
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
)

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

// TestPipelineSilent: a server that falls silent is suspected where commands were ahead, and only there; and so is one that has
// answered what it did not even take, however late that is seen.
func TestPipelineSilent(t *testing.T) {
	for name, tc := range map[string]struct {
		requests int // of which one more is given after each reply
		ahead    int // are given at once
		suspect  bool
	}{
		"one":            {1, 1, false},
		"two":            {2, 2, true},
		"one after two":  {3, 2, false},
		"one after many": {5, 4, false},
		"two after two":  {4, 2, false},
	} {
		inBubble(t, name, func(t *testing.T) {
			c := asked(t, true, func(p *peer) {
				p.answer(slices.Repeat([]string{"+OK\r\n"}, tc.requests-1)...)
				p.rest()
			})
			sent, results := 0, 0
			var last error
			for m, err := range c.Pipeline(t.Context(), func() (pop3.Request, bool) {
				if sent == tc.requests || sent >= tc.ahead && results < sent {
					return pop3.Request{}, false
				}
				sent++
				return pop3.Request{Verb: "DELE", Number: uint32(sent)}, true
			}) {
				if last = err; m != nil {
					results++
				}
			}
			wantBroken(t, c, last, pop3.Timeout)
			if errors.Is(last, pop3.ErrPipelining) != tc.suspect || results != tc.requests-1 {
				t.Errorf("%d results, %v", results, last)
			}
		})
	}
	inBubble(t, "two before a large one", func(t *testing.T) {
		c := asked(t, true, func(p *peer) {
			p.answer("+OK\r\n")
			p.rest()
		})
		var last error
		for _, last = range c.Pipeline(t.Context(), each([]pop3.Request{
			{Verb: "DELE", Number: 1}, {Verb: "DELE", Number: 2, Listed: 1}, {Verb: "DELE", Number: 3, Listed: 2 << 20},
		})) {
			synctest.Wait() // until the write is over, so that more could be sent
		}
		if wantBroken(t, c, last, pop3.Timeout); !errors.Is(last, pop3.ErrPipelining) {
			t.Error(last)
		}
	})
	inBubble(t, "not read", func(t *testing.T) {
		c := greeted(t, &pop3.Options{Timeouts: pop3.Timeouts{Reply: 10 * time.Second, Data: time.Minute}}, func(p *peer) {
			p.answer("+OK\r\n.\r\n")
			time.Sleep(time.Hour)
		})
		begin := time.Now()
		got, err := retrEach(t.Context(), c, []uint32{1, 2})
		took(t, begin, 10*time.Second)
		if wantBroken(t, c, err, pop3.Timeout); len(got) != 1 || errors.Is(err, pop3.ErrPipelining) {
			t.Errorf("%q, %v", got, err)
		}
	})
	for name, replies := range map[string][]string{
		"forged proof":   {"+OK\r\n.\r\n+OK 1 120\r\n"},
		"forged message": append(slices.Clone(proof), "+OK\r\n.\r\n+OK\r\n.\r\n"),
	} {
		inBubble(t, name, func(t *testing.T) {
			c := listed(t, capaPipelining, func(p *peer) {
				p.r = bufio.NewReaderSize(onebyte{p.Conn}, 16)
				p.answer(replies...)
				time.Sleep(time.Hour)
			})
			if len(replies) > 1 {
				prove(t, c)
			}
			var last error
			begin := time.Now()
			for m, err := range c.RetrEach(t.Context(), []uint32{1, 2}) {
				if last = err; m != nil {
					if err := readMessage(m, err); err != nil {
						t.Error(err)
					}
					time.Sleep(30 * time.Second)
				}
			}
			if elapsed := time.Since(begin); elapsed < time.Minute || elapsed > 3*time.Minute {
				t.Errorf("it took %v", elapsed)
			}
			if wantBroken(t, c, last, pop3.Timeout); !errors.Is(last, pop3.ErrPipelining) {
				t.Error(last)
			}
		})
	}
}
