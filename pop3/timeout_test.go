package pop3_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestStatusTimeout: every status line has to be complete within its limit, drip or silence.
func TestStatusTimeout(t *testing.T) {
	for _, call := range calls {
		inBubble(t, call.name+"/silent", func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) { p.rest() })
			begin := time.Now()
			err := call.do(t.Context(), c)
			took(t, begin, call.limit)
			wantBroken(t, c, err, pop3.Timeout)
			if dead, _ := errors.AsType[*pop3.BrokenError](err); !dead.Timeout() {
				t.Error("Timeout() is false")
			}
		})
		inBubble(t, call.name+"/drip", func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) {
				p.hear()
				for range 2000 {
					time.Sleep(5 * time.Second)
					if _, err := p.Write([]byte("+")); err != nil {
						return
					}
				}
			})
			begin := time.Now()
			err := call.do(t.Context(), c)
			took(t, begin, call.limit)
			wantBroken(t, c, err, pop3.Timeout)
		})
	}
}

// TestBodyTimeout: what follows a status line may take for ever, as long as an octet comes within each limit.
func TestBodyTimeout(t *testing.T) {
	for _, call := range calls {
		if !call.body {
			continue
		}
		inBubble(t, call.name, func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) {
				p.answer("+OK\r\n")
				for range 10 {
					time.Sleep(59 * time.Second)
					p.say("1 2\r\n")
				}
				p.rest()
			})
			begin := time.Now()
			err := call.do(t.Context(), c)
			took(t, begin, 10*59*time.Second+time.Minute)
			wantBroken(t, c, err, pop3.Timeout)
		})
	}
}

// TestTimeouts: where each limit of Timeouts applies.
func TestTimeouts(t *testing.T) {
	limits := pop3.Timeouts{
		Handshake: 2 * time.Second, Greeting: 3 * time.Second, Reply: 5 * time.Second, Login: 7 * time.Second, Data: 11 * time.Second,
	}
	opts := &pop3.Options{UnsafeAllowPlaintext: true, Timeouts: limits}
	inBubble(t, "greeting", func(t *testing.T) {
		c := pipe(t, opts, func(p *peer) { p.rest() })
		begin := time.Now()
		_, err := c.Welcome(t.Context())
		took(t, begin, limits.Greeting)
		wantBroken(t, c, err, pop3.Timeout)
	})
	inBubble(t, "greeting by default", func(t *testing.T) {
		c := pipe(t, nil, func(p *peer) { p.rest() })
		begin := time.Now()
		_, err := c.Noop(t.Context())
		took(t, begin, 30*time.Second)
		wantBroken(t, c, err, pop3.Timeout)
	})
	for name, tc := range map[string]struct {
		say   string
		do    func(ctx context.Context, c *pop3.Client) error
		limit time.Duration
	}{
		"reply":   {"", func(ctx context.Context, c *pop3.Client) error { _, err := c.Noop(ctx); return err }, limits.Reply},
		"login":   {"", func(ctx context.Context, c *pop3.Client) error { _, err := c.Pass(ctx, "p"); return err }, limits.Login},
		"quit":    {"", func(ctx context.Context, c *pop3.Client) error { _, _, err := c.Quit(ctx); return err }, limits.Login},
		"listing": {"+OK\r\n", func(ctx context.Context, c *pop3.Client) error { return readListing(c.List(ctx)) }, limits.Reply},
		"message": {"+OK\r\n", func(ctx context.Context, c *pop3.Client) error { return readMessage(c.Retr(ctx, 1)) }, limits.Data},
		"handshake": {"+OK\r\n", func(ctx context.Context, c *pop3.Client) error {
			_, err := c.Stls(ctx, localhost)
			return err
		}, limits.Handshake},
		"challenge": {"+ \r\n", func(ctx context.Context, c *pop3.Client) error {
			_, err := c.AuthExchange(ctx, "X", nil, func(pop3.Challenge) ([]byte, error) { return nil, nil })
			return err
		}, limits.Login},
	} {
		inBubble(t, name, func(t *testing.T) {
			c := greeted(t, opts, func(p *peer) {
				p.hear()
				p.say(tc.say)
				p.rest()
			})
			begin := time.Now()
			err := tc.do(t.Context(), c)
			took(t, begin, tc.limit)
			wantBroken(t, c, err, pop3.Timeout)
		})
	}
}

// TestChallengeTime: in an exchange each step of the server has the whole limit.
func TestChallengeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := greeted(t, plaintext, func(p *peer) {
			p.hear()
			for range 3 {
				time.Sleep(4 * time.Minute)
				p.say("+ \r\n")
				p.hear()
			}
			time.Sleep(4 * time.Minute)
			p.say("+OK\r\n")
		})
		_, err := c.AuthExchange(t.Context(), "X", nil, func(pop3.Challenge) ([]byte, error) {
			time.Sleep(time.Hour) // whoever computes the response is not the server
			return nil, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestWriteTimeout: a server that does not even read.
func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		c := greeted(t, nil, func(*peer) { <-done })
		begin := time.Now()
		_, err := c.Noop(t.Context())
		took(t, begin, time.Minute)
		wantBroken(t, c, err, pop3.Timeout)
		close(done)
	})
}

// TestConnectTimeout: Dial gives the connection, and all that comes before the greeting, their own limits.
func TestConnectTimeout(t *testing.T) {
	for name, tc := range map[string]struct {
		mode  pop3.Mode
		say   string // by the server, once connected
		never bool   // connected
		limit time.Duration
	}{
		"connect":        {pop3.Implicit, "", true, 10 * time.Second},
		"TLS":            {pop3.Implicit, "", false, 10 * time.Second},
		"greeting":       {pop3.STLS, "", false, 30 * time.Second},
		"STLS":           {pop3.STLS, "+OK\r\n", false, time.Minute},
		"TLS after STLS": {pop3.STLS, "+OK\r\n+OK\r\n", false, 10 * time.Second},
	} {
		inBubble(t, name, func(t *testing.T) {
			dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
				if tc.never {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				client, server := net.Pipe()
				go func() {
					p := newPeer(server)
					switch tc.say {
					case "+OK\r\n+OK\r\n":
						p.say("+OK\r\n")
						p.answer("+OK\r\n")
					default:
						p.say(tc.say)
					}
					p.rest()
				}()
				return client, nil
			}
			begin := time.Now()
			c, err := pop3.Dial(t.Context(), "mail.example.test", &pop3.Options{Mode: tc.mode, DialContext: dial})
			took(t, begin, tc.limit)
			if c != nil {
				t.Error("a client with an error")
			}
			if tc.never {
				if failed, ok := errors.AsType[*pop3.DialError](err); !ok || !failed.Timeout() {
					t.Errorf("%v (%T)", err, err)
				}
				return
			}
			if dead, ok := errors.AsType[*pop3.BrokenError](err); !ok || dead.Cause != pop3.Timeout {
				t.Errorf("%v (%T)", err, err)
			}
		})
	}
}

// stallingConn lets a number of octets out and then stalls, below TLS.
type stallingConn struct {
	net.Conn
	left int
}

func (c *stallingConn) Write(p []byte) (int, error) {
	if len(p) < c.left {
		c.left -= len(p)
		return c.Conn.Write(p)
	}
	_, _ = c.Conn.Write(p[:c.left])
	_, _ = io.Copy(io.Discard, c.Conn) // until the client closes
	return 0, net.ErrClosed
}

// TestHandshakeStall stalls the server all along its side of the TLS handshake (A18).
func TestHandshakeStall(t *testing.T) {
	srv := pop3test.NewUnstartedServer(nil)
	defer srv.Close()
	srv.Banner = "+OK"
	_ = srv.Certificate() // made outside of the bubbles
	stalled := 0
	for after, finished := len("+OK\r\n+OK begin TLS\r\n"), false; !finished && !t.Failed(); after += 41 {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			go srv.ServeConn(&stallingConn{server, after})
			c := pop3.New(client, nil)
			defer c.Close()
			if _, err := c.Welcome(t.Context()); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			_, err := c.Stls(t.Context(), clientTLS(srv))
			if err == nil {
				finished = true
				return
			}
			took(t, begin, 10*time.Second)
			wantBroken(t, c, err, pop3.Timeout)
			stalled++
		})
	}
	if stalled < 20 {
		t.Errorf("only %d places to stall at", stalled)
	}
}
