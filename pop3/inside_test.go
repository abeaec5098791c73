package pop3

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// scripted returns a client whose server answers each line by the next of the replies, and the greeting before.
func scripted(t *testing.T, replies ...string) *Client {
	t.Helper()
	client, server := net.Pipe()
	c := New(client, &Options{UnsafeAllowPlaintext: true})
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		defer server.Close()
		_, _ = io.WriteString(server, "+OK\r\n")
		r := bufio.NewReader(server)
		for _, reply := range replies {
			_, _ = r.ReadString('\n')
			_, _ = io.WriteString(server, reply)
		}
		_, _ = io.Copy(io.Discard, server)
	}()
	return c
}

// TestEntryLimit: the entry after 5 million is an error. (A server that sends them all would take a minute.)
func TestEntryLimit(t *testing.T) {
	c := scripted(t, "+OK\r\n1 1\r\n2 2\r\n3 3\r\n.\r\n")
	l, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.entries = maxEntries - 2
	n := 0
	for _, err = range l.Entries() {
		n++
	}
	dead, ok := errors.AsType[*BrokenError](err)
	if n != 3 || !ok || dead.Cause != Protocol || !errors.Is(err, errTooMany) {
		t.Errorf("%d entries, %v", n, err)
	}
}

// TestIdle: an idle client holds no buffer, little scratch memory, and in it no secret (G3).
func TestIdle(t *testing.T) {
	c := scripted(t, "+OK\r\n", "+ \r\n", "-ERR\r\n", "+OK\r\nPIPELINING\r\n.\r\n",
		"+OK\r\n.\r\n", "+OK 2147483648 0\r\n", strings.Repeat("+OK\r\n.\r\n", 199))
	if _, err := c.Pass(t.Context(), "hunter2"); err != nil {
		t.Fatal(err)
	}
	checkIdle(t, c, "hunter2")
	_, _ = c.AuthExchange(t.Context(), "X", nil, func(Challenge) ([]byte, error) { return []byte("hunter2"), nil }) // is refused
	checkIdle(t, c, "aHVudGVyMg")
	if _, _, err := c.Capa(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, err := range c.RetrEach(t.Context(), slices.Repeat([]uint32{1 << 31}, 200)) {
		if err != nil {
			t.Fatal(err)
		}
	}
	checkIdle(t, c, "hunter2")
}

func checkIdle(t *testing.T, c *Client, secret string) {
	t.Helper()
	if bytes.Contains(c.line[:cap(c.line)], []byte(secret)) {
		t.Error("the secret is kept")
	}
	if cap(c.line) > maxScratch || len(c.secrets.texts) > 0 || c.running != nil || c.wire.Buffered() > 0 {
		t.Errorf("%d octets of scratch, %d secrets, running %v", cap(c.line), len(c.secrets.texts), c.running)
	}
}
