package pop3_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// TestCancelStls: a server that waits for a handshake takes no other command, so the connection ends; where it refuses STLS it
// lives on.
func TestCancelStls(t *testing.T) {
	for name, tc := range map[string]struct {
		reply string
		wait  time.Duration // for the context's end
		dead  bool
	}{
		"refused":   {"-ERR no\r\n", time.Second, false},
		"accepted":  {"+OK\r\n", time.Second, true},
		"handshake": {"+OK\r\n", 3 * time.Second, true},
		"silence":   {"", time.Second, true},
	} {
		inBubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), tc.wait)
			defer cancel()
			c := greeted(t, nil, func(p *peer) {
				p.hear()
				time.Sleep(2 * time.Second)
				p.say(tc.reply)
				if !tc.dead {
					p.answer("+OK alive\r\n")
				}
				p.rest()
			})
			_, err := c.Stls(ctx, localhost)
			if !errors.Is(err, context.DeadlineExceeded) || isBroken(err) != tc.dead {
				t.Errorf("%v", err)
			}
			if tc.dead {
				wantBroken(t, c, err, pop3.Cancelled)
				return
			}
			wantAlive(t, c)
		})
	}
}

// TestCancelExchange cancels AUTH while the server thinks, while the caller does, and by the caller's own word.
func TestCancelExchange(t *testing.T) {
	mine := errors.New("mine")
	for name, tc := range map[string]struct {
		script  []string // what the server says, in turn
		respond func(ctx context.Context, cancel func()) ([]byte, error)
		sent    string
		want    error
		cause   pop3.Cause
		dead    bool
	}{
		"caller thinks": {[]string{"+ \r\n", "-ERR as you wish\r\n", "+OK alive\r\n"}, func(_ context.Context, cancel func()) ([]byte, error) {
			cancel()
			return []byte("x"), nil
		}, "AUTH X|*|NOOP|", context.Canceled, 0, false},
		"caller waits": {[]string{"+ \r\n", "-ERR as you wish\r\n", "+OK alive\r\n"}, func(ctx context.Context, cancel func()) ([]byte, error) {
			go cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		}, "AUTH X|*|NOOP|", context.Canceled, 0, false},
		"server thinks": {[]string{"cancel", "+ \r\n", "-ERR as you wish\r\n", "+OK alive\r\n"}, nil, "AUTH X|*|NOOP|", context.Canceled, 0, false},
		"server hangs":  {[]string{"+ \r\n"}, func(_ context.Context, cancel func()) ([]byte, error) { cancel(); return nil, nil }, "AUTH X|*|", context.Canceled, pop3.Cancelled, true},
		"caller's error": {[]string{"+ \r\n", "-ERR as you wish\r\n", "+OK alive\r\n"}, func(context.Context, func()) ([]byte, error) {
			return nil, mine
		}, "AUTH X|*|NOOP|", mine, 0, false},
		"server goes on": {[]string{"+ \r\n", "+ \r\n"}, func(context.Context, func()) ([]byte, error) { return nil, mine }, "AUTH X|*|", nil, pop3.Protocol, true},
		"server says OK": {[]string{"+ \r\n", "+OK\r\n"}, func(context.Context, func()) ([]byte, error) { return nil, mine }, "AUTH X|*|", nil, pop3.Protocol, true},
		"both speak": {[]string{"+ \r\n+ eA==\r\n"}, func(context.Context, func()) ([]byte, error) {
			return nil, mine
		}, "AUTH X|", nil, pop3.Protocol, true},
	} {
		inBubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			var sent strings.Builder
			done := make(chan struct{})
			c := greeted(t, plaintext, func(p *peer) {
				defer close(done)
				for i := 0; ; i++ {
					line := p.hear()
					if line == "" {
						return
					}
					sent.WriteString(line + "|")
					if i < len(tc.script) && tc.script[i] == "cancel" {
						cancel()
						time.Sleep(time.Second)
						tc.script = tc.script[1:]
					}
					if i < len(tc.script) {
						p.say(tc.script[i])
					}
				}
			})
			_, err := c.AuthExchange(ctx, "X", nil, func(pop3.Challenge) ([]byte, error) { return tc.respond(ctx, cancel) })
			if tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("%v, want %v", err, tc.want)
			}
			if tc.dead {
				wantBroken(t, c, err, tc.cause)
			} else {
				wantAlive(t, c)
			}
			_ = c.Close()
			<-done
			if sent.String() != tc.sent {
				t.Errorf("sent %q, want %q", sent.String(), tc.sent)
			}
		})
	}
	inBubble(t, "ErrCancelExchange", func(t *testing.T) {
		c := greeted(t, plaintext, func(p *peer) {
			p.answer("+OK\r\nSASL PLAIN\r\n.\r\n", "+ \r\n", "-ERR as you wish\r\n", "+OK alive\r\n")
		})
		if _, _, err := c.Capa(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := c.AuthExchange(t.Context(), "X", nil, func(pop3.Challenge) ([]byte, error) { return nil, pop3.ErrCancelExchange })
		// The server does know the mechanism, whatever its CAPA said.
		wantRefused(t, err, pop3.RefusedError{Command: "AUTH", Response: "-ERR as you wish"})
		wantAlive(t, c)
	})
}
