package server

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rates limit how much each of many does a second. A second's worth may come at once.
type rates struct {
	perSecond float64 // 0: no limit
	least     int     // of what may come at once

	mu     sync.Mutex
	each   map[string]*rate.Limiter
	enough int // of them to look which can be forgotten
}

func newRates(perSecond float64, least int) *rates {
	return &rates{perSecond: perSecond, least: least, each: map[string]*rate.Limiter{}, enough: mostLimiters}
}

// take takes one for name. Where there is none, it returns after how long there is.
func (r *rates) take(name string) (later time.Duration) {
	if r.perSecond <= 0 {
		return 0
	}
	reservation := r.limiter(name).Reserve()
	if later = reservation.Delay(); later > 0 {
		reservation.Cancel()
	}
	return later
}

// wait takes n for name, and waits until they are there. It is for rates that have a limit.
func (r *rates) wait(ctx context.Context, name string, n int) error {
	limiter := r.limiter(name)
	reservation := limiter.ReserveN(time.Now(), min(n, limiter.Burst()))
	timer := time.NewTimer(reservation.Delay())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		reservation.Cancel()
		return ctx.Err()
	}
}

// mostLimiters is how many may be remembered before those that are as good as new are forgotten.
const mostLimiters = 10_000

func (r *rates) limiter(name string) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.each[name]; l != nil {
		return l
	}
	burst := max(r.least, int(math.Ceil(min(r.perSecond, math.MaxInt32))))
	if len(r.each) >= r.enough {
		r.forgetLocked(burst)
	}
	l := rate.NewLimiter(rate.Limit(r.perSecond), burst)
	r.each[name] = l
	return l
}

// forgetLocked forgets who has all there is. As with penalties, it does so again when there are twice as many as were left.
func (r *rates) forgetLocked(burst int) {
	for name, l := range r.each {
		if l.Tokens() >= float64(burst) {
			delete(r.each, name)
		}
	}
	r.enough = max(mostLimiters, 2*len(r.each))
}
