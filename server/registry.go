package server

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// registry holds the sessions of this replica, those that live and those that ended a short while ago.
type registry struct {
	replica string
	limits  Limits
	quota   func(caller string) int // how many sessions a caller may have, 0 for the limit of all; nil: always that

	observer *observer

	mu       sync.Mutex
	sessions map[string]*session // by id; ended ones too, until their tombstone is over
	ended    []*session          // those that ended, the oldest first
	live     int
	callers  map[string]int // live sessions of each
	hosts    map[string]int
	waiters  []*waiter       // in order of arrival; for none of them there is a place
	entry    context.Context //nolint:containedctx // ends when nothing new is let in
	shut     context.CancelFunc
	jobs     context.Context //nolint:containedctx // ends when the calls of MailboxService have to
	stopJobs context.CancelFunc
	changed  chan struct{} // closed and made anew whenever live falls
}

// waiter waits for a place.
type waiter struct {
	caller, host string
	admitted     chan struct{} // closed when the place is reserved
}

func newRegistry(replica string, limits Limits) *registry {
	entry, shut := context.WithCancel(context.Background())
	jobs, stopJobs := context.WithCancel(context.Background())
	return &registry{
		replica: replica, limits: limits, observer: newObserver(Config{}), entry: entry, shut: shut, jobs: jobs, stopJobs: stopJobs, changed: make(chan struct{}),
		sessions: map[string]*session{}, callers: map[string]int{}, hosts: map[string]int{},
	}
}

// newID returns a session id: the replica's name and 256 random bits.
func (r *registry) newID() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: it ends the process instead
	return r.replica + "." + base64.RawURLEncoding.EncodeToString(random[:])
}

// reserve takes a place for a session before anything is dialled. The place is given back by free, or when the session ends.
func (r *registry) reserve(caller, host string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reserveLocked(caller, host)
}

func (r *registry) reserveLocked(caller, host string) error {
	if r.drainingLocked() {
		return draining()
	}
	if full := r.fullLocked(caller, host); full != nil {
		return full
	}
	r.takeLocked(caller, host)
	return nil
}

// fullLocked says which limit there is no place below, or nil.
func (r *registry) fullLocked(caller, host string) *fault {
	switch {
	case r.callers[caller] >= r.sessionsOf(caller):
		return quotaExceeded("caller", "too many sessions of this caller")
	case r.hosts[host] >= r.limits.SessionsPerHost:
		return quotaExceeded("host", "too many sessions with this host")
	case r.live >= r.limits.Sessions:
		return quotaExceeded("gateway", "too many sessions")
	}
	return nil
}

// sessionsOf returns how many sessions a caller may have.
func (r *registry) sessionsOf(caller string) int {
	if r.quota != nil {
		if n := r.quota(caller); n > 0 {
			return n
		}
	}
	return r.limits.SessionsPerCaller
}

func (r *registry) takeLocked(caller, host string) {
	r.live++
	r.callers[caller]++
	r.hosts[host]++
}

// await reserves a place, and waits for it where there is none, as long as the context lasts. A place that is given back goes to the
// waiter that came first, among those that no other limit keeps out: they stay where they are in the queue, and hold up nobody.
func (r *registry) await(ctx context.Context, caller, host string) error {
	r.mu.Lock()
	err := r.reserveLocked(caller, host) // overtakes nobody: a place that a waiter could have is not free
	if err == nil || r.drainingLocked() {
		r.mu.Unlock()
		return err
	}
	w := &waiter{caller, host, make(chan struct{})}
	r.waiters = append(r.waiters, w)
	r.mu.Unlock()
	select {
	case <-w.admitted:
		return nil
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.waiters, w); i >= 0 {
		r.waiters = slices.Delete(r.waiters, i, i+1)
	} else {
		r.freeLocked(caller, host) // it came at the last moment: the next one gets it
	}
	return err
}

// admitLocked gives places to the waiters that can have one now.
func (r *registry) admitLocked() {
	if r.drainingLocked() {
		return // they leave by themselves
	}
	r.waiters = slices.DeleteFunc(r.waiters, func(w *waiter) bool {
		if r.live >= r.limits.Sessions || r.fullLocked(w.caller, w.host) != nil {
			return false
		}
		r.takeLocked(w.caller, w.host)
		close(w.admitted)
		return true
	})
}

// limitSessions changes how many sessions there may be. The other limits are read without the lock, and stay.
func (r *registry) limitSessions(limits Limits) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limits.Sessions, r.limits.SessionsPerCaller, r.limits.SessionsPerHost = limits.Sessions, limits.SessionsPerCaller, limits.SessionsPerHost
	r.admitLocked()
}

// drainingLocked reports whether nothing new is let in.
func (r *registry) drainingLocked() bool { return r.entry.Err() != nil }

// free gives a place back.
func (r *registry) free(caller, host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.freeLocked(caller, host)
}

func (r *registry) freeLocked(caller, host string) {
	wasFull := r.fullLocked(caller, host) != nil // else it is no place that anybody waits for
	r.live--
	countDown(r.callers, caller)
	countDown(r.hosts, host)
	if wasFull {
		r.admitLocked()
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

func countDown(counts map[string]int, key string) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}

// add makes a session known whose place is reserved. It fails where the replica began to drain meanwhile.
func (r *registry) add(s *session) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.drainingLocked() {
		return draining()
	}
	r.sessions[s.id] = s
	return nil
}

// find returns the caller's session. Another caller's does not exist.
func (r *registry) find(caller, id string) (*session, error) {
	if i := strings.LastIndexByte(id, '.'); i > 0 && id[:i] != r.replica {
		return nil, wrongReplica(id[:i])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sessions[id]; s != nil && s.caller == caller {
		return s, nil
	}
	return nil, sessionNotFound()
}

// tombstonesPerSession bounds the memory of ended sessions under a storm of short ones.
const tombstonesPerSession = 10

// bury frees the place of a session that has ended, and remembers it for a while.
func (r *registry) bury(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sessions[s.id] != s {
		return // it was never added; whoever reserved its place frees it
	}
	r.freeLocked(s.caller, s.host)
	r.ended = append(r.ended, s)
	if len(r.ended) > tombstonesPerSession*r.limits.Sessions {
		r.forgetLocked(1)
	}
	time.AfterFunc(r.limits.Tombstone, r.forgetOld)
}

// forgetOld forgets the sessions whose tombstone is over.
func (r *registry) forgetOld() {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for n < len(r.ended) && time.Since(r.ended[n].over) >= r.limits.Tombstone {
		n++
	}
	r.forgetLocked(n)
}

func (r *registry) forgetLocked(n int) {
	for _, s := range r.ended[:n] {
		delete(r.sessions, s.id)
	}
	clear(r.ended[:n])
	r.ended = r.ended[n:]
}

// drain lets no new session in and returns those that are known, ended ones among them.
func (r *registry) drain() []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shut()
	return slices.Collect(maps.Values(r.sessions))
}

// waitEmpty returns when no session lives, or when stop is closed.
func (r *registry) waitEmpty(stop <-chan struct{}) {
	for {
		r.mu.Lock()
		live, changed := r.live, r.changed
		r.mu.Unlock()
		if live == 0 {
			return
		}
		select {
		case <-changed:
		case <-stop:
			return
		}
	}
}
