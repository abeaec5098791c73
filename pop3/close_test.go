package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestClose: Close ends whatever runs, from another goroutine.
func TestClose(t *testing.T) {
	for _, call := range append(calls, quitCall) {
		reply := replyTo(call)
		for _, k := range []int{0, 3, len(reply) - 1} {
			inBubble(t, fmt.Sprintf("%s/%d", call.name, k), func(t *testing.T) {
				c := greeted(t, plaintext, func(p *peer) {
					p.hear()
					p.say(reply[:k])
					p.rest()
				})
				go func() {
					time.Sleep(5 * time.Second)
					if err := c.Close(); err != nil {
						t.Error(err)
					}
					if err := c.Close(); err != nil {
						t.Error("again:", err)
					}
				}()
				begin := time.Now()
				err := call.do(t.Context(), c)
				took(t, begin, 5*time.Second)
				wantBroken(t, c, err, pop3.Closed)
			})
		}
	}
	inBubble(t, "idle", func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) { p.rest() })
		if _, err := c.Welcome(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		_, err := c.Noop(t.Context())
		wantBroken(t, c, err, pop3.Closed)
	})
	inBubble(t, "while a message is unread", func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) {
			p.answer("+OK\r\nabc")
			p.rest()
		})
		m, err := c.Retr(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		_, err = c.Noop(t.Context())
		wantBroken(t, c, err, pop3.Closed)
		_, err = io.Copy(io.Discard, m)
		wantBroken(t, c, err, pop3.Closed)
	})
	t.Run("during a handshake", func(t *testing.T) {
		c, p := sockets(t, false)
		go func() {
			p.answer("+OK\r\n")
			_, _ = p.Read(make([]byte, 1)) // of the handshake
			_ = c.Close()
		}()
		_, err := c.Stls(t.Context(), localhost)
		wantBroken(t, c, err, pop3.Closed)
	})
	inBubble(t, "during the unasked", func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) {
			p.say("-ERR bye")
			p.rest()
		})
		if _, err := c.Welcome(t.Context()); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(50 * time.Millisecond)
			_ = c.Close()
		}()
		_, err := c.Noop(t.Context())
		wantBroken(t, c, err, pop3.Closed)
	})
}

// TestCancelRace cancels at random moments over real sockets. Every reply has to belong to its own command.
func TestCancelRace(t *testing.T) {
	const messages = 50
	drop := pop3test.NewMaildrop("secret")
	for i := range messages {
		m := pop3test.NewMessage([]byte("Number: " + strconv.Itoa(i+1) + "\r\n"))
		m.UniqueID = "id-" + strconv.Itoa(i+1)
		drop.Messages = append(drop.Messages, m)
	}
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("TLS %v", secure), func(t *testing.T) {
			srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop})
			start, mode := srv.Start, pop3.Plaintext
			if secure {
				start, mode = srv.StartTLS, pop3.Implicit
			}
			start()
			defer srv.Close()
			connect := func() *pop3.Client {
				for drop.InUse() {
					time.Sleep(time.Millisecond)
				}
				c, err := pop3.Dial(t.Context(), srv.Addr, &pop3.Options{Mode: mode, UnsafeAllowPlaintext: true, TLS: clientTLS(srv)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Close() })
				if _, _, err := c.Auth(t.Context(), pop3.Credentials{Username: "alice", Password: "secret"}); err != nil {
					t.Fatal(err)
				}
				return c
			}
			c, cancelled := connect(), 0
			for range 1500 {
				n := rand.Uint32N(messages) + 1
				begin := time.Now()
				err := cancelSoon(t, c, n)
				dead, _ := errors.AsType[*pop3.BrokenError](err)
				switch {
				case dead != nil && dead.Cause == pop3.Cancelled && time.Since(begin) >= 2*time.Second: // the machine stood still
					_ = c.Close()
					c = connect()
				case errors.Is(err, context.Canceled) && !isBroken(err):
					cancelled++
				case err != nil:
					t.Fatal(err)
				}
			}
			if cancelled == 0 || cancelled == 1500 {
				t.Errorf("%d of 1500 were cancelled", cancelled)
			}
		})
	}
}

// cancelSoon runs a command whose context ends at about the time of the reply, and checks what came.
func cancelSoon(t *testing.T, c *pop3.Client, n uint32) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		time.Sleep(time.Duration(rand.IntN(60)) * time.Microsecond)
		cancel()
	})
	if n%2 == 0 {
		e, _, err := c.UidlOne(ctx, n)
		if err == nil && e.UniqueID != fmt.Sprintf("id-%d", n) {
			t.Fatalf("UIDL %d: %+v", n, e)
		}
		return err
	}
	m, err := c.Retr(ctx, n)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(m)
	if err == nil && string(got) != fmt.Sprintf("Number: %d\r\n", n) {
		t.Fatalf("RETR %d: %q", n, got)
	}
	if closed := m.Close(); closed != nil {
		return closed
	}
	return err
}

// deadlineConn fails the test where the client reads while the deadline for writes is over: TLS may have to write then.
type deadlineConn struct {
	net.Conn
	t     *testing.T
	write time.Time
}

func (c *deadlineConn) SetDeadline(at time.Time) error {
	c.write = at
	return c.Conn.SetDeadline(at)
}

func (c *deadlineConn) SetWriteDeadline(at time.Time) error {
	c.write = at
	return c.Conn.SetWriteDeadline(at)
}

func (c *deadlineConn) Read(p []byte) (int, error) {
	if !c.write.IsZero() && !time.Now().Before(c.write) {
		c.t.Errorf("reading at %v, but the deadline for writes was %v", time.Now(), c.write)
	}
	return c.Conn.Read(p)
}

// TestWriteDeadline: while the client reads, for however long, TLS can answer a request for new keys.
func TestWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		c := pop3.New(&deadlineConn{Conn: client, t: t}, nil)
		defer c.Close()
		go func() {
			p := newPeer(server)
			p.say("+OK\r\n")
			p.answer("+OK\r\n")
			time.Sleep(time.Hour)
			p.answer("+OK\r\n")
			for range 10 {
				time.Sleep(50 * time.Second)
				p.say("x\r\n")
			}
			p.say(".\r\n")
		}()
		if _, err := c.Noop(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := readMessage(c.Retr(t.Context(), 1)); err != nil {
			t.Fatal(err)
		}
	})
}
