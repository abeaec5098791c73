package pop3_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestOutOfTurn: octets that are there before a command kill the connection, and the command is not sent (A8, A14, B22).
func TestOutOfTurn(t *testing.T) {
	for _, call := range append(calls, quitCall) {
		for _, early := range []string{"+OK\r\n", "-ERR\r\n+OK\r\n", "1 100\r\n2 200\r\n.\r\n"} {
			eachTransport(t, fmt.Sprintf("%s/%q", call.name, early), func(t *testing.T, c *pop3.Client, p *peer) {
				p.say(early)
				p.await(t)
				err := call.do(t.Context(), c)
				wantBroken(t, c, err, pop3.Protocol)
				if rest := p.rest(); rest != "" {
					t.Errorf("the client sent %q", rest)
				}
			})
		}
	}
}

// TestBehindReply: octets in one segment with a reply, of each form.
func TestBehindReply(t *testing.T) {
	for _, call := range calls {
		if call.name == "Auth" || call.name == "Pass" || call.name == "Apop" || call.name == "Rpop" {
			continue // like the others, and TestOutOfTurn has them
		}
		inBubble(t, call.name, func(t *testing.T) {
			sent := make(chan string, 1)
			c := greeted(t, plaintext, func(p *peer) {
				p.hear()
				p.say(replyTo(call) + "+OK alive\r\n")
				sent <- p.rest()
			})
			if err := call.do(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			_, err := c.Noop(t.Context())
			wantBroken(t, c, err, pop3.Protocol)
			if rest := <-sent; rest != "" {
				t.Errorf("the client sent %q", rest)
			}
		})
	}
}

// waitingConn is a socket that counts for what its reads may wait: for a moment, or for a reply. How long they do is the machine's affair.
type waitingConn struct {
	*net.TCPConn

	short, long int
}

func (c *waitingConn) SetReadDeadline(at time.Time) error {
	c.count(at)
	return c.TCPConn.SetReadDeadline(at)
}

func (c *waitingConn) SetDeadline(at time.Time) error {
	c.count(at)
	return c.TCPConn.SetDeadline(at)
}

func (c *waitingConn) count(at time.Time) {
	switch wait := time.Until(at); {
	case at.IsZero() || wait <= 0:
	case wait < time.Second:
		c.short++
	default:
		c.long++
	}
}

// TestSilenceCostsNoTime: looking for octets out of turn does not wait on sockets, and a millisecond where reading has to tell.
func TestSilenceCostsNoTime(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("sockets/TLS %v", secure), func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var client, server net.Conn
			client, server = tcpPair(t, l)
			waits := &waitingConn{TCPConn: client.(*net.TCPConn)}
			client = waits
			if secure {
				client, server = secured(t, client, server)
			}
			c := pop3.New(client, nil)
			defer c.Close()
			defer server.Close()
			const times = 200
			go func() {
				p := newPeer(server)
				p.say("+OK\r\n")
				p.answer(slices.Repeat([]string{"+OK\r\n"}, times)...)
			}()
			for range times {
				if _, err := c.Noop(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if waits.short > 0 || waits.long < times {
				t.Errorf("%d commands waited %d times for octets out of turn, and %d times for a reply", times, waits.short, waits.long)
			}
		})
	}
	inBubble(t, "pipe", func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) { p.answer("+OK\r\n", "+OK alive\r\n") })
		begin := time.Now()
		if _, err := c.Noop(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantAlive(t, c)
		if elapsed := time.Since(begin); elapsed != 2*time.Millisecond {
			t.Errorf("2 commands took %v", elapsed)
		}
	})
}

// gatheringConn keeps what is written until it is told to send all of it, which goes out in one segment.
type gatheringConn struct {
	net.Conn
	gather bool
	held   []byte
}

func (c *gatheringConn) Write(p []byte) (int, error) {
	if !c.gather {
		return c.Conn.Write(p)
	}
	c.held = append(c.held, p...)
	return len(p), nil
}

// TestOutOfTurnInTLS: a forged reply in a TLS record of its own that came together with the one before. The socket is empty then, and
// only TLS knows.
func TestOutOfTurnInTLS(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, server := tcpPair(t, l)
	gathering := &gatheringConn{Conn: server}
	a, b := secured(t, client, gathering)
	c := pop3.New(a, nil)
	defer c.Close()
	p := newPeer(b)
	defer p.Close()
	sent := make(chan string, 1)
	go func() {
		p.say("+OK\r\n")
		p.hear()
		gathering.gather = true
		p.say("+OK\r\n")
		p.say("+OK forged\r\n")
		gathering.gather = false
		_, _ = server.Write(gathering.held)
		sent <- p.rest()
	}()
	if _, err := c.Noop(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = c.Dele(t.Context(), 1)
	wantBroken(t, c, err, pop3.Protocol)
	if got := <-sent; got != "" {
		t.Errorf("the client sent %q", got)
	}
}

// TestTickets: what TLS alone says, such as session tickets, is not out of turn.
func TestTickets(t *testing.T) {
	srv := pop3test.NewUnstartedServer(nil)
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13} // its own, and so with tickets, which come behind the handshake
	srv.Start()
	defer srv.Close()
	config := clientTLS(srv)
	config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	for range 20 {
		c, err := pop3.Dial(t.Context(), srv.Addr, &pop3.Options{Mode: pop3.STLS, TLS: config})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		if _, _, err := c.Capa(t.Context()); err != nil {
			t.Error(err)
		}
		_ = c.Close()
	}
}

// busyConn is a socket on a machine that is so busy that some reads are a time-out before they begin.
type busyConn struct {
	*net.TCPConn

	early int    // reads before them that get something
	then  func() // behind the last of these, nil for nothing
	late  int
}

func (c *busyConn) Read(p []byte) (int, error) {
	if c.early > 0 {
		n, err := c.TCPConn.Read(p)
		if n > 0 {
			c.early--
		}
		if c.early == 0 && c.then != nil {
			c.then()
		}
		return n, err
	}
	if c.late > 0 {
		c.late--
		return 0, os.ErrDeadlineExceeded
	}
	return c.TCPConn.Read(p)
}

// TestBusyMachine: octets that are there are not overlooked for want of time, and not looked for for ever.
func TestBusyMachine(t *testing.T) {
	for _, late := range []int{1, 10, 1 << 30} {
		c, conn, server := busy(t)
		server.say("+OK forged\r\n")
		server.await(t)
		conn.late = late
		_, err := c.Noop(t.Context())
		wantBroken(t, c, err, pop3.Protocol)
	}
}

// TestBusyGoodbye: nor is the end of the connection behind an unasked line overlooked.
func TestBusyGoodbye(t *testing.T) {
	for late, cause := range map[int]pop3.Cause{0: pop3.ConnectionLost, 1: pop3.ConnectionLost, 9: pop3.ConnectionLost, 1 << 30: pop3.Protocol} {
		c, conn, server := busy(t)
		server.say("-ERR bye\r\n")
		halfClose(server.Conn)
		server.await(t)
		conn.early, conn.late = 1, late        // the line is read in time
		conn.then = func() { server.await(t) } // the end may come later than the line
		_, err := c.Noop(t.Context())
		wantBroken(t, c, err, cause)
		if rest := server.rest(); rest != "" {
			t.Errorf("the client sent %q", rest)
		}
	}
}

// busy returns a client, greeted over a socket whose reads can be late, and its server.
func busy(t *testing.T) (*pop3.Client, *busyConn, *peer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, server := tcpPair(t, l)
	conn := &busyConn{TCPConn: client.(*net.TCPConn)}
	c := pop3.New(conn, nil)
	p := newPeer(server)
	p.client = client
	t.Cleanup(func() {
		_ = c.Close()
		_ = server.Close()
	})
	p.say("+OK\r\n")
	if _, err := c.Welcome(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, conn, p
}
