package server

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// How long a call of MailboxService waited for its turn, in milliseconds: in the header until its first login, and in the log
// for its later logins too.
const (
	waitedHeader = "popgate-waited-ms"
	waitedField  = "waited_ms"
)

// errDraining ends the calls of MailboxService when the replica shuts down.
var errDraining = errors.New("draining")

// waits adds up how long a call has waited.
type waits struct {
	ctx   context.Context //nolint:containedctx // the call's, which has the fields of its line in the log
	total time.Duration
}

func (w *waits) since(begun time.Time) {
	w.total += time.Since(begun)
	logging.AddFields(w.ctx, logging.Fields{waitedField, w.total.Milliseconds()})
}

// noteWait notes how long the call has waited until its first login, to be told.
func (c *account) noteWait(waited time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waited = &waited
}

// tellWait puts into the header how long it was, when there is an answer: where a header went before the error, no gRPC library would
// repeat the call by itself, as the error may ask for.
func (c *account) tellWait(ctx context.Context) {
	c.mu.Lock()
	waited := c.waited
	c.waited = nil
	c.mu.Unlock()
	if waited == nil {
		return
	}
	// The header is for the curious; where it cannot be set the call is over anyway.
	_ = grpc.SetHeader(ctx, metadata.Pairs(waitedHeader, strconv.FormatInt(waited.Milliseconds(), 10)))
}

// enter waits until a call may log in, as long as its context lasts and the replica does not drain: until no other call of the caller
// works on the mailbox, and then in the queue of the host. It returns what gives both up.
func (s *service) enter(ctx context.Context, caller, host, mailbox string) (leave func(), err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.registry.entry, func() { cancel(errDraining) })()
	release, err := s.mailboxes.take(ctx, caller+"\x00"+mailbox)
	if err != nil {
		return nil, gaveUp(ctx, quotaExceeded("user", "another call works on this mailbox"))
	}
	if err := s.place(ctx, caller, host); err != nil {
		release()
		return nil, gaveUp(ctx, err)
	}
	return func() {
		s.registry.free(caller, host)
		release()
	}, nil
}

// place waits for a place at the host, and then for a login. Of each caller one call at a time waits so for a host, the others wait
// behind it in order of arrival: so the order of arrival among those that do is a round of the callers. Where it is the limit of all
// sessions that is reached, a caller has as many turns in a round as it waits for hosts.
func (s *service) place(ctx context.Context, caller, host string) error {
	release, err := s.places.take(ctx, caller+"\x00"+host)
	if err != nil {
		return quotaExceeded("host", "too many sessions with this host")
	}
	defer release()
	if err := s.registry.await(ctx, caller, host); err != nil {
		return err
	}
	if err := s.login(ctx, caller, host); err != nil {
		s.registry.free(caller, host)
		return err
	}
	return nil
}

// login waits until there may be one more login at the host. The order is that of place. Whose turn it is at the host passes it on when
// the time between two logins is over.
func (s *service) login(ctx context.Context, caller, host string) error {
	interval := s.config.Limits.loginInterval()
	if interval == 0 {
		return nil
	}
	release, err := s.logins.take(ctx, caller+"\x00"+host)
	if err != nil {
		return quotaExceeded("host", "too many logins at this host")
	}
	defer release()
	pass, err := s.logins.take(ctx, host)
	if err != nil {
		return quotaExceeded("host", "too many logins at this host")
	}
	time.AfterFunc(interval, pass)
	return nil
}

// gaveUp returns why a call did not wait longer, where it is not its deadline: that is the limit's error.
func gaveUp(ctx context.Context, limit error) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errDraining):
		return draining()
	case errors.Is(cause, context.Canceled):
		return cause
	}
	return limit
}
