package pop3_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// clientTLS trusts a test server.
func clientTLS(srv *pop3test.Server) *tls.Config {
	return &tls.Config{RootCAs: srv.CertPool(), ServerName: "localhost", MinVersion: tls.VersionTLS12}
}

// plaintext lets logins go over connections that need no protection here.
var plaintext = &pop3.Options{Mode: pop3.Plaintext, UnsafeAllowPlaintext: true}

// peer is the server's end of a connection, in the hands of a test.
type peer struct {
	net.Conn
	r      *bufio.Reader
	client net.Conn // the other end, for await
}

func newPeer(conn net.Conn) *peer { return &peer{Conn: conn, r: bufio.NewReader(conn)} }

// say sends octets. That the client has gone already is the client's affair.
func (p *peer) say(s string) {
	if s != "" { // which over a net.Pipe is a read of nothing
		_, _ = io.WriteString(p, s)
	}
}

// hear returns the client's next line without its line end, "" where there is none.
func (p *peer) hear() string {
	line, _ := p.r.ReadString('\n')
	return strings.TrimSuffix(line, "\r\n")
}

// answer hears a line and sends octets, for each of them.
func (p *peer) answer(replies ...string) {
	for _, reply := range replies {
		p.hear()
		p.say(reply)
	}
}

// rest returns all lines up to the end of the connection.
func (p *peer) rest() string {
	all, _ := io.ReadAll(p.r)
	return string(all)
}

// pipe returns a client whose server is a function, within a synctest bubble: time is virtual. The connection is closed when the
// function returns.
func pipe(t *testing.T, opts *pop3.Options, serve func(p *peer)) *pop3.Client {
	t.Helper()
	client, server := net.Pipe()
	c := pop3.New(client, opts)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		serve(newPeer(server))
	}()
	t.Cleanup(func() {
		_ = c.Close()
		<-done
	})
	return c
}

// greeted is pipe with a server that has sent its greeting.
func greeted(t *testing.T, opts *pop3.Options, serve func(p *peer)) *pop3.Client {
	t.Helper()
	return pipe(t, opts, func(p *peer) {
		p.say("+OK hello <1@example.test>\r\n")
		serve(p)
	})
}

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// play runs a client against a script, which may be indented by tabs, within a bubble, and once more with the server's octets in slices of one.
func play(t *testing.T, name, text string, opts *pop3.Options, do func(t *testing.T, c *pop3.Client)) {
	t.Helper()
	script, err := pop3test.ParseScript(strings.ReplaceAll(text, "\t", ""))
	if err != nil {
		t.Fatal(err)
	}
	replay(t, name, script, opts, do)
}

// replay is play with a script that is parsed already.
func replay(t *testing.T, name string, script *pop3test.Script, opts *pop3.Options, do func(t *testing.T, c *pop3.Client)) {
	t.Helper()
	for slice, suffix := range []string{"", "/sliced"} {
		inBubble(t, name+suffix, func(t *testing.T) {
			client, server := net.Pipe()
			played := make(chan error, 1)
			go func() { played <- script.Play(pop3test.Faults{Slice: slice}.Wrap(server)) }()
			c := pop3.New(client, opts)
			defer func() {
				hungUp := hangsUp(c)
				_ = c.Close()
				err := <-played
				if hungUp && errors.Is(err, io.ErrClosedPipe) {
					return
				}
				if err != nil {
					t.Error(err)
				}
			}()
			do(t, c)
		})
	}
}

// hangsUp reports whether the client has closed because the server does not keep to the protocol, whatever that still has to say.
func hangsUp(c *pop3.Client) bool {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing is sent or read now
	_, err := c.Noop(ctx)
	dead, ok := errors.AsType[*pop3.BrokenError](err)
	return ok && dead.Cause == pop3.Protocol
}

// wantBroken checks that err says that the connection is dead for a cause, and that the next call says so too.
func wantBroken(t *testing.T, c *pop3.Client, err error, cause pop3.Cause) {
	t.Helper()
	dead, ok := errors.AsType[*pop3.BrokenError](err)
	if !ok {
		t.Fatalf("%v (%T), want a *BrokenError", err, err)
	}
	if dead.Cause != cause {
		t.Errorf("%v: cause %q, want %q", err, dead.Cause, cause)
	}
	if _, again := c.Noop(context.Background()); !errors.Is(again, dead) {
		t.Errorf("the next call: %v, want %v again", again, err)
	}
}

// wantAlive checks that the next command gets its own reply.
func wantAlive(t *testing.T, c *pop3.Client) {
	t.Helper()
	if response, err := c.Noop(context.Background()); err != nil || response != "+OK alive" {
		t.Errorf("the next command: %q, %v", response, err)
	}
}

// took checks how long something took, in virtual time.
func took(t *testing.T, begin time.Time, want time.Duration) {
	t.Helper()
	// A glance at the connection before a command costs a millisecond.
	if got := time.Since(begin); got < want || got > want+10*time.Millisecond {
		t.Errorf("it took %v, want %v", got, want)
	}
}

// readEntries reads a listing to its end.
func readEntries(l *pop3.Listing) (entries []pop3.Entry, err error) {
	for e, err := range l.Entries() {
		if err != nil {
			return entries, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}
