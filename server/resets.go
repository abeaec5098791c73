package server

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	grpctap "google.golang.org/grpc/tap"
)

// Limits of calls that are begun and taken back at once.
const (
	young           = time.Second // such a call is counted; one that has lasted longer was meant
	addressResets   = 10          // of an address, in a row and a second, before its callers are looked at
	callerResets    = maxStreams  // of a caller, in a row
	resetsPerSecond = 50          // of a caller, from then on
	refusalPause    = 10 * time.Millisecond
)

// resets hold up who begins calls and takes them back at once (CVE-2023-44487), or has the gateway do so (CVE-2025-8671): each costs
// the gateway the work of a call, and the caller nothing. Calls of a caller that has done so too often are refused before anything
// is begun for them. Which caller it is costs some work too, so that this is asked for addresses alone that calls were taken back
// from; an address can be that of a proxy, and of many callers, and nobody is refused for it.
type resets struct {
	policy  func() *policy
	refused func(caller string, first bool)

	mu     sync.Mutex
	each   map[resetter]*credit
	enough int // of them to look which can be forgotten
}

// resetter is an address, or a caller: one that is not known, or is everyone, has the address too.
type resetter struct {
	address netip.Addr
	caller  string
}

// credit is how many calls may still be taken back.
type credit struct {
	left      float64
	at        time.Time // when it was so many
	exhausted bool      // and said so
}

func newResets(policy func() *policy, refused func(caller string, first bool)) *resets {
	return &resets{policy: policy, refused: refused, each: map[resetter]*credit{}, enough: mostLimiters}
}

// most is how many calls may be taken back in a row, and how many more each second.
func (r resetter) most() (atOnce, perSecond float64) {
	if r.caller == "" {
		return addressResets, addressResets
	}
	return callerResets, resetsPerSecond
}

// addLocked adds to what is left for r, and returns it.
func (rs *resets) addLocked(r resetter, n float64) *credit {
	now := time.Now()
	atOnce, perSecond := r.most()
	c := rs.each[r]
	if c == nil {
		if len(rs.each) >= rs.enough {
			rs.forgetLocked(now)
		}
		c = &credit{left: atOnce, at: now}
		rs.each[r] = c
	}
	c.left, c.at = min(atOnce, c.left+perSecond*now.Sub(c.at).Seconds()+n), now
	return c
}

// forgetLocked forgets who has all there is. As with penalties, it does so again when there are twice as many as were left.
func (rs *resets) forgetLocked(now time.Time) {
	for r, c := range rs.each {
		if atOnce, perSecond := r.most(); c.left+perSecond*now.Sub(c.at).Seconds() >= atOnce {
			delete(rs.each, r)
		}
	}
	rs.enough = max(mostLimiters, 2*len(rs.each))
}

// addressOf returns the address that a call comes from.
func addressOf(ctx context.Context) netip.Addr {
	from, _ := peer.FromContext(ctx)
	if from == nil {
		return netip.Addr{}
	}
	tcp, _ := from.Addr.(*net.TCPAddr)
	return tcp.AddrPort().Addr().Unmap()
}

// callerOf returns who makes a call that is not admitted yet.
func (rs *resets) callerOf(ctx context.Context, address netip.Addr) resetter {
	if who, err := rs.policy().identify(ctx); err == nil && who.name != everyone {
		return resetter{caller: who.name}
	}
	return resetter{address: address, caller: everyone}
}

type resetterKey struct{}

// begin lets a call begin, or refuses it. It runs where the connection is read, and holds up all that comes there. A call that may be
// one more to be taken back is counted as such from the start: of those there may be no more at once either.
func (rs *resets) begin(ctx context.Context, _ *grpctap.Info) (context.Context, error) {
	address := addressOf(ctx)
	rs.mu.Lock()
	seen := rs.each[resetter{address: address}] != nil && rs.addLocked(resetter{address: address}, 0).left < 1
	rs.mu.Unlock()
	if !seen {
		return ctx, nil
	}
	who := rs.callerOf(ctx, address)
	rs.mu.Lock()
	c := rs.addLocked(who, 0)
	if c.left >= 1 {
		c.left--
		rs.mu.Unlock()
		return context.WithValue(ctx, resetterKey{}, who), nil
	}
	first := !c.exhausted
	c.exhausted = true
	rs.mu.Unlock()
	rs.refused(who.caller, first)
	if connectionOf(ctx).useless() {
		time.Sleep(refusalPause) // nobody is held up but who begins those calls
	}
	if _, ends := ctx.Deadline(); ends {
		return context.WithValue(ctx, refusedKey{}, true), nil // gRPC would keep the timer of a call that is refused here until it ends
	}
	return ctx, errResets
}

type refusedKey struct{}

// refusing refuses the calls that begin could not.
func refusing() step {
	return around(func(ctx context.Context, next func(context.Context) error) error {
		if ctx.Value(refusedKey{}) != nil {
			return errResets
		}
		return next(ctx)
	})
}

// errResets is made once: it is said often.
var errResets = func() error {
	st, _ := statusOf(context.Background(), quotaExceeded("caller", "too many calls of this caller were reset as soon as they had begun"))
	return st.Err()
}()

// resetRefused tells of a call that was refused, and once of its caller.
func (s *Server) resetRefused(caller string, first bool) {
	s.registry.observer.metrics.resetRefusals.Inc()
	if first {
		s.config.Log.Warn("a caller resets its calls as soon as they have begun: more of them are refused", "caller", caller)
	}
}

// HandleRPC implements stats.Handler.
func (rs *resets) HandleRPC(ctx context.Context, s stats.RPCStats) {
	conn := connectionOf(ctx)
	if _, ok := s.(*stats.Begin); ok {
		conn.running.Add(1)
	}
	end, ok := s.(*stats.End)
	if !ok {
		return
	}
	reset := status.Code(end.Error) == codes.Canceled && end.EndTime.Sub(end.BeginTime) < young
	conn.running.Add(-1)
	if ctx.Value(refusedKey{}) != nil {
		return
	}
	if !reset {
		conn.useful.Store(int64(end.EndTime.Sub(conn.began)))
	}
	counted, wasCounted := ctx.Value(resetterKey{}).(resetter)
	if !reset && !wasCounted {
		return
	}
	address := addressOf(ctx)
	if !wasCounted {
		counted = rs.callerOf(ctx, address)
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if reset {
		rs.addLocked(resetter{address: address}, -1)
	}
	switch {
	case reset && !wasCounted:
		rs.addLocked(counted, -1)
	case !reset && wasCounted:
		rs.addLocked(counted, 1)
	}
	if c := rs.each[counted]; c != nil && c.left > callerResets/2 {
		c.exhausted = false
	}
}

// TagRPC implements stats.Handler.
func (rs *resets) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// connection is one of a caller's, or of a proxy's.
type connection struct {
	running atomic.Int32 // calls
	began   time.Time
	useful  atomic.Int64 // how much later a call ended last that was not taken back, in nanoseconds
}

// useless reports whether there has been nothing of late but calls that were taken back or refused.
func (c *connection) useless() bool {
	return c.running.Load() == 0 && time.Since(c.began)-time.Duration(c.useful.Load()) > young
}

type connectionKey struct{}

// connectionOf returns the connection that a call came by, as TagConn has noted it.
func connectionOf(ctx context.Context) *connection { return ctx.Value(connectionKey{}).(*connection) }

// TagConn implements stats.Handler.
func (rs *resets) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{began: time.Now()})
}

// HandleConn implements stats.Handler.
func (rs *resets) HandleConn(context.Context, stats.ConnStats) {}
