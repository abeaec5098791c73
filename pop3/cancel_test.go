package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/popgate/popgate/pop3"
)

// replies are whole replies to calls, by their bodies.
func replyTo(call call) string {
	if call.body {
		return "+OK\r\n1 2\r\n..\r\n.\r\n"
	}
	return "+OK 1 2\r\n"
}

// TestCancelBefore: a context that has ended sends nothing.
func TestCancelBefore(t *testing.T) {
	for _, call := range append(calls, quitCall) {
		inBubble(t, call.name, func(t *testing.T) {
			wantNothingSent(t, plaintext, call.name, func(c *pop3.Client) {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if err := call.do(ctx, c); !errors.Is(err, context.Canceled) || isBroken(err) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

var quitCall = call{"Quit", 5 * time.Minute, false, func(ctx context.Context, c *pop3.Client) error {
	_, _, err := c.Quit(ctx)
	return err
}}

func isBroken(err error) bool {
	_, ok := errors.AsType[*pop3.BrokenError](err)
	return ok
}

// TestCancelEverywhere cancels each call at each octet of its reply. Where the rest comes within 2 seconds, the connection lives on and
// in step; where it does not, it ends after 2 seconds (C7).
func TestCancelEverywhere(t *testing.T) {
	for _, call := range calls {
		reply := replyTo(call)
		for k := range len(reply) {
			inBubble(t, fmt.Sprintf("%s/%d/rest comes", call.name, k), func(t *testing.T) {
				cancelAt(t, call, reply[:k], reply[k:])
			})
			inBubble(t, fmt.Sprintf("%s/%d/rest missing", call.name, k), func(t *testing.T) {
				cancelAt(t, call, reply[:k], "")
			})
		}
	}
}

// cancelAt cancels a call after 10 seconds without an octet, when the server has said first. The rest comes 1.9 seconds later.
func cancelAt(t *testing.T, call call, first, rest string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := greeted(t, plaintext, func(p *peer) {
		p.hear()
		p.say(first)
		time.Sleep(10 * time.Second)
		cancel()
		if rest == "" {
			p.rest()
			return
		}
		time.Sleep(1900 * time.Millisecond)
		p.say(rest)
		p.answer("+OK alive\r\n")
	})
	begin := time.Now()
	err := call.do(ctx, c)
	switch {
	case rest != "":
		took(t, begin, 11900*time.Millisecond)
		if !errors.Is(err, context.Canceled) || isBroken(err) {
			t.Errorf("%v", err)
		}
		wantAlive(t, c)
	default:
		took(t, begin, 12*time.Second)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		_, err = c.Noop(context.Background())
		wantBroken(t, c, err, pop3.Cancelled)
	}
}

// TestCancelledSuccess: what a reply says counts, although its call returned the context's error.
func TestCancelledSuccess(t *testing.T) {
	for name, tc := range map[string]struct {
		call, reply string
		outcome     pop3.Outcome // of Quit afterwards
		state       pop3.State
	}{
		"PASS +OK":  {"Pass", "+OK\r\n", pop3.NothingMarked, pop3.Transaction},
		"PASS -ERR": {"Pass", "-ERR\r\n", pop3.NothingMarked, pop3.Authorization},
		"AUTH +OK":  {"Auth", "+OK\r\n", pop3.NothingMarked, pop3.Transaction},
		"DELE +OK":  {"Dele", "+OK\r\n", pop3.Committed, pop3.Authorization},
		"DELE -ERR": {"Dele", "-ERR\r\n", pop3.NothingMarked, pop3.Authorization},
	} {
		inBubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c := greeted(t, plaintext, func(p *peer) {
				p.hear()
				cancel()
				time.Sleep(time.Second)
				p.say(tc.reply)
				p.answer("+OK\r\n")
			})
			for _, call := range calls {
				if call.name == tc.call {
					if err := call.do(ctx, c); !errors.Is(err, context.Canceled) || isBroken(err) {
						t.Errorf("%v", err)
					}
				}
			}
			if c.State() != tc.state {
				t.Errorf("state %v, want %v", c.State(), tc.state)
			}
			if outcome, _, err := c.Quit(t.Context()); outcome != tc.outcome || err != nil {
				t.Errorf("outcome %v, %v, want %v", outcome, err, tc.outcome)
			}
		})
	}
}

// TestCancelledGreeting: the greeting is read away like any reply, and is known afterwards.
func TestCancelledGreeting(t *testing.T) {
	for _, greeting := range []string{"+OK hello\r\n", "-ERR busy\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			c := pipe(t, nil, func(p *peer) {
				time.Sleep(2 * time.Second)
				p.say(greeting)
				p.answer("+OK alive\r\n")
			})
			if _, err := c.Welcome(ctx); !errors.Is(err, context.DeadlineExceeded) || isBroken(err) {
				t.Errorf("%v", err)
			}
			if greeting[0] == '-' {
				_, err := c.Welcome(t.Context())
				wantBroken(t, c, err, pop3.ConnectionLost)
				return
			}
			wantAlive(t, c)
		})
	}
}

// TestCancelStream: Read and Entries return when the context ends; what was read stays valid.
func TestCancelStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		c := greeted(t, nil, func(p *peer) {
			p.hear()
			p.say("+OK\r\nabc\r\n")
			p.rest()
		})
		m, err := c.Retr(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		got, err := io.ReadAll(m)
		took(t, begin, 5*time.Second-time.Millisecond)
		if string(got) != "abc\r\n" || !errors.Is(err, context.DeadlineExceeded) || isBroken(err) {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := m.Read(make([]byte, 10)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("again: %v", err)
		}
		begin = time.Now()
		err = m.Close()
		took(t, begin, 2*time.Second)
		wantBroken(t, c, err, pop3.Cancelled)
	})
}

// TestCancelWrite: a server that does not read gets 2 seconds after the context's end.
func TestCancelWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		done := make(chan struct{})
		defer close(done)
		c := greeted(t, nil, func(*peer) { <-done })
		begin := time.Now()
		_, err := c.Noop(ctx)
		took(t, begin, 7*time.Second)
		wantBroken(t, c, err, pop3.Cancelled)
	})
}

// TestCancelLosesNothing: a cancel at the very moment of sending costs nothing, where the server answers.
func TestCancelLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		trace := pop3.NewTrace(func(e pop3.Event) {
			if e.Sent {
				cancel() // between the last look at the context and the write
				synctest.Wait()
			}
		})
		trace.SetLevel(pop3.TraceCommands)
		c := greeted(t, &pop3.Options{Trace: trace}, func(p *peer) { p.answer("+OK\r\n", "+OK alive\r\n") })
		if _, err := c.Dele(ctx, 1); !errors.Is(err, context.Canceled) || isBroken(err) {
			t.Errorf("%v", err)
		}
		wantAlive(t, c)
	})
}

// TestCancelGlance: a context that ends while the client looks for octets out of turn still sends nothing.
func TestCancelGlance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wantNothingSent(t, nil, "", func(c *pop3.Client) {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Microsecond)
			defer cancel()
			if _, err := c.Dele(ctx, 1); !errors.Is(err, context.DeadlineExceeded) || isBroken(err) {
				t.Errorf("%v", err)
			}
		})
	})
}
