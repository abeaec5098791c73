package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// numbersTo returns 1 to n.
func numbersTo(n uint32) []uint32 {
	var numbers []uint32
	for i := range n {
		numbers = append(numbers, i+1)
	}
	return numbers
}

// retrEach retrieves messages and returns what came, for a test's eyes: texts, refusals in square brackets, the end's error.
func retrEach(ctx context.Context, c *pop3.Client, numbers []uint32) (got []string, err error) {
	for m, err := range c.RetrEach(ctx, numbers) {
		if m == nil {
			return got, err
		}
		if err != nil {
			got = append(got, fmt.Sprintf("[%d %s]", m.Number, m.Response()))
			continue
		}
		text, err := io.ReadAll(m)
		if err != nil {
			got = append(got, fmt.Sprintf("%d: %v", m.Number, err))
			continue
		}
		got = append(got, fmt.Sprintf("%d %s", m.Number, text))
	}
	return got, nil
}

// asked is a client whose server listed PIPELINING and has shown that it is true, or did not list it.
func asked(t *testing.T, pipelining bool, serve func(p *peer)) *pop3.Client {
	t.Helper()
	if !pipelining {
		return listed(t, "+OK\r\n.\r\n", serve)
	}
	c := listed(t, capaPipelining, func(p *peer) {
		p.answer(proof...)
		serve(p)
	})
	prove(t, c)
	return c
}

// listed is a client that knows the capabilities.
func listed(t *testing.T, capa string, serve func(p *peer)) *pop3.Client {
	t.Helper()
	c := greeted(t, nil, func(p *peer) {
		p.answer(capa)
		serve(p)
	})
	if _, _, err := c.Capa(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// proof are the replies to the commands of prove: RETR 1, LIST 1, RETR 2.
var proof = []string{"+OK\r\n.\r\n", "+OK 1 0\r\n", "+OK\r\n.\r\n"}

// prove gives the server the opportunity to show that PIPELINING is true.
func prove(t *testing.T, c *pop3.Client) {
	t.Helper()
	if got, err := retrEach(t.Context(), c, []uint32{1, 2}); len(got) != 2 || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
}

// TestRetrEach: the order of commands and replies, with PIPELINING and without.
func TestRetrEach(t *testing.T) {
	want := []string{"3 three", "[1 -ERR no such message]", "2 "}
	inBubble(t, "one by one", func(t *testing.T) {
		c := asked(t, false, func(p *peer) {
			p.answer("+OK\r\nthree\r\n.\r\n", "-ERR no such message\r\n", "+OK\r\n\r\n.\r\n", "+OK alive\r\n")
		})
		got, err := retrEach(t.Context(), c, []uint32{3, 1, 2})
		if trimmed(got) != strings.Join(want, "|") || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		wantAlive(t, c)
	})
	inBubble(t, "all at once", func(t *testing.T) {
		c := asked(t, true, func(p *peer) {
			for _, line := range []string{"RETR 3", "RETR 1", "RETR 2"} { // before any reply
				if got := p.hear(); got != line {
					t.Errorf("%q, want %q", got, line)
				}
			}
			p.say("+OK\r\nthree\r\n.\r\n-ERR no such message\r\n+OK\r\n\r\n.\r\n")
			p.answer("+OK alive\r\n")
		})
		got, err := retrEach(t.Context(), c, []uint32{3, 1, 2})
		if trimmed(got) != strings.Join(want, "|") || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		wantAlive(t, c)
	})
	inBubble(t, "none", func(t *testing.T) {
		c := asked(t, true, func(p *peer) { p.answer("+OK alive\r\n") })
		if got, err := retrEach(t.Context(), c, nil); got != nil || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		wantAlive(t, c)
	})
}

func trimmed(got []string) string {
	return strings.ReplaceAll(strings.Join(got, "|"), "\r\n", "")
}

// TestRetrEachLeft: the loop is left at each message, which is read whole, in part or not at all; the connection stays in step.
func TestRetrEachLeft(t *testing.T) {
	var messages []pop3test.Message
	for i := range 5 {
		messages = append(messages, pop3test.NewMessage([]byte(strings.Repeat(fmt.Sprintf("line of %d\r\n", i+1), 20*i+1))))
	}
	for _, pipelining := range []bool{true, false} {
		drop := pop3test.NewMaildrop("secret", messages...)
		srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop})
		if !pipelining {
			srv.Capabilities = []string{"SASL PLAIN"}
		}
		srv.Start()
		defer srv.Close()
		c := login(t, srv)
		for leave := range 6 {
			for _, octets := range []int64{0, 7, 1 << 20} {
				left := false
				n := 0
				for m, err := range c.RetrEach(t.Context(), []uint32{1, 2, 9, 3, 4, 5}) {
					if left {
						t.Fatal("goes on")
					}
					if (err != nil) != (m.Number == 9) {
						t.Error(m.Number, err)
					}
					if err == nil {
						checkPart(t, m, octets)
					}
					if n == leave {
						left = true
						break
					}
					n++
				}
				if e, _, err := c.ListOne(t.Context(), 2); err != nil || e.Octets != 21*int64(len("line of 2\r\n")) {
					t.Fatalf("after message %d and %d octets: %+v, %v", leave, octets, e, err)
				}
			}
		}
	}
}

// checkPart reads a part of a message and checks that it is of that message.
func checkPart(t *testing.T, m *pop3.Message, octets int64) {
	t.Helper()
	part, err := io.ReadAll(io.LimitReader(m, octets))
	if want := fmt.Sprintf("line of %d\r\n", m.Number); err != nil || len(part) > len(want) && !strings.HasPrefix(string(part), want) {
		t.Errorf("%.20q, %v; want %q", part, err, want)
	}
	if err := m.Close(); err != nil { // which does nothing
		t.Error(err)
	}
}

// login returns a client that has logged in and knows the capabilities.
func login(t *testing.T, srv *pop3test.Server) *pop3.Client {
	t.Helper()
	c, err := pop3.Dial(t.Context(), srv.Addr, plaintext)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, _, err := c.Auth(t.Context(), pop3.Credentials{Username: "alice", Password: "secret"}); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRetrEachBusy: no other command runs inside the loop.
func TestRetrEachBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := asked(t, true, func(p *peer) { p.answer("+OK\r\nx\r\n.\r\n", "+OK alive\r\n") })
		for m, err := range c.RetrEach(t.Context(), []uint32{1}) {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Dele(t.Context(), m.Number); !errors.Is(err, pop3.ErrBusy) {
				t.Errorf("%v", err)
			}
		}
		wantAlive(t, c)
	})
}

// TestRetrEachCapabilities: without a word of CAPA nothing is sent ahead.
func TestRetrEachCapabilities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) {
			if line := p.hear(); line != "RETR 1" || p.r.Buffered() > 0 {
				t.Errorf("%q and more", line)
			}
			p.say("+OK\r\n.\r\n")
			p.answer("+OK\r\n.\r\n")
		})
		if got, err := retrEach(t.Context(), c, []uint32{1, 2}); len(got) != 2 || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}
