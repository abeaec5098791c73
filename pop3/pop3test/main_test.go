package pop3test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails the package where a goroutine outlives the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leaked(); code == 0 && left != "" {
		os.Stderr.WriteString("goroutines are left:\n" + left)
		code = 1
	}
	os.Exit(code)
}

// leaked returns the stacks of this package's goroutines that do not end, but
// for the caller's.
func leaked() string {
	var left []string
	for range 3000 {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		left = nil
		for _, stack := range strings.Split(string(stacks), "\n\n")[1:] {
			if strings.Contains(stack, "/pop3test.") {
				left = append(left, stack)
			}
		}
		if left == nil {
			return ""
		}
		time.Sleep(10 * time.Millisecond)
	}
	return strings.Join(left, "\n\n")
}

// mail is a message with all that TOP and dot-stuffing care about.
const mail = "Subject: dots\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n"

// newTestServer starts a server in which alice has three messages.
func newTestServer(t *testing.T, configure func(*Server)) *Server {
	t.Helper()
	drop := NewMaildrop("secret",
		NewMessage([]byte(mail)),
		NewMessage([]byte("Subject: no body\r\n\r\n")),
		NewMessage([]byte("no line end")),
	)
	for i, id := range []string{"one", "two", "three"} {
		drop.Messages[i].UniqueID = id
	}
	srv := NewUnstartedServer(map[string]*Maildrop{"alice": drop})
	srv.Banner = "+OK ready <1@example.test>"
	if configure != nil {
		configure(srv)
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

// dial connects and gives up after a minute in whatever follows.
func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// talk plays the client's side of a script on conn: it sends the C: lines and
// compares the S: lines exactly. CLOSE is the end of what the server sends. It
// returns the connection, which TLS may have replaced.
func talk(t *testing.T, conn net.Conn, text string, config *tls.Config) net.Conn {
	t.Helper()
	script, err := ParseScript(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range script.steps {
		switch step.kind {
		case stepSend:
			expect(t, conn, step)
		case stepTLS:
			conn = tls.Client(conn, config)
		case stepClose:
			if rest, err := io.ReadAll(conn); len(rest) > 0 || err != nil {
				t.Fatalf("line %d: got %q and %v, want the end", step.line, rest, err)
			}
		default:
			if _, err := io.WriteString(conn, step.text); err != nil {
				t.Fatalf("line %d: %v", step.line, err)
			}
		}
	}
	return conn
}

// expect reads as many octets as the step has and compares them.
func expect(t *testing.T, conn io.Reader, want step) {
	t.Helper()
	got := make([]byte, len(want.text))
	n, err := io.ReadFull(conn, got)
	if err != nil || !bytes.Equal(got, []byte(want.text)) {
		t.Fatalf("line %d: got %q and %v, want %q", want.line, got[:n], err, want.text)
	}
}
