package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// TestDrainLimit: exactly 1 MiB is read away, whether the caller reads lines or a message, one or many.
func TestDrainLimit(t *testing.T) {
	for _, name := range []string{"List", "Retr", "Capa", "RetrEach"} {
		for _, more := range []int{0, 1} {
			inBubble(t, fmt.Sprintf("%s/%d", name, more), func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				c := greeted(t, plaintext, func(p *peer) {
					p.answer(capaPipelining)
					p.answer(proof...)
					p.hear()
					p.say("+OK\r\nfirst line\r\n")
					time.Sleep(time.Second)
					cancel()
					time.Sleep(time.Second)
					p.say(leftover(name, 1<<20+more))
					for line := p.hear(); strings.HasPrefix(line, "RETR"); line = p.hear() { // sent ahead
					}
					p.say("+OK alive\r\n")
				})
				if _, _, err := c.Capa(t.Context()); err != nil {
					t.Fatal(err)
				}
				prove(t, c)
				err := drained(ctx, c, name)
				if more > 0 {
					wantBroken(t, c, err, pop3.Cancelled)
					return
				}
				if err != nil {
					t.Errorf("%v", err)
				}
				wantAlive(t, c)
			})
		}
	}
}

// leftover returns the rest of a reply, of which the first line was sent, in a number of octets.
func leftover(name string, octets int) string {
	unit, units, before, after := "x 123456789 abc\r\n", octets/17-1, "", "\r\n.\r\n"
	switch name {
	case "Capa": // few lines, but long ones
		unit, units = strings.Repeat("x", 8000)+"\r\n", octets/8002
	case "RetrEach": // not one large message, but as many as are asked for ahead
		unit, units, before, after = "+OK\r\n"+strings.Repeat("x", 4090)+"\r\n.\r\n", 254, ".\r\n", "\r\n.\r\n"
		before += "+OK\r\n.\r\n"
	}
	s := before + strings.Repeat(unit, units)
	if name == "RetrEach" {
		s = strings.TrimSuffix(s, "\r\n.\r\n")
	}
	return s + strings.Repeat("x", octets-len(s)-len(after)) + after
}

const capaPipelining = "+OK\r\nPIPELINING\r\n.\r\n"

// drained runs a call whose context ends behind the first line of its reply, and returns why the connection is dead, or nil.
func drained(ctx context.Context, c *pop3.Client, name string) error {
	var err error
	switch name {
	case "List":
		err = readListing(c.List(ctx))
	case "Capa":
		_, _, err = c.Capa(ctx)
	case "Retr":
		var m *pop3.Message
		if m, err = c.Retr(ctx, 1); err == nil {
			_, err = io.Copy(io.Discard, m)
			if closed := m.Close(); closed != nil {
				err = closed
			}
		}
	case "RetrEach":
		for m, each := range c.RetrEach(ctx, slices.Repeat([]uint32{1}, 256)) {
			if err = each; err == nil {
				_, _ = io.Copy(io.Discard, m)
			}
		}
	}
	if isBroken(err) {
		return err
	}
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("not cancelled: %w", err)
	}
	if _, err = c.Noop(ctx); isBroken(err) { // it sends nothing
		return err
	}
	return nil
}

// TestDrainTimeOnce: 2 seconds are for all that is left, not for each part of it.
func TestDrainTimeOnce(t *testing.T) {
	for _, call := range calls {
		if !call.body {
			continue
		}
		inBubble(t, call.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c := greeted(t, plaintext, func(p *peer) {
				p.hear()
				cancel()
				time.Sleep(1500 * time.Millisecond)
				p.say("+OK\r\n")
				for range 100 {
					time.Sleep(100 * time.Millisecond)
					p.say("x")
				}
			})
			begin := time.Now()
			err := call.do(ctx, c)
			took(t, begin, 2*time.Second)
			wantBroken(t, c, err, pop3.Cancelled)
		})
	}
}

// TestCloseGivesUp: Close reads away what the caller does not want, and keeps the connection if that is little.
func TestCloseGivesUp(t *testing.T) {
	for name, tc := range map[string]struct {
		left string
		dead bool
	}{
		"little": {"a\r\n.b\r\n..\r\n.\r\n", false},
		"much":   {strings.Repeat("much\r\n", 1<<20), true},
		"silent": {"", true},
	} {
		for _, what := range []string{"message", "listing", "loop"} {
			inBubble(t, name+"/"+what, func(t *testing.T) {
				c := greeted(t, nil, func(p *peer) {
					p.hear()
					p.say("+OK\r\n1 1\r\n")
					time.Sleep(time.Second)
					p.say(tc.left)
					p.answer("+OK alive\r\n")
					p.rest()
				})
				err := giveUp(t, c, what)
				if !tc.dead {
					if err != nil {
						t.Errorf("%v", err)
					}
					wantAlive(t, c)
					return
				}
				if what == "loop" { // which has no error to return
					_, err = c.Noop(t.Context())
				}
				wantBroken(t, c, err, pop3.Cancelled)
			})
		}
	}
}

func giveUp(t *testing.T, c *pop3.Client, what string) error {
	t.Helper()
	if what == "message" {
		m, err := c.Retr(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Noop(t.Context()); !errors.Is(err, pop3.ErrBusy) {
			t.Errorf("a command during a message: %v", err)
		}
		return errors.Join(m.Close(), m.Close())
	}
	l, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Noop(t.Context()); !errors.Is(err, pop3.ErrBusy) {
		t.Errorf("a command during a listing: %v", err)
	}
	if what == "listing" {
		return l.Close()
	}
	for range l.Entries() {
		break
	}
	for e, err := range l.Entries() {
		t.Errorf("an entry after the end: %v, %v", e, err)
	}
	return nil
}
