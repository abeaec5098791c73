package pop3test

import (
	"bufio"
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
)

// unstuff is the client's side in its simplest form: it takes the terminator
// off, and a dot from every line that begins with one. Lines end in CRLF.
func unstuff(t *testing.T, wire string) string {
	t.Helper()
	body, ended := strings.CutSuffix("\r\n"+wire, "\r\n.\r\n")
	if !ended || strings.Contains(body, "\r\n.\r\n") {
		t.Fatalf("bad end or an early one: %q", wire)
	}
	body = strings.ReplaceAll(body, "\r\n.", "\r\n")
	return strings.TrimPrefix(body+"\r\n", "\r\n")
}

// FuzzStuff checks that unstuffing gives back what was stuffed, with its last
// line ended, however the writes are cut.
func FuzzStuff(f *testing.F) {
	f.Add([]byte(mail), uint8(1))
	f.Add([]byte("."), uint8(2))
	f.Add([]byte("\r\n.\r\n.\n.\r."), uint8(3))
	f.Add([]byte(strings.Repeat("a.b", 20)+"\r\n.c\n.d\r\n..e"), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, cut uint8) {
		var wire bytes.Buffer
		w := bufio.NewWriter(&wire)
		s := newStuffer(w)
		for rest := data; len(rest) > 0; {
			n := min(int(cut)+1, len(rest))
			if n, err := s.Write(rest[:n]); n != min(int(cut)+1, len(rest)) || err != nil {
				t.Fatal(n, err)
			}
			rest = rest[n:]
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		want := string(data)
		if want != "" && !strings.HasSuffix(want, "\r\n") {
			want += "\r\n"
		}
		if got := unstuff(t, wire.String()); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// endless is a reader of a line that never ends.
type endless struct{}

var block = bytes.Repeat([]byte("x"), 1<<20)

func (endless) Read(p []byte) (int, error) { return copy(p, block), nil }

// TestConstantMemory retrieves, and looks at the top of, a message of 64 MiB
// that nobody holds.
func TestConstantMemory(t *testing.T) {
	const size = 64 << 20
	srv := newTestServer(t, func(s *Server) {
		s.Maildrops["alice"].Messages[0] = Message{
			UniqueID: "large",
			Octets:   size,
			Open:     func() io.Reader { return io.LimitReader(endless{}, size) },
		}
	})
	conn := talk(t, dial(t, srv.Addr), login+"C: RETR 1\nS: +OK 67108864 octets", nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := io.CopyN(io.Discard, conn, size); err != nil {
		t.Fatal(err)
	}
	talk(t, conn, "S:\nS: .\nC: TOP 1 0\nS: +OK top of message 1", nil)
	if _, err := io.CopyN(io.Discard, conn, size); err != nil {
		t.Fatal(err)
	}
	talk(t, conn, "S:\nS: .", nil)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 4<<20 {
		t.Errorf("%d octets of memory", allocated)
	}
}

// TestReadError checks that a message whose reader fails is never complete.
func TestReadError(t *testing.T) {
	srv := newTestServer(t, func(s *Server) {
		s.Maildrops["alice"].Messages[0].Open = func() io.Reader {
			return io.MultiReader(strings.NewReader("begin\r\n"), errReader{})
		}
	})
	for _, command := range []string{"RETR 1\nS: +OK 32 octets", "TOP 1 1\nS: +OK top of message 1"} {
		talk(t, dial(t, srv.Addr), login+"C: "+command+"\nS: begin\nCLOSE", nil)
		for srv.Maildrops["alice"].InUse() {
			runtime.Gosched()
		}
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
