package pop3_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// hangUp is a client that is logged in over a pop3test.Pipe.
type hangUp struct {
	*pop3.Client
	socket net.Conn
	peer   *peer
	heard  chan string // gets what the server hears after the login, when the client's half has ended
}

// newHangUp returns one, with TLS where secure. serve is what the server does when the client's half has ended, before it closes.
func newHangUp(t *testing.T, secure bool, serve func(h *hangUp)) *hangUp {
	t.Helper()
	near, far := pop3test.Pipe()
	client, server := near, far
	if secure {
		client, server = secured(t, near, far)
	}
	h := &hangUp{pop3.New(client, plaintext), near, newPeer(server), make(chan string, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer far.Close()
		h.peer.say("+OK hello\r\n")
		h.peer.answer("+OK\r\n", "+OK\r\n")
		h.heard <- h.peer.rest()
		serve(h)
	}()
	t.Cleanup(func() {
		_ = h.Close()
		<-done
	})
	logInTo(t, h.Client)
	return h
}

// open reports whether the client has not closed yet.
func (h *hangUp) open() bool {
	_ = h.socket.SetReadDeadline(time.Now())
	_, err := h.socket.Read(make([]byte, 1))
	return !errors.Is(err, io.ErrClosedPipe)
}

// eachSecurity runs a test in virtual time, in plaintext and with TLS.
func eachSecurity(t *testing.T, name string, f func(t *testing.T, secure bool)) {
	t.Helper()
	inBubble(t, name+"/plaintext", func(t *testing.T) { f(t, false) })
	inBubble(t, name+"/TLS", func(t *testing.T) { f(t, true) })
}

// TestHangUp: the server hears the end, and nothing else, and HangUp returns when the server has closed.
func TestHangUp(t *testing.T) {
	eachSecurity(t, "a server that takes its time", func(t *testing.T, secure bool) {
		var free atomic.Bool
		h := newHangUp(t, secure, func(*hangUp) {
			time.Sleep(200 * time.Millisecond)
			free.Store(true)
		})
		begin := time.Now()
		h.HangUp(t.Context())
		if !free.Load() || h.open() {
			t.Errorf("the server has closed: %v, and the client's end is open: %v", free.Load(), h.open())
		}
		took(t, begin, 200*time.Millisecond)
		if heard := <-h.heard; heard != "" {
			t.Errorf("the server heard %q", heard)
		}
		_, err := h.Noop(t.Context())
		wantBroken(t, h.Client, err, pop3.Closed)
		h.HangUp(t.Context())
		took(t, begin, 200*time.Millisecond)
	})
}

// TestHangUpLimits: a server that does not close is left after a second, or earlier where there is less time.
func TestHangUpLimits(t *testing.T) {
	silent := func(*hangUp) { time.Sleep(time.Hour) }
	for name, tt := range map[string]struct {
		serve func(h *hangUp)
		left  time.Duration // until the deadline, 0 for none
		want  time.Duration
	}{
		"silent":              {silent, 0, time.Second},
		"a distant deadline":  {silent, time.Minute, time.Second},
		"a deadline":          {silent, time.Second, time.Second / 2},
		"a deadline too late": {silent, -time.Second, 0},
		"talkative": {func(h *hangUp) {
			for range 10 {
				time.Sleep(300 * time.Millisecond)
				h.peer.say("+OK still here\r\n")
			}
			time.Sleep(time.Hour)
		}, 0, time.Second},
		"endless": {func(h *hangUp) {
			time.Sleep(300 * time.Millisecond)
			for range 1 << 10 {
				h.peer.say(strings.Repeat("x", 1<<10))
			}
			time.Sleep(time.Hour)
		}, 0, 300 * time.Millisecond},
		"taking leave": {func(h *hangUp) {
			time.Sleep(100 * time.Millisecond)
			h.peer.say("-ERR bye\r\n")
		}, 0, 100 * time.Millisecond},
	} {
		eachSecurity(t, name, func(t *testing.T, secure bool) {
			h := newHangUp(t, secure, tt.serve)
			ctx := t.Context()
			if tt.left != 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tt.left)
				defer cancel()
			}
			begin := time.Now()
			h.HangUp(ctx)
			took(t, begin, tt.want)
			if h.open() {
				t.Error("the client has not closed")
			}
		})
	}
	for name, end := range map[string]func(h *hangUp, cancel context.CancelFunc){
		"cancelled": func(_ *hangUp, cancel context.CancelFunc) { cancel() },
		"closed":    func(h *hangUp, _ context.CancelFunc) { _ = h.Close() },
	} {
		eachSecurity(t, name, func(t *testing.T, secure bool) {
			h := newHangUp(t, secure, silent)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			begin := time.Now()
			time.AfterFunc(100*time.Millisecond, func() { end(h, cancel) })
			h.HangUp(ctx)
			took(t, begin, 100*time.Millisecond)
			if h.open() {
				t.Error("the client has not closed")
			}
		})
	}
}

// TestHangUpAtOnce: nobody waits where there is no lock to wait for, or where a reply is under way.
func TestHangUpAtOnce(t *testing.T) {
	wantAtOnce := func(t *testing.T, c *pop3.Client) {
		t.Helper()
		begin := time.Now()
		c.HangUp(t.Context())
		took(t, begin, 0)
		_, err := c.Noop(t.Context())
		wantBroken(t, c, err, pop3.Closed)
	}
	// over has the server's end in the hands of a function, over halves that end by themselves.
	over := func(t *testing.T, serve func(p *peer)) *pop3.Client {
		t.Helper()
		near, far := pop3test.Pipe()
		c := pop3.New(near, plaintext)
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer far.Close()
			p := newPeer(far)
			p.say("+OK hello\r\n")
			serve(p)
			p.rest()
			time.Sleep(time.Hour)
		}()
		t.Cleanup(func() {
			_ = c.Close()
			<-done
		})
		return c
	}
	inBubble(t, "before the login", func(t *testing.T) {
		c := over(t, func(*peer) {})
		if _, err := c.Welcome(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantAtOnce(t, c)
	})
	inBubble(t, "in the middle of a message", func(t *testing.T) {
		c := over(t, func(p *peer) { p.answer("+OK\r\n", "+OK\r\n", "+OK\r\nabc\r\n") })
		logInTo(t, c)
		if _, err := c.Retr(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		c.HangUp(t.Context())
		took(t, begin, 0)
	})
	inBubble(t, "a net.Pipe", func(t *testing.T) {
		c := greeted(t, plaintext, func(p *peer) {
			p.answer("+OK\r\n", "+OK\r\n")
			p.rest()
		})
		logInTo(t, c)
		wantAtOnce(t, c)
	})
	inBubble(t, "dead", func(t *testing.T) {
		c := over(t, func(p *peer) { p.answer("+OK\r\n", "+OK\r\n", "nonsense\r\n") })
		logInTo(t, c)
		_, err := c.Noop(t.Context())
		wantBroken(t, c, err, pop3.Protocol)
		begin := time.Now()
		c.HangUp(t.Context())
		took(t, begin, 0)
	})
}

func logInTo(t *testing.T, c *pop3.Client) {
	t.Helper()
	if _, err := c.User(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Pass(t.Context(), "secret"); err != nil {
		t.Fatal(err)
	}
}

// TestHangUpSockets: over TCP the server sees the end of a file, with TLS too, no reset, and HangUp returns when it has closed.
func TestHangUpSockets(t *testing.T) {
	eachTransport(t, "", func(t *testing.T, c *pop3.Client, p *peer) {
		free, ended := new(atomic.Bool), make(chan error, 1)
		go func() {
			p.answer("+OK\r\n", "+OK\r\n")
			_, err := p.r.ReadByte()
			p.say("-ERR bye\r\n")
			free.Store(true)
			_ = p.Close()
			ended <- err
		}()
		logInTo(t, c)
		begin := time.Now()
		c.HangUp(t.Context())
		if !free.Load() && time.Since(begin) < time.Second { // else the machine is too busy to tell
			t.Error("HangUp has not waited for the server")
		}
		if err := <-ended; !errors.Is(err, io.EOF) {
			t.Errorf("the server sees the end as %v", err)
		}
	})
}
