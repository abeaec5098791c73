package servers_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/popgate/popgate/interop/internal/drive"
	"github.com/popgate/popgate/interop/internal/seed"
)

// A store is where bob's messages lie in the server's root.
type store struct {
	path string
	add  func(path string, i int, m seed.Message) (string, error)
}

func maildir(path string) store { return store{path, seed.AddToMaildir} }

func mbox(path string) store {
	return store{path, func(path string, i int, m seed.Message) (string, error) { return path, seed.AddToMbox(path, i, m) }}
}

func files(path string) store { return store{path, seed.AddToFiles} }

// A maildrop is what a direct connection sees of bob's, in order.
type maildrop struct {
	held    []held
	listed  []string // octets by LIST
	headers [][]byte // TOP n 0
}

// A held is a message of a maildrop: its unique-id, "" where there is none,
// and the digest of what of it is the same in every session.
type held struct {
	id     string
	digest [sha256.Size]byte
}

func (x *run) hold(id string, message []byte) held { return held{id, sha256.Sum256(x.stable(message))} }

// deliver has messages arrive in bob's maildrop, which is open in no session,
// and looks. The server opens it once before, since some then write to it.
func (x *run) deliver(t *testing.T, messages []seed.Message) maildrop {
	t.Helper()
	x.look(t) // so that the session before is over
	path := filepath.Join(x.Root, x.bob.path)
	owner, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		name, err := x.bob.add(path, x.delivered, m)
		if err != nil {
			t.Fatal(err)
		}
		x.delivered++
		as := owner.Sys().(*syscall.Stat_t)
		if err := os.Lchown(name, int(as.Uid), int(as.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	x.look(t)
	return x.look(t)
}

// look looks into bob's maildrop by a direct connection.
func (x *run) look(t *testing.T) (seen maildrop) {
	t.Helper()
	d := x.direct(t, bob)
	defer d.Conn.Close()
	list := fields(t, d.Multiline("LIST"))
	ids := make([]string, len(list))
	if _, missing := x.refuses["Uidl"]; !missing {
		ids = fields(t, d.Multiline("UIDL"))
	}
	for n, octets := range list {
		seen.listed = append(seen.listed, octets)
		seen.held = append(seen.held, x.hold(ids[n], d.Multiline(fmt.Sprintf("RETR %d", n+1))))
		seen.headers = append(seen.headers, d.Multiline(fmt.Sprintf("TOP %d 0", n+1))) // before RETR it makes Mailutils forget some bodies
	}
	d.Must("QUIT")
	return seen
}

// direct logs in by a direct connection. A server may take a moment to see
// that the session before is over.
func (x *run) direct(t *testing.T, u user) *drive.Dialogue {
	t.Helper()
	return x.logsIn(t, u, "UTF8") // as MailboxService does; who has it not refuses it
}

// logsIn is direct with other commands before the login.
func (x *run) logsIn(t *testing.T, u user, first ...string) *drive.Dialogue {
	t.Helper()
	for deadline := time.Now().Add(drive.Patience); ; time.Sleep(drive.Patience / 600) {
		d := x.raw(t, implicit)
		for _, command := range first {
			d.Command(command)
		}
		d.Must("USER " + u.name)
		reply := d.Command("PASS " + u.password)
		if strings.HasPrefix(reply, "+OK") {
			return d
		}
		d.Conn.Close()
		if time.Now().After(deadline) {
			t.Fatalf("a direct login: %q", reply)
		}
	}
}

// fields are the second fields of a listing, whose first ones count from 1.
func fields(t *testing.T, listing []byte) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(string(listing)) {
		number, field, _ := strings.Cut(strings.TrimRight(line, " \r\n"), " ")
		if number != fmt.Sprint(len(all)+1) {
			t.Fatalf("line %d of a listing is %q", len(all)+1, line)
		}
		all = append(all, field)
	}
	return all
}

// wantHeld expects bob's maildrop to hold exactly these messages.
func (x *run) wantHeld(t *testing.T, want []held) {
	t.Helper()
	if got := x.look(t).held; !slices.Equal(got, want) {
		t.Errorf("the maildrop holds %s, want %s", idsOf(got), idsOf(want))
	}
}

func idsOf(messages []held) string {
	var b strings.Builder
	for _, h := range messages {
		fmt.Fprintf(&b, "\n%s %.4x", h.id, h.digest)
	}
	return fmt.Sprintf("%d messages%s", len(messages), &b)
}
