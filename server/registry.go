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

	mu       sync.Mutex
	sessions map[string]*session // by id; ended ones too, until their tombstone is over
	ended    []*session          // those that ended, the oldest first
	live     int
	callers  map[string]int // live sessions of each
	hosts    map[string]int
	draining bool
	jobs     context.Context //nolint:containedctx // ends when the calls of MailboxService have to
	stopJobs context.CancelFunc
	changed  chan struct{} // closed and made anew whenever live falls
}

func newRegistry(replica string, limits Limits) *registry {
	jobs, stopJobs := context.WithCancel(context.Background())
	return &registry{
		replica: replica, limits: limits, jobs: jobs, stopJobs: stopJobs, changed: make(chan struct{}),
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
	switch {
	case r.draining:
		return draining()
	case r.callers[caller] >= r.limits.SessionsPerCaller:
		return quotaExceeded("too many sessions of this caller")
	case r.hosts[host] >= r.limits.SessionsPerHost:
		return quotaExceeded("too many sessions with this host")
	case r.live >= r.limits.Sessions:
		return quotaExceeded("too many sessions")
	}
	r.live++
	r.callers[caller]++
	r.hosts[host]++
	return nil
}

// await reserves a place, and waits for it where there is none, as long as the context lasts.
func (r *registry) await(ctx context.Context, caller, host string) error {
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		err := r.reserve(caller, host)
		if err == nil || r.closed() {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return err
		}
	}
}

// closed reports whether no new session is let in.
func (r *registry) closed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.draining
}

// free gives a place back.
func (r *registry) free(caller, host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.freeLocked(caller, host)
}

func (r *registry) freeLocked(caller, host string) {
	r.live--
	countDown(r.callers, caller)
	countDown(r.hosts, host)
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
	if r.draining {
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
	r.draining = true
	close(r.changed) // who waits for a place is told
	r.changed = make(chan struct{})
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
