package server

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestEndlessMessage: a server that never ends a message is read to the operator's limit and what sockets hold, and left. Nothing is
// deleted (B3).
func TestEndlessMessage(t *testing.T) {
	const limit, slack = 8 << 20, 8 << 20
	for name, line := range map[string]string{"lines": strings.Repeat("x", 1022) + "\r\n", "one line": "x", "dots": "..\r\n"} {
		t.Run(name, func(t *testing.T) {
			taken, rest := 0, ""
			pair := narrow(loopback(t))
			r := &rig{pair: pair}
			r.gateway = newGateway(t, func(c *Config) {
				c.UnsafeAllowPlaintext, c.dial, c.Limits.MessageOctets = true, r.dial, limit
			})
			c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_PLAINTEXT}, serve: func(conn net.Conn) error {
				defer conn.Close()
				err := recite(conn, "S: +OK\nC: RETR\nS: +OK")
				junk := bytes.Repeat([]byte(line), 64<<10/len(line))
				for err == nil && taken < 10*limit {
					var n int
					n, err = conn.Write(junk)
					taken += n
				}
				left, _ := io.ReadAll(conn)
				rest = string(left)
				return nil
			}}
			from := r.add(t.Context(), c)
			if err := from.open(); err != nil {
				t.Fatal(err)
			}
			l, err := join(r.Retr(t.Context(), &pb.RetrRequest{SessionId: from.session, MessageNumber: 1}))
			wantFailure(t, "Retr", err, failure{codes.ResourceExhausted, "MESSAGE_TOO_LARGE", map[string]string{
				"command": "RETR", "outcome": "NOT_COMMITTED",
			}})
			wantFailure(t, "Noop", from.noop(), ended("MESSAGE_TOO_LARGE"))
			from.over(t, c)
			if len(l.data) > limit || l.last != nil && l.last.GetOctets() != 0 || taken > limit*2+slack || rest != "" {
				t.Errorf("%d octets were taken, %d handed on; then %q was sent", taken, len(l.data), rest)
			}
		})
	}
}

// hostileIDs are unique-ids that RFC 1939 section 7 forbids, and that broke clients.
var hostileIDs = []string{
	"../../x", "/tmp/x", `..\..\x`, "C:x", "a/b", ".", "..", "a b", "\x1b[2J", "\xff\xfe", "caf\xc3\xa9", "a\x00b", "%2e%2e%2fx", "$(id)", "'; --",
	`\x41`, strings.Repeat("x", 71), strings.Repeat("y", 129), strings.Repeat("z", 2000), "same", "same",
}

// TestHostileUniqueIDs: each comes as an entry of its own, as a harmless text that works as if_unique_id, and no file has its name (B9).
func TestHostileUniqueIDs(t *testing.T) {
	top := t.TempDir()
	inner := filepath.Join(top, "a", "b", "c")
	if err := os.MkdirAll(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(inner)
	m := newMailbox(t, 0)
	for _, id := range hostileIDs {
		message := pop3test.NewMessage([]byte("x\r\n"))
		message.UniqueID = id
		m.drop.Messages = append(m.drop.Messages, message)
	}
	g := newGateway(t, m.piped)
	session := g.openMailbox(t)
	parts, err := collect(g.Uidl(t.Context(), &pb.UidlRequest{SessionId: session}))
	if err != nil || len(parts) != 1 || len(parts[0].GetEntries()) != len(hostileIDs) {
		t.Fatal(parts, err)
	}
	for i, entry := range parts[0].GetEntries() {
		id, number := entry.GetUniqueId(), uint32(i+1)
		if octets, ok := readEscaped(id); !ok || octets != hostileIDs[i] || !isHarmless(id) || entry.GetMessageNumber() != number {
			t.Errorf("%q: %v", hostileIDs[i], entry)
		}
		wrong := id + "x"
		_, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: session, MessageNumber: number, IfUniqueId: &wrong})
		wantFailure(t, id, err, failure{codes.FailedPrecondition, "UNIQUE_ID_MISMATCH", nil})
		if n := m.sent("DELE"); n != i {
			t.Errorf("%d DELE", n)
		}
		if _, err := g.Dele(t.Context(), &pb.DeleRequest{SessionId: session, MessageNumber: number, IfUniqueId: &id}); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	var files []string
	_ = filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if len(files) > 0 {
		t.Errorf("files %q", files)
	}
}

// TestNumbersDrift: where another message has the number, nothing is deleted, and neither where nobody can tell (C12).
func TestNumbersDrift(t *testing.T) {
	mismatch := failure{codes.FailedPrecondition, "UNIQUE_ID_MISMATCH", map[string]string{"command": "UIDL"}}
	malformed := failure{codes.FailedPrecondition, "MALFORMED_REPLY", map[string]string{"command": "UIDL"}}
	refused := failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{"command": "UIDL"}}
	r := newRig(t, nil, loopback(t))
	for _, tt := range []struct {
		reply string
		want  failure // the zero value is success
	}{
		{"+OK 2 wanted", failure{}},
		{"+OK 2 another", mismatch}, {"+OK 2 wante", mismatch}, {"+OK 2 wantedX", mismatch}, {"+OK 2 WANTED", mismatch}, {`+OK 2 wanted\x00`, mismatch},
		{"+OK 1 wanted", malformed}, {"+OK wanted", malformed}, {"+OK 2", malformed}, {"+OK", malformed}, {"+OK 2 ", malformed},
		{"-ERR no such message", refused},
	} {
		t.Run(tt.reply, func(t *testing.T) {
			lines := "\nC: UIDL 2\nS: " + tt.reply
			if tt.want.reason == "" {
				lines += "\nC: DELE 2\nS: +OK"
			}
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, lines+"\nC: NOOP\nS: +OK")
			switch err := from.dele(2, new("wanted")); {
			case tt.want.reason != "":
				wantFailure(t, "Dele", err, tt.want)
			case err != nil:
				t.Error(err)
			}
			if err := from.noop(); err != nil {
				t.Error(err)
			}
			from.over(t, c)
		})
	}
}

// TestTopIsNeverAMessage: what TOP returns has no field that could say that it is the whole message, and no type in common with Retr,
// however many lines were asked for and however few came (B27).
func TestTopIsNeverAMessage(t *testing.T) {
	top, retr := byName(t, "Top").Output(), byName(t, "Retr").Output()
	if top.FullName() == retr.FullName() || top.Fields().ByName("size_agrees") != nil || retr.Fields().ByName("size_agrees") == nil {
		t.Errorf("%v and %v", top.FullName(), retr.FullName())
	}
	source, err := os.ReadFile(filepath.Join("..", "proto", "popgate", "v1", "pop3_service.proto"))
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(source), "  rpc Top(")
	lines := strings.Split(before, "\n")
	comment := strings.Join(lines[max(0, len(lines)-8):], " ")
	if !strings.Contains(strings.ReplaceAll(comment, "  // ", ""), "never the whole message for certain") {
		t.Errorf("the comment of Top: %s", comment)
	}
	r := newRig(t, nil, loopback(t)) // a server that has more, cuts it at 80 KiB, and says nothing
	cut := strings.Repeat(strings.Repeat("x", 1022)+"\r\n", 80)
	script := "\nC: TOP 1 4294967295\nS: +OK 100000 octets\n" + strings.ReplaceAll("S: "+strings.TrimSuffix(cut, "\r\n"), "\r\n", "\nS: ") + "\nS: ."
	from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, script)
	parts, err := collect(r.Top(t.Context(), &pb.TopRequest{SessionId: from.session, MessageNumber: 1, Lines: 1<<32 - 1}))
	if err != nil || parts[len(parts)-1].GetOctets() != int64(len(cut)) || slices.ContainsFunc(parts, func(p *pb.TopResponse) bool {
		return len(p.ProtoReflect().GetUnknown()) > 0 // the gateway writes Top and Retr by one encoder
	}) {
		t.Errorf("%s, %v", fmt.Sprint(parts[len(parts)-1]), err)
	}
	from.over(t, c)
}
