package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/popgate/popgate/pop3"
)

// TestRetrEachCancel cancels at each octet of three replies: the rest comes within 2 seconds, or does not.
func TestRetrEachCancel(t *testing.T) {
	for _, pipelining := range []bool{true, false} {
		for k := range len(strings.Join(threeReplies, "")) {
			for _, rest := range []bool{true, false} {
				inBubble(t, fmt.Sprintf("%v/%d/%v", pipelining, k, rest), func(t *testing.T) {
					cancelEach(t, pipelining, k, rest)
				})
			}
		}
	}
}

var threeReplies = []string{"+OK\r\none\r\n.\r\n", "-ERR no\r\n", "+OK\r\n..two\r\n.\r\n"}

func cancelEach(t *testing.T, pipelining bool, k int, rest bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := asked(t, pipelining, func(p *peer) {
		for _, reply := range threeReplies {
			if p.hear() == "NOOP" {
				p.say("+OK alive\r\n")
				return
			}
			if k >= 0 && k < len(reply) {
				p.say(reply[:k])
				time.Sleep(10 * time.Second)
				cancel()
				if !rest {
					p.rest()
					return
				}
				time.Sleep(time.Second)
				reply = reply[k:]
				k = 0
			}
			p.say(reply)
			k -= len(reply)
		}
		p.answer("+OK alive\r\n")
	})
	begin := time.Now()
	got, err := retrEach(ctx, c, []uint32{1, 2, 3})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%q, %v", got, err)
	}
	all := strings.TrimSuffix(strings.TrimSuffix(strings.Join(got, "|"), "context canceled"), ": ")
	if whole := "1 one\r\n|[2 -ERR no]|3 .two\r\n"; !strings.HasPrefix(whole, all) {
		t.Errorf("%q", got)
	}
	if rest {
		wantAlive(t, c)
		return
	}
	took(t, begin, 12*time.Second)
	_, err = c.Noop(context.Background())
	wantBroken(t, c, err, pop3.Cancelled)
}

// TestRetrEachAfterCancel: when the context has ended no more is asked for, and no more is handed out.
func TestRetrEachAfterCancel(t *testing.T) {
	inBubble(t, "in the loop", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := asked(t, false, func(p *peer) {
			p.answer("+OK\r\none\r\n.\r\n")
			if line := p.hear(); line != "NOOP" {
				t.Errorf("%q", line)
			}
			p.say("+OK alive\r\n")
		})
		n := 0
		for m, err := range c.RetrEach(ctx, []uint32{1, 2}) {
			if n++; n == 2 {
				if m != nil || !errors.Is(err, context.Canceled) {
					t.Errorf("%v, %v", m, err)
				}
				continue
			}
			if err := readMessage(m, err); err != nil {
				t.Error(err)
			}
			cancel()
		}
		wantAlive(t, c)
	})
	inBubble(t, "before a status line", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := asked(t, true, func(p *peer) {
			p.answer("+OK\r\none\r\n.\r\n", "")
			time.Sleep(time.Second)
			cancel()
			time.Sleep(time.Second)
			p.say("+OK\r\ntwo\r\n.\r\n")
			p.answer("+OK alive\r\n")
		})
		got, err := retrEach(ctx, c, []uint32{1, 2})
		if trimmed(got) != "1: context canceled" || !errors.Is(err, context.Canceled) || isBroken(err) {
			t.Errorf("%q, %v", got, err)
		}
		wantAlive(t, c)
	})
}

// TestRetrEachStopped: who leaves the loop is not called again, whatever the reason for leaving.
func TestRetrEachStopped(t *testing.T) {
	for name, tc := range map[string]struct {
		left  string // what the server still says
		cause pop3.Cause
		dead  bool
	}{
		"cancelled": {"e\r\n.\r\n+OK\r\n.\r\n+OK\r\n.\r\n", 0, false},
		"silent":    {"", pop3.Cancelled, true},
		"garbage":   {"e\r\n.\r\nwhat?\r\n", pop3.Protocol, true},
	} {
		inBubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c := asked(t, true, func(p *peer) {
				p.hear()
				p.say("+OK\r\non")
				time.Sleep(time.Second)
				cancel()
				time.Sleep(time.Second)
				p.say(tc.left)
				p.answer("", "", "+OK alive\r\n")
			})
			for m, err := range c.RetrEach(ctx, []uint32{1, 2, 3}) {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, m); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				break
			}
			if !tc.dead {
				wantAlive(t, c)
				return
			}
			_, err := c.Noop(t.Context())
			wantBroken(t, c, err, tc.cause)
		})
	}
}

// TestRetrEachBroken: a connection that dies ends the loop, with what was read before it.
func TestRetrEachBroken(t *testing.T) {
	for name, tc := range map[string]struct {
		say   string
		cause pop3.Cause
		got   string
	}{
		"in a status line":      {"+OK\r\none\r\n.\r\n+O", pop3.ConnectionLost, "1: pop3: RETR: connection lost"},
		"in a message":          {"+OK\r\none\r\n.\r\n+OK\r\ntw", pop3.ConnectionLost, "1 one|2: pop3: RETR: connection lost"},
		"a word too much":       {"+OK\r\none\r\n.\r\ntwo\r\n", pop3.Protocol, "1: pop3: RETR: protocol error"},
		"behind the last reply": {"+OK\r\none\r\n.\r\n-ERR\r\n-ERR\r\n+OK\r\n", pop3.Protocol, "1 one|[2 -ERR]|[3 -ERR]"},
	} {
		inBubble(t, name, func(t *testing.T) {
			c := asked(t, true, func(p *peer) { p.answer(tc.say) })
			got, err := retrEach(t.Context(), c, []uint32{1, 2, 3})
			if last := len(got) - 1; isBroken(err) {
				got[last], _, _ = strings.Cut(got[last], ": "+errors.Unwrap(err).Error())
			}
			if trimmed(got) != tc.got {
				t.Errorf("%q", got)
			}
			wantBroken(t, c, err, tc.cause)
			// A connection that is cut once the server has proved itself says nothing of it.
			if errors.Is(err, pop3.ErrPipelining) != (tc.cause == pop3.Protocol) {
				t.Error(err)
			}
		})
	}
}

// TestRetrEachOneByOne: without pipelining each command is preceded by silence: a reply that comes before its command is none.
func TestRetrEachOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := make(chan string, 1)
		c := asked(t, false, func(p *peer) {
			p.answer("+OK\r\none\r\n.\r\n+OK\r\nforged\r\n.\r\n")
			sent <- p.rest()
		})
		got, err := retrEach(t.Context(), c, []uint32{1, 2})
		wantBroken(t, c, err, pop3.Protocol)
		if trimmed(got) != "1 one" || <-sent != "" {
			t.Errorf("%q", got)
		}
	})
}

// TestRetrEachTimeouts: each status line has its limit, and so has the next octet of a message.
func TestRetrEachTimeouts(t *testing.T) {
	for name, tc := range map[string]struct {
		first  string
		drip   string
		within time.Duration
	}{
		"status line": {"+OK\r\none\r\n.\r\n", "+", time.Minute},
		"message":     {"+OK\r\none\r\n.\r\n+OK\r\n", "", time.Minute},
	} {
		inBubble(t, name, func(t *testing.T) {
			c := asked(t, true, func(p *peer) {
				p.hear()
				for range 5 {
					time.Sleep(50 * time.Second)
					p.say("+OK\r\n.\r\n")
				}
				p.say(tc.first)
				for range 100 {
					time.Sleep(10 * time.Second)
					p.say(tc.drip)
				}
			})
			begin := time.Now()
			_, err := retrEach(t.Context(), c, numbersTo(100))
			wantBroken(t, c, err, pop3.Timeout)
			took(t, begin, 250*time.Second+tc.within)
		})
	}
}
