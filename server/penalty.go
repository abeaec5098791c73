package server

import (
	"sync"
	"time"
)

// How long the pauses after failed logins are, and for how long a failure is remembered after its pause.
const (
	firstPause    = 2 * time.Second
	longestPause  = 15 * time.Second
	failureMemory = 10 * time.Minute
)

// loginsAtOnce is how many logins of one caller as one user at one host may be under way, where not more may fail: of those nobody
// knows yet whether they will.
const loginsAtOnce = 16

// penalties hold up who fails to log in, a caller as a user at a host, so that nobody tries passwords through the gateway, or gets its
// address banned: when so many logins as are free have failed in a row, each next one has to wait, longer each time.
type penalties struct {
	free int

	mu     sync.Mutex
	each   map[string]*penalty
	enough int // of them to look which can be forgotten
}

type penalty struct {
	failures int // in a row
	underWay int
	until    time.Time
}

func newPenalties(free int) *penalties {
	return &penalties{free: free, each: map[string]*penalty{}, enough: mostLimiters}
}

// begin lets a login begin, or returns after how long one may. Whoever is let in calls done.
func (p *penalties) begin(name string) (done func(failed, worked bool), later time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine := p.each[name]
	if mine == nil {
		p.forgetLocked()
		mine = &penalty{}
		p.each[name] = mine
	}
	pause := time.Until(mine.until)
	switch {
	case pause > 0:
		return nil, pause
	case mine.underWay >= max(loginsAtOnce, p.free), mine.failures >= p.free && mine.underWay > 0:
		return nil, firstPause
	}
	mine.underWay++
	return func(failed, worked bool) { p.done(name, mine, failed, worked) }, 0
}

func (p *penalties) done(name string, mine *penalty, failed, worked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine.underWay--
	switch {
	case failed:
		if mine.failures++; mine.failures >= p.free {
			mine.until = time.Now().Add(min(firstPause<<min(mine.failures-p.free, 10), longestPause))
		}
	case worked:
		mine.failures, mine.until = 0, time.Time{}
	}
	if mine.failures == 0 && mine.underWay == 0 {
		delete(p.each, name)
	}
}

// forgetLocked forgets old failures, when there are many. It does so again when there are twice as many as were left: to look through
// them at each login would let who fails at many servers hold up the logins of all.
func (p *penalties) forgetLocked() {
	if len(p.each) < p.enough {
		return
	}
	for name, penalty := range p.each {
		if penalty.underWay == 0 && time.Since(penalty.until) > failureMemory {
			delete(p.each, name)
		}
	}
	p.enough = max(mostLimiters, 2*len(p.each))
}
