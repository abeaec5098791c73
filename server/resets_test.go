package server

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// resetCalls are calls as gRPC tells resets of them.
type resetCalls struct {
	*resets
	t     *testing.T
	first int // callers that were said to be refused
}

func newResetCalls(t *testing.T) *resetCalls {
	t.Helper()
	callers := callersOf(t, testRoles+"callers:\n"+entryOf("a", "all", "a")+entryOf("b", "all", "b"), nil)
	calls := &resetCalls{t: t}
	calls.resets = newResets(func() *policy { return &policy{callers: callers} }, func(_ string, first bool) {
		if first {
			calls.first++
		}
	})
	return calls
}

// connect returns the context of a connection.
func (c *resetCalls) connect(address string) context.Context {
	ctx := peer.NewContext(c.t.Context(), &peer.Peer{Addr: &net.TCPAddr{IP: net.ParseIP(address), Port: 1}})
	return c.TagConn(ctx, nil)
}

// call makes a call that takes a while and ends with an error, and reports whether it was let in.
func (c *resetCalls) call(conn context.Context, token string, takes time.Duration, err error) bool {
	c.t.Helper()
	end := c.start(conn, token)
	if end == nil {
		return false
	}
	time.Sleep(takes)
	end(err)
	return true
}

// start begins a call, and returns what ends it, or nil.
func (c *resetCalls) start(conn context.Context, token string) func(error) {
	c.t.Helper()
	begun := time.Now()
	ctx, err := c.begin(metadata.NewIncomingContext(conn, metadata.Pairs("authorization", "Bearer "+token)), nil)
	if err != nil {
		if status.Code(err) != codes.ResourceExhausted || reasonOf(err) != "ERROR_REASON_QUOTA_EXCEEDED" || retryOf(err) != time.Second {
			c.t.Fatalf("refused with %v", err)
		}
		return nil
	}
	c.HandleRPC(ctx, &stats.Begin{BeginTime: begun})
	return func(err error) { c.HandleRPC(ctx, &stats.End{BeginTime: begun, EndTime: time.Now(), Error: err}) }
}

var errReset = status.Error(codes.Canceled, "reset")

// TestResets: who takes calls back at once gets so many a second, wherever its connections come from; calls that end otherwise cost
// nothing, and neither does anything of another's.
func TestResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newResetCalls(t)
		conn := c.connect("192.0.2.1")
		for _, err := range []error{nil, status.Error(codes.NotFound, "no"), status.Error(codes.DeadlineExceeded, "late")} {
			for range 2 * callerResets {
				if !c.call(conn, "a", 0, err) {
					t.Fatalf("refused, and none was reset, but ended with %v", err)
				}
			}
		}
		for range 2 * callerResets {
			if !c.call(conn, "a", young, errReset) {
				t.Fatal("refused, and all that were cancelled had lasted")
			}
		}
		begun, n := time.Now(), 0
		for ; c.call(conn, "a", 0, errReset); n++ {
		}
		if n != callerResets+int(resetsPerSecond*time.Since(begun).Seconds()) {
			t.Errorf("%d were reset until one was refused", n)
		}
		if c.call(c.connect("192.0.2.1"), "a", 0, nil) {
			t.Error("another connection helps")
		}
		if other := c.connect("192.0.2.2"); !c.call(other, "a", 0, nil) { // as nobody looks there yet
			t.Error("refused where no call was reset")
		}
		for _, token := range []string{"b", "unknown"} {
			if !c.call(conn, token, 0, nil) {
				t.Errorf("%s is refused", token)
			}
		}
		if c.first != 1 {
			t.Errorf("said of %d callers", c.first)
		}
		synctest.Wait()
	})
}

// TestResetsRunning: calls that run may be reset yet, and count until they end. From then on there are so many a second.
func TestResetsRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newResetCalls(t)
		conn := c.connect("192.0.2.1")
		for c.call(conn, "a", 0, errReset) {
		}
		for range 3 {
			time.Sleep(time.Second)
			var ends []func(error)
			for range resetsPerSecond / 2 {
				end := c.start(conn, "a")
				if end == nil {
					t.Fatal("refused too early")
				}
				ends = append(ends, end)
			}
			for range resetsPerSecond / 2 {
				if !c.call(conn, "a", 0, errReset) {
					t.Fatal("refused too early")
				}
			}
			if c.call(conn, "a", 0, nil) {
				t.Error("more than there may be")
			}
			for _, end := range ends {
				end(nil)
			}
			for range resetsPerSecond / 2 {
				if !c.call(conn, "a", 0, errReset) {
					t.Fatal("calls that ended well count")
				}
			}
			if c.call(conn, "a", 0, nil) {
				t.Error("more than there may be")
			}
		}
	})
}

// TestResetsWithDeadline: a call with a deadline is refused by its handler: gRPC would keep its timer, and be it for years.
func TestResetsWithDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newResetCalls(t)
		conn := c.connect("192.0.2.1")
		for c.call(conn, "a", 0, errReset) {
		}
		ctx, cancel := context.WithTimeout(metadata.NewIncomingContext(conn, metadata.Pairs("authorization", "Bearer a")), time.Hour)
		defer cancel()
		marked, err := c.begin(ctx, nil)
		if err != nil {
			t.Fatalf("refused with %v", err)
		}
		for name, want := range map[string]struct {
			ctx context.Context
			err error
		}{"refused": {marked, errResets}, "another call": {ctx, nil}} {
			called := false
			_, err := refusing().unary(want.ctx, nil, nil, func(context.Context, any) (any, error) {
				called = true
				return nil, nil
			})
			if !errors.Is(err, want.err) || called == (err != nil) {
				t.Errorf("%s: %v, called %v", name, err, called)
			}
		}
		begun := time.Now()
		c.HandleRPC(marked, &stats.Begin{BeginTime: begun})
		c.HandleRPC(marked, &stats.End{BeginTime: begun, EndTime: begun, Error: errResets})
		time.Sleep(2 * young)
		if !connectionOf(conn).useless() {
			t.Error("a refusal counts as use")
		}
	})
}

// TestResetsPause: a connection that is of use to nobody is read slowly, and no other.
func TestResetsPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newResetCalls(t)
		conn, shared := c.connect("192.0.2.1"), c.connect("192.0.2.1")
		waits := func(conn context.Context) time.Duration {
			begun := time.Now()
			for c.call(conn, "a", 0, errReset) {
			}
			return time.Since(begun)
		}
		if got := waits(conn); got != 0 {
			t.Errorf("waits %v, and has just connected", got)
		}
		time.Sleep(2 * young)
		if got := waits(conn); got != refusalPause {
			t.Errorf("waits %v", got)
		}
		over := c.start(shared, "b")
		time.Sleep(2 * young)
		if got := waits(shared); got != 0 {
			t.Errorf("waits %v, and a call is running", got)
		}
		over(nil)
		if got := waits(shared); got != 0 {
			t.Errorf("waits %v, and a call has just ended well", got)
		}
		time.Sleep(2 * young)
		if got := waits(shared); got != refusalPause {
			t.Errorf("waits %v, a while after that", got)
		}
	})
}

// TestResetsAreForgotten: who has had nothing reset for a while takes no memory, and many that have are not looked through each time.
func TestResetsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newResetCalls(t)
		reset := func(n int) {
			for range n {
				c.addLocked(resetter{address: netip.AddrFrom4([4]byte{10, byte(len(c.each) >> 16), byte(len(c.each) >> 8), byte(len(c.each))})}, -1)
			}
		}
		reset(mostLimiters + 1)
		if len(c.each) != mostLimiters+1 || c.enough != 2*mostLimiters {
			t.Errorf("%d are remembered, and looked through at %d", len(c.each), c.enough)
		}
		reset(mostLimiters - 1)
		time.Sleep(time.Second)
		c.addLocked(resetter{caller: "one more"}, -1)
		if len(c.each) != 1 || c.enough != mostLimiters {
			t.Errorf("%d are remembered, and looked through at %d", len(c.each), c.enough)
		}
	})
}
