package pop3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// fixedConn is a connection whose server says the same whatever it hears, in slices of one size, and then ends. Nothing waits, so
// that fuzzing is fast. Octets that are there before a command is sent cannot be seen on it: a read with the deadline of a glance is
// a time-out, but for the last one.
type fixedConn struct {
	net.Conn // nil: what else is called is a mistake

	left   []byte
	slice  int
	byLine bool // no slice reaches beyond a line, so that the server never speaks out of turn
	glance bool
	closed bool
	sent   bytes.Buffer
}

func (c *fixedConn) Read(p []byte) (int, error) {
	switch {
	case c.closed:
		return 0, net.ErrClosed
	case c.glance && len(c.left) > 0:
		return 0, os.ErrDeadlineExceeded
	case len(c.left) == 0:
		return 0, io.EOF
	}
	n := min(len(p), c.slice, len(c.left))
	if end := bytes.IndexByte(c.left[:n], '\n'); c.byLine && end >= 0 {
		n = end + 1
	}
	copy(p, c.left[:n])
	c.left = c.left[n:]
	return n, nil
}

func (c *fixedConn) Write(p []byte) (int, error) {
	if c.closed {
		return 0, net.ErrClosed
	}
	return c.sent.Write(p)
}

func (c *fixedConn) Close() error { c.closed = true; return nil }

func (c *fixedConn) SetDeadline(at time.Time) error   { return c.SetReadDeadline(at) }
func (c *fixedConn) SetWriteDeadline(time.Time) error { return nil }
func (c *fixedConn) SetReadDeadline(at time.Time) error {
	c.glance = time.Until(at) < time.Second
	return nil
}

// FuzzServer lets a server say anything to every method. Whatever it says, each returns, a success or one of the errors of the
// package; what is written is whole lines, one for each command; and a connection that is dead stays dead.
//
// What TLS writes is random, which makes it vain to look for shorter inputs:
//
//	go test -run '^$' -fuzz FuzzServer -fuzzminimizetime 10x ./pop3
func FuzzServer(f *testing.F) {
	for i, body := range bodies {
		f.Add([]byte("+OK <1@b>\r\n+OK"+body.eol+body.sent+"-ERR x\r\n"), uint16(i), uint8(i))
	}
	f.Add([]byte("+OK\r\n+OK\r\nSASL PLAIN\r\nPIPELINING\r\n.\r\n+OK\r\n+OK 1 2\r\n+OK\r\n1 2\r\n2 3\r\n.\r\n"), uint16(0o12345), uint8(0))
	f.Add([]byte("+OK\r\n+ \r\n+ eA==\r\n-ERR [AUTH]\r\n+OK\r\n+OK\r\nx\r\n.\r\n-ERR\r\n+OK\r\ny\r\n.\r\n"), uint16(8), uint8(2))
	f.Fuzz(func(t *testing.T, said []byte, order uint16, slice uint8) {
		conn := &fixedConn{left: said, slice: int(slice) + 1}
		c := pop3.New(conn, &pop3.Options{UnsafeAllowPlaintext: true, LenientStatus: order&1 != 0, AllowAnyTimestamp: order&2 != 0})
		all := slices.Concat(calls, []call{stlsCall, quitCall})
		var dead error
		for i := range all {
			// Each order starts elsewhere and takes other steps.
			call := all[(int(order)+i*(1+2*int(order>>8)))%len(all)]
			before := conn.sent.Len()
			err := call.do(context.Background(), c)
			checkFuzzed(t, call, err, conn.sent.String()[before:])
			if dead != nil && !errors.Is(err, dead) && !isLocal(err) {
				t.Fatalf("%s: dead by %v, but now %v", call.name, dead, err)
			}
			if isBroken(err) && dead == nil {
				dead = err
			}
		}
		if dead == nil && !conn.closed {
			t.Fatal("alive after QUIT")
		}
	})
}

var stlsCall = call{"Stls", time.Minute, false, func(ctx context.Context, c *pop3.Client) error { _, err := c.Stls(ctx, localhost); return err }}

// isLocal reports whether an error says that nothing was sent, and not why the connection is dead.
func isLocal(err error) bool {
	_, argument := errors.AsType[*pop3.ArgumentError](err)
	return argument || errors.Is(err, pop3.ErrNotOffered) || errors.Is(err, pop3.ErrWrongState)
}

func checkFuzzed(t *testing.T, call call, err error, sent string) {
	t.Helper()
	_, refused := errors.AsType[*pop3.RefusedError](err)
	_, malformed := errors.AsType[*pop3.MalformedError](err)
	if err != nil && !refused && !malformed && !isBroken(err) && !isLocal(err) {
		t.Fatalf("%s: %v (%T)", call.name, err, err)
	}
	if call.name == "Stls" && len(sent) > 6 {
		sent = sent[:6] // and TLS behind it
	}
	lines := strings.SplitAfter(sent, "\r\n")
	if lines[len(lines)-1] != "" {
		t.Fatalf("%s: sent half a line: %q", call.name, sent)
	}
	most := 1
	if call.name == "Auth" {
		most = 4 // the line in both forms, the initial response, and "*"
	}
	if len(lines)-1 > most || strings.Count(sent, "\n") != len(lines)-1 {
		t.Fatalf("%s: sent %q", call.name, sent)
	}
}
