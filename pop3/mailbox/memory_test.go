package mailbox

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestListingMemory: what a listing of 100,000 messages with the longest unique-ids of RFC 1939 holds, and what a plan of it adds.
func TestListingMemory(t *testing.T) {
	const messages, limit = 100_000, 16 << 20
	var uidl, sizes strings.Builder
	for i := range messages {
		fmt.Fprintf(&uidl, "%d %070d\r\n", i+1, i*i)
		fmt.Fprintf(&sizes, "%d %d\r\n", i+1, i)
	}
	replies := map[string]string{"UIDL": "+OK\r\n" + uidl.String() + ".", "LIST": "+OK\r\n" + sizes.String() + "."}
	r := newRig(t)
	r.srv.Intercept = answering(replies)
	c, _, err := r.login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	before := heap()
	l, err := list(t.Context(), c, false)
	if err != nil || l.Len() != messages || len(l.findings) > 0 {
		t.Fatal(err)
	}
	listing := heap() - before
	seen := newCursor("alice")
	p := planOf(l, seen.marksOf(l), Selection{}, seen, nil, 0)
	both := heap() - before
	t.Logf("the listing holds %d octets, with a plan %d", listing, both)
	if both > limit {
		t.Errorf("%d octets, want less than %d", both, limit)
	}
	runtime.KeepAlive(l)
	runtime.KeepAlive(p)
	runtime.KeepAlive(replies)
}

// heap returns the octets that are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
