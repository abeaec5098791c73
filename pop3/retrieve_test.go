package pop3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// bodies are what servers send behind a status line that ends in eol, and the message that it is. Each case broke a client that is
// in wide use.
var bodies = []struct{ name, eol, sent, want string }{
	{"stuffed", "\r\n", "..\r\n...\r\n..a\r\nb.\r\n.\r\n", ".\r\n..\r\n.a\r\nb.\r\n"},
	{"stuffing forgotten", "\r\n", ".x\r\n.\r\n", ".x\r\n"},
	{"line of 3,000", "\r\n", strings.Repeat("x", 3000) + "\r\n.\r\n", strings.Repeat("x", 3000) + "\r\n"},
	{"line of 9,000", "\r\n", strings.Repeat("x", 9000) + "\r\n.\r\n", strings.Repeat("x", 9000) + "\r\n"},
	{"4,096 and a dot", "\r\n", strings.Repeat("a", 4096) + ".\r\n.\r\n", strings.Repeat("a", 4096) + ".\r\n"},
	{"bare LF", "\r\n", "a\nb\n.\r\nc\r\n.\r\n", "a\nb\n.\r\nc\r\n"},
	{"bare LF and a lone dot", "\r\n", "a\n.\n+OK\r\n-ERR\n.\r\n\r\n.\r\n", "a\n.\n+OK\r\n-ERR\n.\r\n\r\n"},
	{"LF mode", "\n", "a\nb\n..c\n.\n", "a\nb\n.c\n"},
	{"LF mode, CRLF at the end", "\n", "a\nb\n.\r\n", "a\nb\n"},
	{"8 bit, NUL, bare CR", "\r\n", "\x00\xff\x80\r\r\n\r.\r\n.\r\n", "\x00\xff\x80\r\r\n\r.\r\n"},
	{"dot, CR, text", "\r\n", ".\rx\r\n.\r\n", ".\rx\r\n"},
	{"replies inside", "\r\n", "+OK\r\n-ERR [AUTH]\r\n.\r\n", "+OK\r\n-ERR [AUTH]\r\n"},
	{"empty", "\r\n", ".\r\n", ""},
	{"empty line", "\r\n", "\r\n.\r\n", "\r\n"},
}

// TestBodies sends each in slices of every size to 17, and reads it in small parts and whole (B5, B6). The next reply is in one piece
// with it.
func TestBodies(t *testing.T) {
	readers := map[string]func(m *pop3.Message) ([]byte, error){
		"ReadAll": func(m *pop3.Message) ([]byte, error) { return io.ReadAll(m) },
		"by one":  func(m *pop3.Message) ([]byte, error) { return io.ReadAll(iotest.OneByteReader(m)) },
		"WriteTo": func(m *pop3.Message) ([]byte, error) {
			var b bytes.Buffer
			n, err := m.WriteTo(&b)
			if n != int64(b.Len()) {
				t.Errorf("%d octets written, of %d", n, b.Len())
			}
			return b.Bytes(), err
		},
	}
	for _, body := range bodies {
		for slice := range 18 {
			if slice > 3 && len(body.sent) > 1000 {
				continue
			}
			for name, read := range readers {
				inBubble(t, fmt.Sprintf("%s/%d/%s", body.name, slice, name), func(t *testing.T) {
					client, server := net.Pipe()
					c := pop3.New(client, nil)
					defer c.Close()
					go func() {
						p := newPeer(pop3test.Faults{Slice: slice}.Wrap(server))
						p.say("+OK\r\n")
						p.answer("+OK"+body.eol+body.sent, "+OK alive\r\n")
					}()
					m, err := c.Retr(t.Context(), 1)
					if err != nil {
						t.Fatal(err)
					}
					if got, err := read(m); string(got) != body.want || err != nil {
						t.Errorf("%.99q, %v; want %.99q", got, err, body.want)
					}
					if n, err := m.Read(make([]byte, 100)); n != 0 || err != io.EOF {
						t.Errorf("behind the end: %d, %v", n, err)
					}
					if err := m.Close(); err != nil {
						t.Error(err)
					}
					wantAlive(t, c)
				})
			}
		}
	}
}

// TestNotWhole: servers that do not end a message properly. None of it is a message (H6, B7).
func TestNotWhole(t *testing.T) {
	for name, tc := range map[string]struct {
		sent string
		got  string
	}{
		"no line end":        {"a\r\nb", "a\r\nb"},
		"no terminator":      {"a\r\n", "a\r\n"},
		"dot alone":          {"a\r\n.", "a\r\n"},
		"dot and CR":         {"a\r\n.\r", "a\r\n"},
		"dot behind text":    {"a.\r\n", "a.\r\n"}, // Exchange 2000
		"bare LF before dot": {"a\n.\r\n", "a\n.\r\n"},
		"dot and LF":         {"a\r\n.\n", "a\r\n.\n"},
		"nothing":            {"", ""},
	} {
		eachTransport(t, name+"/cut", func(t *testing.T, c *pop3.Client, p *peer) {
			go func() {
				p.answer("+OK\r\n" + tc.sent)
				halfClose(p.Conn)
			}()
			m, err := c.Retr(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(m)
			wantBroken(t, c, err, pop3.ConnectionLost)
			if string(got) != tc.got || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q, %v", got, err)
			}
		})
		inBubble(t, name+"/silent", func(t *testing.T) {
			c := greeted(t, nil, func(p *peer) {
				p.answer("+OK\r\n" + tc.sent)
				p.rest()
			})
			m, err := c.Retr(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.Copy(io.Discard, m)
			wantBroken(t, c, err, pop3.Timeout)
			if again := m.Close(); !errors.Is(again, err) {
				t.Errorf("Close: %v", again)
			}
		})
	}
}

// failingWriter takes some octets and fails.
type failingWriter struct{ left int }

var errFull = errors.New("full")

func (w *failingWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, errFull
	}
	w.left -= len(p)
	return len(p), nil
}

// shortWriter takes one octet and says nothing of it.
type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) { return min(len(p), 1), nil }

// TestSinkFails: an error of the caller's own leaves the connection in step.
func TestSinkFails(t *testing.T) {
	for name, tc := range map[string]struct {
		w       io.Writer
		written int64
		err     error
	}{
		"full": {&failingWriter{3}, 3, errFull}, "short": {shortWriter{}, 1, io.ErrShortWrite},
	} {
		inBubble(t, name, func(t *testing.T) {
			c := greeted(t, nil, func(p *peer) { p.answer("+OK\r\nabcdef\r\n.\r\n", "+OK alive\r\n") })
			m, err := c.Retr(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(tc.w, m); n != tc.written || !errors.Is(err, tc.err) {
				t.Errorf("%d, %v", n, err)
			}
			if err := m.Close(); err != nil {
				t.Error(err)
			}
			wantAlive(t, c)
		})
	}
}

// TestEmptyRead: reading nothing returns nothing.
func TestEmptyRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) { p.answer("+OK\r\nab\r\n.\r\n") })
		m, err := c.Retr(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if n, err := m.Read(nil); n != 0 || err != nil {
				t.Fatal(n, err)
			}
		}
		if got, err := io.ReadAll(m); string(got) != "ab\r\n" || err != nil {
			t.Error(got, err)
		}
	})
}

// TestPending: whether Read would return at once.
func TestPending(t *testing.T) {
	c, p := sockets(t, false)
	next := make(chan string, 1)
	go func() {
		p.hear()
		for s := range next {
			p.say(s)
		}
	}()
	defer close(next)
	next <- "+OK\r\n"
	m, err := c.Retr(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if m.Pending() {
		t.Error("pending, but nothing is there")
	}
	next <- "abc\r\ndef\r\n"
	p.await(t)
	if !m.Pending() {
		t.Error("not pending, but octets are in the socket")
	}
	if n, err := m.Read(make([]byte, 3)); n != 3 || err != nil {
		t.Error(n, err)
	}
	if !m.Pending() {
		t.Error("not pending, but octets wait for a larger slice")
	}
	buf := make([]byte, 100)
	if _, err := m.Read(buf); err != nil || m.Pending() {
		t.Error(err, m.Pending())
	}
	next <- strings.Repeat("x", 200)
	p.await(t)
	if _, err := m.Read(buf[:64]); err != nil || !m.Pending() {
		t.Error("not pending, but octets are in the client's buffer:", err)
	}
	for m.Pending() {
		if _, err := m.Read(buf); err != nil {
			t.Fatal(err)
		}
	}
	next <- "\r\n.\r\n"
	p.await(t)
	if _, err := m.Read(buf); err != nil || !m.Pending() {
		t.Error("not pending at the end:", err)
	}
	if _, err := m.Read(buf); err != io.EOF || !m.Pending() {
		t.Error("not pending behind the end:", err)
	}
}
