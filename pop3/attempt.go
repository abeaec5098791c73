package pop3

import (
	"context"
	"time"
)

// Attempt is an attempt of a Dialer to connect to one address.
type Attempt struct {
	// Address is IP:port.
	Address string
	// Begun is when it began, after the call of DialContext.
	Begun time.Duration
	// Took is how long it took, or went on until DialContext was over.
	Took time.Duration
	// Err says why it failed: context.Canceled where another one was faster. Nil means that it has connected.
	Err error
}

// attemptsKey is of the context.
type attemptsKey struct{}

// WithAttempts returns a context under which Dialer.DialContext tells, when it returns, what it has tried, in the order of the attempts.
// It reaches a Dialer inside of Options.DialContext too.
func WithAttempts(ctx context.Context, tell func([]Attempt)) context.Context {
	return context.WithValue(ctx, attemptsKey{}, tell)
}

// over notes the end of an attempt.
func (r *race) over(which int, err error) {
	a := &r.attempts[which]
	a.Took, a.Err = time.Since(r.begun)-a.Begun, err
}

// told returns the attempts; those that go on end here.
func (r *race) told() []Attempt {
	reason := context.Canceled
	if err := r.ctx.Err(); err != nil {
		reason = err
	}
	for i := range r.attempts {
		if r.attempts[i].Took < 0 {
			r.over(i, reason)
		}
	}
	return r.attempts
}
