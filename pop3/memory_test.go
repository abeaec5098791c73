package pop3_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// TestEndless: a server that never ends costs little, wherever it does not end (B1, B2).
func TestEndless(t *testing.T) {
	for name, tc := range map[string]struct {
		call, first, then string
		most              int // octets that the client may take
	}{
		"status line": {"Noop", "", "A", 64 << 10},
		"challenge":   {"Auth", "+ ", "A", 64 << 10},
		"list line":   {"List", "+OK\r\n", "A", 64 << 10},
		"CAPA":        {"Capa", "+OK\r\n", "A\r\n", 64 << 10},
		"empty lines": {"Languages", "+OK\r\n", "\r\n", 64 << 10},
	} {
		inBubble(t, name, func(t *testing.T) {
			taken := 0
			done := make(chan struct{})
			c := greeted(t, plaintext, func(p *peer) {
				defer close(done)
				p.hear()
				p.say(tc.first)
				chunk := []byte(strings.Repeat(tc.then, 4096/len(tc.then)))
				for taken < 64<<20 {
					n, err := p.Write(chunk)
					taken += n
					if err != nil {
						return
					}
				}
			})
			for _, call := range calls {
				if call.name == tc.call {
					wantBroken(t, c, call.do(t.Context(), c), pop3.Protocol)
				}
			}
			<-done
			if taken > tc.most {
				t.Errorf("the client took %d octets", taken)
			}
		})
	}
}

// TestMemory: a long listing, a message of one line, and numbers that a server claims cost no memory.
func TestMemory(t *testing.T) {
	const limit = 1 << 20
	t.Run("listing", func(t *testing.T) {
		c, p := sockets(t, false)
		const entries = 300_000
		go func() {
			p.answer("+OK\r\n" + strings.Repeat("1 12345678\r\n", entries) + ".\r\n")
		}()
		l, err := c.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before, n := heap(), 0
		for _, err := range l.Entries() {
			if n++; err != nil {
				t.Fatal(err)
			}
			if n == entries/2 {
				if grown := heap() - before; grown > limit {
					t.Errorf("%d octets after %d entries", grown, n)
				}
			}
		}
		if n != entries {
			t.Errorf("%d entries", n)
		}
	})
	t.Run("one line", func(t *testing.T) {
		c, p := sockets(t, false)
		const size = 100 << 20
		go func() {
			p.answer("+OK 18446744073709551615 octets\r\n")
			chunk := []byte(strings.Repeat("a", limit/2))
			for range size / len(chunk) {
				_, _ = p.Write(chunk)
			}
			p.say("\r\n.\r\n")
		}()
		before := allocated()
		m, err := c.Retr(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, m); n != size+2 || err != nil {
			t.Error(n, err)
		}
		if grown := allocated() - before; grown > limit+limit { // with the chunk, which is made twice
			t.Errorf("%d octets were allocated", grown)
		}
	})
	t.Run("claims", func(t *testing.T) {
		c, p := sockets(t, false)
		go p.answer("+OK 4294967295 9223372036854775807\r\n", "+OK 4294967295 messages\r\n4294967295 9223372036854775807\r\n.\r\n",
			"+OK 9223372036854775807 octets\r\n.\r\n")
		before := allocated()
		_, _, _, err := c.Stat(t.Context())
		if err := errors.Join(err, readListing(c.List(t.Context())), readMessage(c.Retr(t.Context(), 1))); err != nil {
			t.Fatal(err)
		}
		if grown := allocated() - before; grown > limit {
			t.Errorf("%d octets were allocated", grown)
		}
	})
}

// heap returns the octets that are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// allocated returns the octets that were allocated so far.
func allocated() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.TotalAlloc)
}
