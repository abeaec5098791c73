package server

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// scriptOf returns octets as a pop3test.Script sends them.
func scriptOf(octets string) string {
	var s strings.Builder
	s.WriteString("S| ")
	for _, b := range []byte(octets) {
		if b < ' ' || b > '~' || b == '\\' {
			fmt.Fprintf(&s, `\x%02x`, b)
		} else {
			s.WriteByte(b)
		}
	}
	return s.String()
}

// check compares a message with what it has to be, totals and all.
func (l letter) check(t testing.TB, response, want string) {
	t.Helper()
	if l.response != response {
		t.Errorf("response %q, want %q", l.response, response)
	}
	if string(l.data) != want {
		at := 0
		for at < len(want) && at < len(l.data) && want[at] == l.data[at] {
			at++
		}
		t.Errorf("%d octets, want %d; they differ from octet %d on", len(l.data), len(want), at)
	}
	digest := sha256.Sum256([]byte(want))
	if l.last.GetOctets() != int64(len(want)) || l.last.GetCrc32() != crc32.ChecksumIEEE([]byte(want)) ||
		!bytes.Equal(l.last.GetSha256(), digest[:]) {
		t.Errorf("totals %d, %x, %x", l.last.GetOctets(), l.last.GetCrc32(), l.last.GetSha256())
	}
}

// wires are messages as they come, and as they are.
var wires = []struct{ name, status, wire, want string }{
	{"stuffed", "+OK\r\n", "a\r\n..\r\n...\r\n..b\r\n.\r\n", "a\r\n.\r\n..\r\n.b\r\n"},
	{"not stuffed", "+OK\r\n", ".x\r\n.y.\r\n. \r\n.\r\n", ".x\r\n.y.\r\n. \r\n"},
	{"line of 3,000", "+OK\r\n", strings.Repeat("a", 3000) + "\r\n.\r\n", strings.Repeat("a", 3000) + "\r\n"},
	{"line of 9,000", "+OK\r\n", strings.Repeat("a", 9000) + "\r\n.\r\n", strings.Repeat("a", 9000) + "\r\n"},
	{"line of 1.5 MB", "+OK\r\n", strings.Repeat("a", 1_500_000) + "\r\n.\r\n", strings.Repeat("a", 1_500_000) + "\r\n"},
	{"4,096 and a dot", "+OK\r\n", strings.Repeat("a", 4096) + ".\r\nb\r\n.\r\n", strings.Repeat("a", 4096) + ".\r\nb\r\n"},
	{"32 KiB and a dot", "+OK\r\n", strings.Repeat("a", 32<<10-7) + "\r\n..\r\n.\r\n", strings.Repeat("a", 32<<10-7) + "\r\n.\r\n"},
	{"octets", "+OK\r\n", "\x00\xff\xfe \r \r\r\n\t\x1b\x7f\r\n.\r\n", "\x00\xff\xfe \r \r\r\n\t\x1b\x7f\r\n"},
	{"all octets", "+OK\r\n", allOctets() + "\r\n.\r\n", allOctets() + "\r\n"},
	{"dot, CR, text", "+OK\r\n", ".\rtext\r\n.\r\r\n.\r\n", ".\rtext\r\n.\r\r\n"},
	{"dots in lines", "+OK\r\n", "a.\r\n.\n\r\n.b\r\n.\r\n", "a.\r\n.\n\r\n.b\r\n"},
	{"empty", "+OK\r\n", ".\r\n", ""},
	{"empty lines", "+OK\r\n", "\r\n\r\n.\r\n", "\r\n\r\n"},
	{"bare LF, end with CRLF", "+OK\n", "a\n..\n.b\n\n.\r\n", "a\n.\n.b\n\n"},
	{"bare LF, end with LF", "+OK\n", "a\n..\n.b\n\n.\n", "a\n.\n.b\n\n"},
	{"bare LF, empty", "+OK\n", ".\n", ""},
	{"bare LF and CRLF", "+OK\n", "a\nb\r\n..\n..c\n.\r\n", "a\nb\r\n.\n.c\n"},
	{"bare LF inside", "+OK\r\n", "a\nb\n.\nc\n..\nd\r\n.\r\n", "a\nb\n.\nc\n..\nd\r\n"},
}

func allOctets() string {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return string(all)
}

// fetch plays a reply to RETR and returns what the caller gets of it.
func (r *rig) fetch(t *testing.T, mode pb.TlsMode, slice int, reply string) letter {
	t.Helper()
	lines := "S: +OK ready\n"
	switch mode {
	case pb.TlsMode_TLS_MODE_IMPLICIT:
		lines = "TLS\n" + lines
	case pb.TlsMode_TLS_MODE_STLS:
		lines += "C: STLS\nS: +OK\nTLS\n"
	}
	script, err := pop3test.ParseScript(lines + "C: RETR 7\n" + scriptOf(reply))
	if err != nil {
		t.Fatal(err)
	}
	c := &cut{dialogue: &dialogue{mode: mode, script: script}, faults: pop3test.Faults{Slice: slice}}
	from := r.add(t.Context(), c)
	if err := from.open(); err != nil {
		t.Fatal(err)
	}
	l, err := join(r.Retr(t.Context(), &pb.RetrRequest{SessionId: from.session, MessageNumber: 7, WantSha256: true}))
	if err != nil {
		t.Fatal(err)
	}
	from.over(t, c)
	return l
}

// longest is from where on a message does not come octet by octet.
const longest = 10_000

// TestBytes retrieves awkward messages over every kind of connection, in one write and in slices of an octet.
func TestBytes(t *testing.T) {
	r := newRig(t, certificatePEM(), loopback(t))
	for _, tt := range wires {
		for name, mode := range map[string]pb.TlsMode{
			"plaintext": pb.TlsMode_TLS_MODE_PLAINTEXT, "STLS": pb.TlsMode_TLS_MODE_STLS, "POP3S": pb.TlsMode_TLS_MODE_IMPLICIT,
		} {
			for _, slice := range []int{0, 1, 3} {
				if slice > 0 && len(tt.wire) > longest {
					slice *= 1009
				}
				t.Run(fmt.Sprintf("%s, %s, slices of %d", tt.name, name, slice), func(t *testing.T) {
					r.fetch(t, mode, slice, tt.status+tt.wire).check(t, "+OK", tt.want)
				})
			}
		}
	}
}

// TestBareLFAfterCRLF has messages in bare LF behind a status line in CRLF: they do not end, and are never OK.
func TestBareLFAfterCRLF(t *testing.T) {
	for name, wire := range map[string]string{"end with CRLF": "a\nb\n.\r\n", "end with LF": "a\nb\n.\n", "no end": "a\r\n.", "half an end": "a\r\n.\r"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from, c := newRig(t, nil, pipes).stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, "\nC: RETR 1\nS: +OK\n"+scriptOf(wire))
				l, err := join(from.g.Retr(t.Context(), &pb.RetrRequest{SessionId: from.session, MessageNumber: 1}))
				wantFailure(t, "Retr", err, failure{codes.DeadlineExceeded, "TIMEOUT", map[string]string{"command": "RETR"}})
				if l.last != nil && l.last.GetOctets() != 0 {
					t.Errorf("there are totals: %v", l.last)
				}
				from.over(t, c)
			})
		})
	}
}

// TestRandomMessages retrieves messages made of what is awkward from a server that stuffs as the RFC has it.
func TestRandomMessages(t *testing.T) {
	pieces := []string{"\r\n", "\r\n", ".", "..", "\n", "\r", "\n.", "\r\n.", "\x00", "x", "\xff", strings.Repeat("long ", 700)}
	random := rand.New(rand.NewPCG(1939, 1081))
	texts := make([]string, 300)
	drop := pop3test.NewMaildrop(password)
	for i := range texts {
		for range random.IntN(40) {
			texts[i] += pieces[random.IntN(len(pieces))]
		}
		texts[i] += "\r\n"
		drop.Add(pop3test.NewMessage([]byte(texts[i])))
	}
	srv := pop3test.NewServer(map[string]*pop3test.Maildrop{"alice": drop})
	defer srv.Close()
	g := newGateway(t, nil)
	id := g.openSession(t, target(t, srv.Addr, pb.TlsMode_TLS_MODE_STLS, srv.CertificatePEM()))
	g.login(t, id, "alice", password)
	for i, text := range texts {
		l, err := join(g.Retr(t.Context(), &pb.RetrRequest{
			SessionId: id, MessageNumber: uint32(i + 1), MaxOctets: new(int64(len(text))), WantSha256: true,
		}))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		l.check(t, l.response, text)
		if agrees := l.last.(*pb.RetrResponse).SizeAgrees; agrees == nil || !*agrees {
			t.Errorf("%q: size_agrees is %v", text, agrees)
		}
	}
}

// TestStreamOfMessage looks at the parts of a message that needs many.
func TestStreamOfMessage(t *testing.T) {
	text := strings.Repeat("0123456789abcde\n", 64<<10) + "\r\n"
	drop := pop3test.NewMaildrop(password, pop3test.NewMessage([]byte(text)))
	srv := pop3test.NewServer(map[string]*pop3test.Maildrop{"alice": drop})
	defer srv.Close()
	g := newGateway(t, func(c *Config) { c.UnsafeAllowPlaintext = true })
	id := g.openSession(t, plain(t, srv.Addr))
	g.login(t, id, "alice", password)
	parts, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1}))
	if err != nil || len(parts) < 2 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	for i, p := range parts {
		first, last := i == 0, i == len(parts)-1
		if (p.GetResponse() != "") != first || (p.Octets != nil) != last || (p.Crc32 != nil) != last || p.SizeAgrees != nil || p.GetSha256() != nil {
			t.Errorf("part %d of %d: %.99v", i, len(parts), p)
		}
		if len(p.GetData()) > frameSize {
			t.Errorf("part %d has %d octets", i, len(p.GetData()))
		}
	}
}
