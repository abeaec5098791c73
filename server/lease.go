package server

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// session is one connection to a POP3 server, lent to one caller. After its end it remains as its own tombstone.
type session struct {
	id, caller, host string
	welcome          string
	registry         *registry
	link             *link
	watchers         watchers

	turn    *semaphore.Weighted // one call at a time, in order of arrival
	waiting atomic.Int32        // calls that run or wait for their turn
	done    chan struct{}       // closed at the end

	mu      sync.Mutex
	client  *pop3.Client // nil after the end
	ending  *ending      // nil while the session lives
	over    time.Time    // when it ended
	busy    bool         // a call has its turn
	expired bool         // too old: end it when the running call is finished
	idle    *time.Timer
	age     *time.Timer
	user    string          // of the last USER; of the call that has its turn
	quit    *quitCall       // once QUIT was asked for
	invited map[string]bool // methods whose last answer asked to have the call repeated
}

// quitCall is the one QUIT of a session.
type quitCall struct {
	done     chan struct{} // closed when response and err are set
	response *pb.QuitResponse
	err      error
}

// newSession returns a session without a client yet. open starts it.
func newSession(r *registry, caller, host string) *session {
	s := &session{
		id: r.newID(), caller: caller, host: host, registry: r,
		turn: semaphore.NewWeighted(1), done: make(chan struct{}),
	}
	s.link = r.observer.link(host, false, s.watchers.tell)
	return s
}

// open gives the session its client, makes it known and starts its clocks. It fails where the replica began to drain meanwhile.
func (s *session) open(client *pop3.Client) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.registry.add(s); err != nil {
		return err
	}
	s.client, s.welcome = client, escape(client.Greeting())
	s.idle = time.AfterFunc(s.registry.limits.IdleTimeout, s.endIdle)
	s.age = time.AfterFunc(s.registry.limits.MaxAge, s.expire)
	s.link.opened()
	return nil
}

// run calls f with the client when it is the call's turn. A broken connection ends the session.
func (s *session) run(ctx context.Context, f func(context.Context, *pop3.Client) error) (err error) {
	defer func() { s.answered(ctx, err) }()
	if int(s.waiting.Add(1)) > 1+s.registry.limits.Queue {
		s.waiting.Add(-1)
		return quotaExceeded("session", "too many calls wait for this session")
	}
	defer s.waiting.Add(-1)
	turn := s.registry.observer.waits(queueSession)
	err = s.turn.Acquire(ctx, 1)
	turn()
	if err != nil {
		return err
	}
	defer s.turn.Release(1)
	client, err := s.begin()
	if err != nil {
		return err
	}
	defer s.pause()
	if err := s.repeats(ctx); err != nil {
		return err
	}
	return s.settle(ctx, f(ctx, client))
}

// begin takes the turn.
func (s *session) begin() (*pop3.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending != nil {
		return nil, s.ending.fault()
	}
	s.busy = true
	s.idle.Stop()
	return s.client, nil
}

// pause ends the turn. A call that panicked has left the connection in a state that nobody knows.
func (s *session) pause() {
	if p := recover(); p != nil {
		outcome := pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED
		if s.quitting() != nil { // and it may have been sent
			outcome = pb.CommitOutcome_COMMIT_OUTCOME_UNKNOWN
		}
		s.end(pb.Cause_CAUSE_INTERNAL, outcome)
		panic(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = false
	switch {
	case s.ending != nil:
	case s.expired:
		s.endLocked(pb.Cause_CAUSE_EXPIRED, pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED)
	default:
		s.idle.Reset(s.registry.limits.IdleTimeout)
	}
}

// settle ends the session where an error says that it cannot go on.
func (s *session) settle(ctx context.Context, err error) error {
	var final *finalError
	var broken *pop3.BrokenError
	switch {
	case errors.As(err, &final):
		return s.endBy(final.cause, err)
	case errors.As(err, &broken) && broken.Cause == pop3.Cancelled && ctx.Err() == nil:
		// An earlier call was cancelled, not this one.
		_ = s.end(pb.Cause_CAUSE_CANCELLED, pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED)
		return s.alive()
	case errors.As(err, &broken):
		return s.endBy(causeOf(broken.Cause), err)
	case errors.Is(err, pop3.ErrBusy): // a defect: nobody will close what is open
		return s.endBy(pb.Cause_CAUSE_INTERNAL, err)
	}
	return err
}

// endBy ends the session because of an error and returns it. Where the session was ended from outside before, which is what broke
// the connection, the error tells so.
func (s *session) endBy(cause pb.Cause, err error) error {
	if first := s.end(cause, pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED); first != nil {
		return first.fault()
	}
	return err
}

func causeOf(cause pop3.Cause) pb.Cause {
	switch cause {
	case pop3.Timeout:
		return pb.Cause_CAUSE_TIMEOUT
	case pop3.Protocol, pop3.TLSVerification, pop3.TLSHandshake:
		return pb.Cause_CAUSE_PROTOCOL_ERROR
	case pop3.Cancelled:
		return pb.Cause_CAUSE_CANCELLED
	case pop3.Closed:
		return pb.Cause_CAUSE_CLOSED
	}
	return pb.Cause_CAUSE_CONNECTION_LOST
}

// end ends the session by closing the connection. If it had ended before, the first ending is returned and stands.
func (s *session) end(cause pb.Cause, outcome pb.CommitOutcome) *ending {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending != nil {
		return s.ending
	}
	s.endLocked(cause, outcome)
	return nil
}

func (s *session) endLocked(cause pb.Cause, outcome pb.CommitOutcome) {
	s.ending = &ending{cause, outcome}
	s.over = time.Now()
	s.idle.Stop()
	s.age.Stop()
	_ = s.client.Close() // the connection is given up either way
	s.client = nil
	close(s.done)
	s.link.closed(cause)
	s.registry.bury(s)
}

// endFromOutside ends the session for a reason that is not its own, but not while QUIT is under way.
func (s *session) endFromOutside(cause pb.Cause) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending == nil && s.quit == nil {
		s.endLocked(cause, pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED)
	}
}

func (s *session) endIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending == nil && !s.busy {
		s.endLocked(pb.Cause_CAUSE_IDLE_TIMEOUT, pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED)
	}
}

func (s *session) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expired = true
	if s.ending == nil && !s.busy {
		s.endLocked(pb.Cause_CAUSE_EXPIRED, pb.CommitOutcome_COMMIT_OUTCOME_NOT_COMMITTED)
	}
}

// alive returns why the session has ended, or nil.
func (s *session) alive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending != nil {
		return s.ending.fault()
	}
	return nil
}
