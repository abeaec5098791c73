package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

var killings = flag.Int("kills", 20, "at how many points TestKilledGateway kills")

// trigger does something once a seeded amount of work is done: octets that a POP3 server hands out, and commands that it gets.
type trigger struct {
	spent, limit atomic.Int64
	pull         atomic.Pointer[func()]
}

const (
	perCommand = 2000    // what a command weighs, in octets
	atQuit     = 1 << 40 // what the first QUIT does: more than all before it
	never      = 1 << 62
)

func (g *trigger) spend(weight int) {
	if now := g.spent.Add(int64(weight)); now >= g.limit.Load() && now-int64(weight) < g.limit.Load() {
		(*g.pull.Load())()
	}
}

// set has f called after so much work.
func (g *trigger) set(limit int64, f func()) {
	g.pull.Store(&f)
	g.spent.Store(0)
	g.limit.Store(limit)
}

// killRig is a POP3 server with a mailbox for each point, and the gateway that is killed next.
type killRig struct {
	work    trigger
	quits   atomic.Int64 // lines that the server has got
	srv     *pop3test.Server
	sums    map[string]map[string]bool // by user: SHA-256 of the messages
	gateway *process

	lost, again, during int
}

// lettersEach is how many messages a mailbox has.
const lettersEach = 12

func newKillRig(t *testing.T, points int) *killRig {
	t.Helper()
	rig := &killRig{sums: map[string]map[string]bool{}, srv: pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{})}
	rig.work.set(never, func() {})
	rig.srv.DiscardCommands = true
	rig.srv.Intercept = func(line string) (string, bool) {
		rig.work.spend(perCommand)
		if line == "QUIT" {
			rig.quits.Add(1)
			rig.work.spend(atQuit)
		}
		return "", false
	}
	for i := range points {
		user := fmt.Sprint("user", i)
		messages, all := letters(rand.New(rand.NewPCG(4, uint64(i))), lettersEach)
		for k := range messages {
			open := messages[k].Open
			messages[k].Open = func() io.Reader { return &metered{open(), rig.work.spend} }
		}
		rig.srv.Maildrops[user], rig.sums[user] = pop3test.NewMaildrop(password, messages...), all
	}
	rig.srv.Start()
	t.Cleanup(rig.srv.Close)
	rig.restart(t)
	return rig
}

func (r *killRig) restart(t *testing.T) {
	t.Helper()
	r.gateway = start(t, "popgate", append([]string{"serve", "--listen", "127.0.0.1:0"}, towards(r.srv)...)...)
}

// storer returns a caller of the gateway that runs now.
func (r *killRig) storer(t *testing.T, user string, stored map[string]bool) *storer {
	t.Helper()
	conn := connect(t, r.gateway.address())
	return &storer{
		client: pb.NewPop3ServiceClient(conn), mailboxes: pb.NewMailboxServiceClient(conn), srv: r.srv, user: user, stored: stored,
	}
}

// point runs one mailbox up to a kill, and looks at what is left.
func (r *killRig) point(t *testing.T, i int) {
	t.Helper()
	user := fmt.Sprint("user", i)
	drop, c := r.srv.Maildrops[user], r.storer(t, user, map[string]bool{})
	run := c.step
	if i%2 == 1 {
		run = c.collect
	}
	random := rand.New(rand.NewPCG(5, uint64(i)))
	octets := int64(0)
	for _, m := range drop.Snapshot() {
		octets += m.Octets
	}
	limit := 1 + random.Int64N(octets+(2*lettersEach+3)*perCommand)
	if i%5 == 0 {
		limit = atQuit
	}
	delay := time.Duration(random.Int64N(int64(3 * time.Millisecond)))
	r.quits.Store(0)
	r.work.set(limit, func() { time.AfterFunc(delay, func() { r.gateway.cmd.Process.Kill() }) })
	err := run(t.Context())
	if err != nil && errorInfo(err) == nil && status.Code(err) != codes.Unavailable {
		t.Errorf("point %d: the call ended with %v", i, err)
	}
	r.gateway.wait()
	if state := r.gateway.cmd.ProcessState; state.String() != "signal: killed" {
		t.Fatalf("point %d: %s", i, state)
	}
	r.work.set(never, func() {})
	eventually(t, func() error {
		if drop.InUse() {
			return errors.New("the maildrop is in use")
		}
		return nil
	})
	if i%2 == 0 && r.quits.Load() > int64(c.quits) {
		t.Errorf("point %d: %d QUITs for %d calls", i, r.quits.Load(), c.quits)
	}
	if len(c.stored) > 0 && len(c.stored) < lettersEach {
		r.during++
	}
	r.lost += missingFrom(t, r.sums[user], drop, c.stored)
	r.again += len(drop.Snapshot()) + len(c.stored) - lettersEach
	r.restart(t)
	r.rest(t, i, c.stored)
}

// rest collects what a kill has left.
func (r *killRig) rest(t *testing.T, i int, stored map[string]bool) {
	t.Helper()
	user := fmt.Sprint("user", i)
	drop := r.srv.Maildrops[user]
	c := r.storer(t, user, stored)
	if err := whileInUse(func() error { return c.collect(t.Context()) }); err != nil {
		t.Errorf("point %d: the second run: %v", i, err)
	}
	r.lost += missingFrom(t, r.sums[user], drop, stored)
	if len(stored) != lettersEach || len(drop.Snapshot()) != 0 {
		t.Errorf("point %d: %d of %d stored, %d left on the server", i, len(stored), lettersEach, len(drop.Snapshot()))
	}
}

// TestKilledGateway kills gateways by SIGKILL at seeded points of sessions that retrieve, mark and quit, and of CollectMessages. What
// the caller has not stored is on the server still, no QUIT is sent that nobody asked for, and a second run gets all that is left.
func TestKilledGateway(t *testing.T) {
	rig := newKillRig(t, *killings)
	for i := range *killings {
		rig.point(t, i)
	}
	t.Logf("killed %d times, %d of them with some messages stored and others not; lost %d, came twice %d",
		*killings, rig.during, rig.lost, rig.again)
	if rig.lost > 0 || rig.during == 0 {
		t.Errorf("lost %d; %d kills came in the middle", rig.lost, rig.during)
	}
}

// missingFrom counts the messages that are neither stored nor on the server.
func missingFrom(t *testing.T, all map[string]bool, drop *pop3test.Maildrop, stored map[string]bool) int {
	t.Helper()
	have := map[string]bool{}
	for _, m := range drop.Snapshot() {
		text, err := io.ReadAll(m.Open())
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		have[hex.EncodeToString(sum[:])] = true
	}
	missing := 0
	for sum := range all {
		if !have[sum] && !stored[sum] {
			missing++
		}
	}
	return missing
}
