package server

import (
	"context"
	"crypto/tls"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// credentialsEndedError is why a call is ended whose caller's credentials have ended meanwhile. To who waits it is a cancellation.
type credentialsEndedError struct{}

func (credentialsEndedError) Error() string        { return "the caller's credentials have ended" }
func (credentialsEndedError) Is(target error) bool { return target == context.Canceled }

// admissions are those of the calls that run, so that a reload can look at each again.
type admissions struct {
	mu  sync.Mutex
	all map[*admission]struct{}
}

func (cs *admissions) add(c *admission) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.all == nil {
		cs.all = map[*admission]struct{}{}
	}
	cs.all[c] = struct{}{}
}

func (cs *admissions) remove(c *admission) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.all, c)
}

// each calls f for the calls that run, without holding up others.
func (cs *admissions) each(f func(*admission)) {
	cs.mu.Lock()
	running := make([]*admission, 0, len(cs.all))
	for c := range cs.all {
		running = append(running, c)
	}
	cs.mu.Unlock()
	for _, c := range running {
		f(c)
	}
}

// admission is that of a call that runs, for as long as its caller's credentials last.
type admission struct {
	server *Server
	ctx    context.Context //nolint:containedctx // as it came: with its headers, and its connection
	end    context.CancelCauseFunc

	mu     sync.Mutex
	caller *identity
	timer  *time.Timer // ends the call when the credentials end; nil: they do not
	past   bool        // the call has returned
}

// admit decides on the call by what is in force now, at first and again after a reload.
func (c *admission) admit() (*identity, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	who, err := c.server.policy.Load().admit(c.ctx)
	if err != nil {
		return nil, err
	}
	if c.caller != nil && c.caller.name != who.name {
		return nil, unauthenticated()
	}
	c.caller = who
	c.stopLocked()
	if !who.until.IsZero() && !c.past {
		c.timer = time.AfterFunc(time.Until(who.until), func() { c.end(credentialsEndedError{}) })
	}
	return who, nil
}

func (c *admission) stopLocked() {
	if c.timer != nil {
		c.timer.Stop()
	}
}

// over is called when the call has returned.
func (c *admission) over() {
	c.server.admissions.remove(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.past = true
	c.stopLocked()
	c.end(nil)
}

// bound makes a call for who may, with a context that knows the caller and ends with its credentials.
func (s *Server) bound(ctx context.Context, next func(context.Context) error) error {
	bounded, end := context.WithCancelCause(ctx)
	c := &admission{server: s, ctx: ctx, end: end}
	s.admissions.add(c) // before it is admitted, so that no reload misses it
	defer c.over()
	who, err := c.admit()
	if err != nil {
		return err
	}
	bounded = context.WithValue(bounded, callerKey{}, who)
	err = next(bounded)
	if err != nil && errors.Is(context.Cause(bounded), credentialsEndedError{}) {
		if _, cancelled := fromContext(bounded, err); cancelled { // and no error that tells more
			return unauthenticated()
		}
	}
	return err
}

// boundStream gives up receiving when its context ends: gRPC itself waits until the caller says something.
type boundStream struct{ grpc.ServerStream }

func (s boundStream) RecvMsg(m any) error {
	ctx := s.Context()
	received := make(chan error, 1)
	go func() { received <- s.ServerStream.RecvMsg(m) }()
	select {
	case err := <-received:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// LimitSessions puts new limits of the number of sessions into force: Sessions, SessionsPerCaller and SessionsPerHost; the others of limits
// are not looked at. Zero means the default. Sessions that are there beyond a lower limit stay.
func (s *Server) LimitSessions(limits Limits) {
	s.registry.limitSessions(limits.withDefaults())
}

// Reload replaces what decides on callers, for new connections, for new calls, and for those that run: a call whose caller is not known
// any more, or may not make it, ends with CALLER_UNAUTHENTICATED. On an error everything stays as it is.
func (s *Server) Reload(tlsConfig *tls.Config, callers *Callers) error {
	next := &policy{tls: forCallers(tlsConfig), callers: callers}
	if (next.tls == nil) != (s.policy.Load().tls == nil) {
		return errors.New("a listener has TLS from the start, or never")
	}
	if err := next.check(s.grpc.GetServiceInfo()); err != nil {
		return err
	}
	s.policy.Store(next)
	s.admissions.each(func(c *admission) {
		if _, err := c.admit(); err != nil {
			c.end(credentialsEndedError{})
		}
	})
	s.registry.letIn()
	return nil
}

// letIn gives places to the calls that can have one now that callers may have more.
func (r *registry) letIn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.admitLocked()
}
