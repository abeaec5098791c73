package pop3_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/popgate/popgate/pop3"
)

// TestQuit: what became of the marks, in every case (H2, H3, H5).
func TestQuit(t *testing.T) {
	for name, tc := range map[string]struct {
		before  []string // replies to PASS, DELE, RSET as far as they go
		reply   string
		silent  bool // the server says no more, but stays
		outcome pop3.Outcome
		err     any
	}{
		"in AUTHORIZATION":      {nil, "+OK\r\n", false, pop3.NothingMarked, nil},
		"nothing marked":        {[]string{"+OK\r\n"}, "+OK\r\n", false, pop3.NothingMarked, nil},
		"marked":                {[]string{"+OK\r\n", "+OK\r\n"}, "+OK\r\n", false, pop3.Committed, nil},
		"mark refused":          {[]string{"+OK\r\n", "-ERR\r\n"}, "+OK\r\n", false, pop3.NothingMarked, nil},
		"unmarked":              {[]string{"+OK\r\n", "+OK\r\n", "+OK\r\n"}, "+OK\r\n", false, pop3.NothingMarked, nil},
		"RSET refused":          {[]string{"+OK\r\n", "+OK\r\n", "-ERR\r\n"}, "+OK\r\n", false, pop3.Committed, nil},
		"octets behind":         {[]string{"+OK\r\n", "+OK\r\n"}, "+OK\r\nwhatever", false, pop3.Committed, nil},
		"refused":               {[]string{"+OK\r\n", "+OK\r\n"}, "-ERR some not removed\r\n", false, pop3.Partial, &pop3.RefusedError{}},
		"refused before login":  {nil, "-ERR\r\n", false, pop3.NotCommitted, &pop3.RefusedError{}},
		"cut before the reply":  {[]string{"+OK\r\n", "+OK\r\n"}, "", false, pop3.Unknown, pop3.ConnectionLost},
		"cut in the reply":      {[]string{"+OK\r\n", "+OK\r\n"}, "+OK bye\r", false, pop3.Unknown, pop3.ConnectionLost},
		"no reply":              {[]string{"+OK\r\n", "+OK\r\n"}, "", true, pop3.Unknown, pop3.Timeout},
		"half a reply":          {[]string{"+OK\r\n", "+OK\r\n"}, "+OK", true, pop3.Unknown, pop3.Timeout},
		"no status line":        {[]string{"+OK\r\n", "+OK\r\n"}, "bye\r\n", false, pop3.Unknown, pop3.Protocol},
		"lost, nothing to lose": {nil, "", false, pop3.Unknown, pop3.ConnectionLost},
	} {
		inBubble(t, name, func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) {
				p.answer(tc.before...)
				p.answer(tc.reply)
				if tc.silent {
					p.rest()
				}
			})
			for i, do := range []func(context.Context) (string, error){
				func(ctx context.Context) (string, error) { return c.Pass(ctx, "x") },
				func(ctx context.Context) (string, error) { return c.Dele(ctx, 1) },
				c.Rset,
			} {
				if i < len(tc.before) {
					_, _ = do(t.Context()) // may be refused
				}
			}
			outcome, _, err := c.Quit(t.Context())
			if outcome != tc.outcome {
				t.Errorf("outcome %v, want %v", outcome, tc.outcome)
			}
			dead, isDead := errors.AsType[*pop3.BrokenError](err)
			_, refused := errors.AsType[*pop3.RefusedError](err)
			switch want := tc.err.(type) {
			case nil:
				if err != nil {
					t.Error(err)
				}
			case *pop3.RefusedError:
				if !refused {
					t.Errorf("%v", err)
				}
			case pop3.Cause:
				if !isDead || dead.Cause != want {
					t.Errorf("%v, want %v", err, want)
				}
			}
			// The session is over, and says what it said.
			_, err = c.Noop(t.Context())
			if !isDead {
				wantBroken(t, c, err, pop3.AfterQuit)
			} else {
				wantBroken(t, c, err, dead.Cause)
			}
			if again, _, err := c.Quit(t.Context()); again != tc.outcome || !isBroken(err) {
				t.Errorf("Quit again: %v, %v", again, err)
			}
			if c.State() != pop3.Update {
				t.Error(c.State())
			}
		})
	}
}

// TestQuitUncancelled: once the line is written the context's end changes nothing (design rule 6).
func TestQuitUncancelled(t *testing.T) {
	for _, answer := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c := greeted(t, plaintext, func(p *peer) {
				p.answer("+OK\r\n")
				p.hear()
				cancel()
				time.Sleep(4 * time.Minute)
				if answer {
					p.say("+OK bye\r\n")
				}
				p.rest()
			})
			if _, err := c.Dele(ctx, 1); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			outcome, response, err := c.Quit(ctx)
			if answer {
				took(t, begin, 4*time.Minute)
				want(t, response, err, "+OK bye")
				if outcome != pop3.Committed {
					t.Error(outcome)
				}
				return
			}
			took(t, begin, 5*time.Minute)
			wantBroken(t, c, err, pop3.Timeout)
			if outcome != pop3.Unknown {
				t.Error(outcome)
			}
		})
	}
}

// TestQuitNotSent: where the line was not written nothing is committed, for certain (H4).
func TestQuitNotSent(t *testing.T) {
	inBubble(t, "context ended", func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) { p.answer("+OK alive\r\n") })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if outcome, _, err := c.Quit(ctx); outcome != pop3.NotCommitted || !errors.Is(err, context.Canceled) || isBroken(err) {
			t.Error(outcome, err)
		}
		wantAlive(t, c)
	})
	inBubble(t, "context ends before the greeting", func(t *testing.T) {
		c := pipe(t, nil, func(p *peer) { p.rest() })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		outcome, _, err := c.Quit(ctx)
		took(t, begin, 3*time.Second)
		if outcome != pop3.NotCommitted || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(outcome, err)
		}
	})
	inBubble(t, "context ends while the server does not read", func(t *testing.T) {
		done := make(chan struct{})
		defer close(done)
		c := greeted(t, nil, func(*peer) { <-done })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		outcome, _, err := c.Quit(ctx)
		wantBroken(t, c, err, pop3.Cancelled)
		if outcome != pop3.NotCommitted {
			t.Error(outcome)
		}
	})
	inBubble(t, "half a line", func(t *testing.T) { // and who knows what the server makes of it
		c := greeted(t, nil, func(p *peer) { _, _ = p.Read(make([]byte, 4)) })
		outcome, _, err := c.Quit(t.Context())
		wantBroken(t, c, err, pop3.ConnectionLost)
		if outcome != pop3.Unknown {
			t.Error(outcome)
		}
		if again, _, _ := c.Quit(t.Context()); again != pop3.Unknown {
			t.Error("again:", again)
		}
	})
	inBubble(t, "busy", func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) { p.answer("+OK\r\n.\r\n", "+OK alive\r\n") })
		m, err := c.Retr(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if outcome, _, err := c.Quit(t.Context()); outcome != pop3.NotCommitted || !errors.Is(err, pop3.ErrBusy) {
			t.Error(outcome, err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		wantAlive(t, c)
	})
	eachTransport(t, "+OK said before", func(t *testing.T, c *pop3.Client, p *peer) { // is no commit
		p.say("+OK bye\r\n")
		p.await(t)
		outcome, _, err := c.Quit(t.Context())
		wantBroken(t, c, err, pop3.Protocol)
		if outcome != pop3.NotCommitted {
			t.Error(outcome)
		}
	})
	eachTransport(t, "lost while idle", func(t *testing.T, c *pop3.Client, p *peer) {
		p.say("-ERR autologout\r\n")
		_ = p.Close()
		p.await(t)
		outcome, _, err := c.Quit(t.Context())
		wantBroken(t, c, err, pop3.ConnectionLost)
		if outcome != pop3.NotCommitted {
			t.Error(outcome)
		}
	})
}

// TestQuitThenReset: a reply that is whole counts, whatever comes behind it (H5, B23).
func TestQuitThenReset(t *testing.T) {
	eachTransport(t, "", func(t *testing.T, c *pop3.Client, p *peer) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			p.answer("+OK\r\n", "+OK bye\r\n")
			conn := p.Conn
			if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
				conn = secure.NetConn()
			}
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}()
		if _, err := c.Dele(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		outcome, response, err := c.Quit(t.Context())
		want(t, response, err, "+OK bye")
		if outcome != pop3.Committed {
			t.Error(outcome)
		}
		<-done
	})
}

// TestNoQuit: Close sends nothing (H1).
func TestNoQuit(t *testing.T) {
	eachTransport(t, "", func(t *testing.T, c *pop3.Client, p *peer) {
		go p.answer("+OK\r\n")
		if _, err := c.Dele(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if rest := p.rest(); rest != "" {
			t.Errorf("the client sent %q", rest)
		}
	})
}

// TestOutcomeNames: the contract depends on them.
func TestOutcomeNames(t *testing.T) {
	for outcome, want := range map[pop3.Outcome]string{
		pop3.NotCommitted: "NOT_COMMITTED", pop3.Committed: "COMMITTED", pop3.NothingMarked: "NOTHING_MARKED", pop3.Partial: "PARTIAL",
		pop3.Unknown: "UNKNOWN",
	} {
		if outcome.String() != want {
			t.Errorf("%v, want %v", outcome, want)
		}
	}
}
