package lostmail

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
)

// plan is all that chance decides. The same seed, sessions and messages give
// the same plan; what the clock and the scheduler make of it differs.
type plan struct {
	Seed      uint64        `json:"seed"`
	Sessions  int           `json:"sessions"`
	Messages  int           `json:"messages"`
	Mailboxes []mailboxPlan `json:"mailboxes"`
}

// mailboxPlan is what happens to one mailbox.
type mailboxPlan struct {
	Number   int           `json:"number"` // from 1
	Kind     string        `json:"kind"`   // of the server
	Sessions []sessionPlan `json:"sessions"`
}

// sessionPlan is one CollectMessages. Counts are from 1; 0 is never.
type sessionPlan struct {
	Number int   `json:"number"`
	Arrive []int `json:"arrive,omitempty"` // octets of the messages that arrive
	caller `json:"caller"`
	Faults []fault `json:"faults,omitempty"`
	Sweep  bool    `json:"sweep,omitempty"` // the last one, which takes all
}

// caller is how a caller behaves.
type caller struct {
	Mode         string `json:"mode"` // cursor, all or offer
	NewestFirst  bool   `json:"newest_first,omitempty"`
	MaxOctets    int64  `json:"max_octets,omitempty"`
	MaxMessages  uint32 `json:"max_messages,omitempty"`
	Window       uint32 `json:"window"` // max_unsettled_messages
	Batch        uint32 `json:"batch"`  // commit_messages
	SettleEvery  int    `json:"settle_every"`
	Through      bool   `json:"through,omitempty"`
	Repeat       bool   `json:"repeat,omitempty"` // settles again, the other way: the first one has to stand
	KeepPercent  int    `json:"keep_percent,omitempty"`
	Unsettled    int    `json:"unsettled,omitempty"`     // which stored message is never settled
	AckTimeout   bool   `json:"ack_timeout,omitempty"`   // is left to pass then, rather than closing half
	StopAfter    int    `json:"stop_after,omitempty"`    // stored messages
	HalfClose    int    `json:"half_close,omitempty"`    // stored messages
	Renew        bool   `json:"renew,omitempty"`         // sends fresh credentials unasked
	NeverRenew   bool   `json:"never_renew,omitempty"`   // and not even where they are asked for
	Choices      uint64 `json:"choices"`                 // seeds what the caller decides for each message
	ShortTimeout bool   `json:"short_timeout,omitempty"` // io_timeout
}

// fault is something that goes wrong in a session.
type fault struct {
	Kind   string `json:"kind"`
	Login  int    `json:"login,omitempty"`  // of the session, or its connection, or its QUIT
	Octets int64  `json:"octets,omitempty"` // that the server sends on the connection before
	Count  int    `json:"count,omitempty"`  // of what the kind says
	At     string `json:"at,omitempty"`     // a command of the gateway's, or a step of the caller's
}

// Kinds of servers. Most mailboxes are honest.
const (
	honest     = "honest"
	gmail      = "gmail"    // lists the oldest 20, and removes at QUIT what was retrieved
	expire0    = "expire 0" // removes at QUIT what was retrieved
	noUIDL     = "no UIDL"
	twins      = "twins" // every fifth message has the unique-id of the one before, for ever
	perMailbox = 40      // sessions of a mailbox
)

var serverKinds = []string{honest, gmail, honest, expire0, honest, twins, honest, noUIDL}

// Kinds of faults.
const (
	cut          = "cut"
	reset        = "reset"
	stall        = "stall"
	quitLost     = "QUIT committed, reply lost"
	quitDropped  = "QUIT lost before the commit"
	quitAll      = "-ERR to QUIT, all removed"
	quitSome     = "-ERR to QUIT, some removed"
	quitNone     = "-ERR to QUIT, none removed"
	killGateway  = "kill -9 of the gateway"
	killCaller   = "kill -9 of the caller"
	cancelled    = "cancelled call"
	duplicateIDs = "duplicate unique-ids"
	blankIDs     = "blank unique-ids"
	changingIDs  = "changing unique-ids"
	renumbered   = "renumbered maildrop"
	inUse        = "[IN-USE]"
	temporary    = "[SYS/TEMP]"
	expired      = "expired token"
	refusedRETR  = "-ERR to RETR"
	refusedDELE  = "-ERR to DELE"
)

var faultKinds = []string{
	cut, reset, stall, quitLost, quitDropped, quitAll, quitSome, quitNone, killGateway, killCaller, cancelled,
	duplicateIDs, blankIDs, changingIDs, renumbered, inUse, temporary, expired, refusedRETR, refusedDELE,
}

// newPlan makes a plan.
func newPlan(seed uint64, sessions, messages int) *plan {
	r := rand.New(rand.NewPCG(seed, 0))
	p := &plan{Seed: seed, Sessions: sessions, Messages: messages}
	boxes := max((sessions+perMailbox/2)/perMailbox, min(sessions, len(serverKinds)))
	for i := range boxes {
		box := mailboxPlan{Number: i + 1, Kind: serverKinds[i%len(serverKinds)]}
		for k := range share(sessions, boxes, i) {
			box.Sessions = append(box.Sessions, newSession(r, k+1, box.Kind))
		}
		p.Mailboxes = append(p.Mailboxes, box)
	}
	for i := range p.Mailboxes {
		box := &p.Mailboxes[i]
		for range share(messages, boxes, i) {
			s := &box.Sessions[min(r.IntN(len(box.Sessions)), r.IntN(len(box.Sessions)))]
			s.Arrive = append(s.Arrive, sizeOf(r))
		}
	}
	return p
}

// share is the i-th of n parts of total, which differ by one at most.
func share(total, n, i int) int { return total*(i+1)/n - total*i/n }

// sizeOf draws the size of a message: small ones, and one of a hundred large.
func sizeOf(r *rand.Rand) int {
	if r.IntN(100) == 0 {
		return 100_000
	}
	return 200 + r.IntN(2000)
}

func newSession(r *rand.Rand, number int, kind string) sessionPlan {
	s := sessionPlan{Number: number, caller: caller{
		Mode: pick(r, "cursor", "cursor", "all", "offer"), NewestFirst: oneIn(r, 4),
		Window: pick[uint32](r, 1, 3, 10, 100), Batch: pick[uint32](r, 1, 3, 7, 20, 500),
		SettleEvery: pick(r, 1, 1, 3, 10), Through: oneIn(r, 3), Repeat: oneIn(r, 10), Renew: oneIn(r, 20), Choices: r.Uint64(),
		KeepPercent: pick(r, 0, 0, 10, 50),
	}}
	if kind == noUIDL && s.Mode == "cursor" {
		s.Mode = "all"
	}
	if oneIn(r, 20) {
		s.MaxOctets = 2000
	}
	if oneIn(r, 20) {
		s.MaxMessages = 1 + r.Uint32N(10)
	}
	switch r.IntN(30) {
	case 0, 1, 2:
		s.Unsettled, s.AckTimeout = 1+r.IntN(6), oneIn(r, 4)
	case 3, 4:
		s.StopAfter = 1 + r.IntN(10)
	case 5, 6:
		s.HalfClose = 1 + r.IntN(10)
	}
	for len(s.Faults) < 3 && oneIn(r, 5) {
		s.Faults = append(s.Faults, newFault(r, &s.caller))
	}
	if len(s.Faults) > 0 && strings.Contains(s.Faults[0].Kind, "QUIT") && oneIn(r, 2) { // and nobody can look what has become of it
		s.Faults = append(s.Faults, fault{Kind: pick(r, cut, temporary, expired), Login: s.Faults[0].Login + 1})
		s.NeverRenew = true
	}
	return s
}

func newFault(r *rand.Rand, c *caller) fault {
	f := fault{Kind: faultKinds[r.IntN(len(faultKinds))], Login: pick(r, 1, 1, 2, 2, 3)}
	octets := func() int64 { return pick(r, r.Int64N(500), r.Int64N(2000), r.Int64N(10_000)) }
	switch f.Kind {
	case cut, reset:
		f.Octets = octets()
	case stall:
		f.Octets = octets()
		c.ShortTimeout = true
	case killGateway:
		if f.At = pick(r, "", "RETR", "DELE", "QUIT", "QUIT"); f.At == "" {
			f.Octets = octets()
		}
	case killCaller:
		f.At = pick(r, "stored", "settling", "settled", "settled", "commit", "cursor", "offer")
		f.Count = 1 + r.IntN(4)
	case cancelled, refusedRETR, refusedDELE:
		f.Count = 1 + r.IntN(6)
	case inUse:
		f.Count = pick(r, 1, 1, 2) // logins that are refused
	case expired:
		c.NeverRenew = oneIn(r, 4)
	}
	return f
}

func oneIn(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// write stores the plan as JSON.
func (p *plan) write(name string) error {
	text, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

// user is the mailbox's name.
func (p *mailboxPlan) user() string { return fmt.Sprintf("box%d", p.Number) }

// steady reports whether the unique-ids mean in a session what they mean in
// every other one that is steady.
func (p *mailboxPlan) steady(s *sessionPlan) bool {
	odd := func(f fault) bool { return f.Kind == duplicateIDs || f.Kind == blankIDs || f.Kind == changingIDs }
	return p.Kind != twins && p.Kind != noUIDL && !slices.ContainsFunc(s.Faults, odd)
}
