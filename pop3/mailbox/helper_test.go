package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// text is what the message with a unique-id says.
func text(id string) string {
	return "Subject: " + id + "\r\n\r\nbody of " + id + "\r\n.\r\nsecond line\r\n"
}

// dropOf returns alice's maildrop, with a message for each unique-id; equal ones make a damaged maildrop.
func dropOf(ids ...string) *pop3test.Maildrop {
	drop := pop3test.NewMaildrop("secret")
	addTo(drop, ids...)
	return drop
}

func addTo(drop *pop3test.Maildrop, ids ...string) {
	for _, id := range ids {
		m := pop3test.NewMessage([]byte(text(id)))
		m.UniqueID = id
		drop.Add(m)
	}
}

// numbered returns id-1 to id-n.
func numbered(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("id-%d", i+1))
	}
	return ids
}

// rig is a mailbox whose server is at the other end of a net.Pipe.
type rig struct {
	*Mailbox

	srv   *pop3test.Server
	drop  *pop3test.Maildrop
	opts  *pop3.Options
	serve func(login int, conn net.Conn) // in place of srv; the first login is 1
	dials int
	over  sync.WaitGroup
}

// rigs counts them.
var rigs atomic.Int64

// newRig returns a rig. What it has may be changed before the first job.
func newRig(t *testing.T, ids ...string) *rig {
	t.Helper()
	drop := dropOf(ids...)
	r := &rig{
		drop: drop, srv: &pop3test.Server{Maildrops: map[string]*pop3test.Maildrop{"alice": drop}},
		opts: &pop3.Options{Mode: pop3.Plaintext, UnsafeAllowPlaintext: true},
	}
	r.serve = func(_ int, conn net.Conn) { r.srv.ServeConn(conn) }
	r.opts.DialContext = r.dial
	address := fmt.Sprintf("rig%d.example:110", rigs.Add(1)) // servers that were caught are remembered by it
	r.Mailbox = &Mailbox{
		Dial:        func(ctx context.Context) (*pop3.Client, error) { return pop3.Dial(ctx, address, r.opts) },
		Credentials: pop3.Credentials{Username: "alice", Password: "secret"},
		Name:        "alice",
	}
	t.Cleanup(r.over.Wait)
	return r
}

// dial waits for the end of the session before, which has the maildrop.
func (r *rig) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r.over.Wait()
	r.dials++
	login := r.dials
	client, server := net.Pipe()
	r.over.Go(func() {
		defer server.Close()
		r.serve(login, server)
	})
	return client, nil
}

// sent returns how many lines that begin with a verb came to srv.
func (r *rig) sent(verb string) (n int) {
	for _, line := range r.srv.Commands() {
		if line == verb || strings.HasPrefix(line, verb+" ") {
			n++
		}
	}
	return n
}

// answering returns an Intercept that answers lines by a table. A reply of multiple lines has no last line end in the table.
func answering(replies map[string]string) func(string) (string, bool) {
	return func(line string) (string, bool) {
		reply, ok := replies[line]
		return reply + "\r\n", ok
	}
}

// recorder is a Sink that keeps all.
type recorder struct {
	progress Progress
	events   []string // "1 id-1", "failed 2", "skipped 3", "cursor", and "begun 4" of what is not whole
	whole    []Delivery
	texts    []string
	cursors  [][]byte

	deliver func(d *Delivery) error // in place of reading it
	at      string                  // the event that returns errSink
}

var errSink = errors.New("the sink has enough")

func (r *recorder) add(format string, args ...any) error {
	event := fmt.Sprintf(format, args...)
	r.events = append(r.events, event)
	if r.at != "" && strings.HasPrefix(event, r.at) {
		return errSink
	}
	return nil
}

func (r *recorder) Progress(p Progress) error {
	r.progress = p
	return r.add("progress")
}

func (r *recorder) Deliver(d *Delivery) error {
	if r.deliver != nil {
		return r.deliver(d)
	}
	return r.read(d)
}

func (r *recorder) read(d *Delivery) error {
	all, err := io.ReadAll(d)
	if err != nil {
		return errors.Join(r.add("begun %d", d.Number), err)
	}
	r.whole, r.texts = append(r.whole, *d), append(r.texts, string(all))
	return r.add("%d %s", d.Number, d.UniqueID)
}

func (r *recorder) Failed(_ uint64, item Item, refused *pop3.RefusedError) error {
	return r.add("failed %d %s", item.Number, refused.Response)
}

func (r *recorder) Skipped(_ uint64, item Item) error { return r.add("skipped %d", item.Number) }

func (r *recorder) Cursor(cursor []byte) error {
	r.cursors = append(r.cursors, slices.Clone(cursor))
	return r.add("cursor")
}

// last returns the last cursor.
func (r *recorder) last() []byte { return r.cursors[len(r.cursors)-1] }

// want checks the events.
func (r *recorder) want(t *testing.T, events string) {
	t.Helper()
	if got := strings.Join(r.events, "|"); got != events {
		t.Errorf("got  %s\nwant %s", got, events)
	}
	for i, d := range r.whole {
		if r.texts[i] != text(d.UniqueID) {
			t.Errorf("message %d: %q", d.Number, r.texts[i])
		}
	}
}

// knows checks which of some unique-ids a cursor knows, and that it knows no others.
func knows(t *testing.T, name string, cursor []byte, ids ...string) {
	t.Helper()
	c, err := parseCursor(name, cursor)
	if err != nil {
		t.Fatal(err)
	}
	var marks []uint64
	for _, id := range ids {
		marks = append(marks, c.mark([]byte(id)))
	}
	if slices.Sort(marks); !slices.Equal(marks, c.marks) {
		t.Errorf("the cursor has %d marks, and not those of %.100q", len(c.marks), ids)
	}
}

// contextOf returns a context that is cancelled at the end of the test at the latest.
func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}
