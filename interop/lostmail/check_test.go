package lostmail

import (
	"fmt"
	"slices"
)

// evidence is all that is known of a mailbox at the end.
type evidence struct {
	plan     *mailboxPlan
	arrived  []known // by serial number
	truth    []update
	shown    map[name]int
	records  []record
	calls    []ending
	maildrop []int // serial numbers, before the sweep
	left     []int // and after it
}

// ending is how a session has ended.
type ending struct {
	*sessionPlan
	result

	killed    bool // the caller was
	disturbed bool // the gateway was, in this session or another's, or a session before it has logged in late
}

// verdict is what the evidence comes to.
type verdict struct {
	wrong  []string
	counts map[string]int
}

// settlement is the first one of a delivery.
type settlement struct {
	time int64
	keep bool
}

// checker goes through the evidence of one mailbox.
type checker struct {
	evidence
	verdict

	serials   map[string]int        // by SHA-256
	delivered map[int][]record      // "stored" by serial number
	ids       map[deliveryOf]string // unique-ids
	at        map[deliveryOf]int    // serial numbers
	settled   map[deliveryOf]settlement
	fates     map[deliveryOf]string
	removed   map[int]int64 // when, by serial number
}

// deliveryOf names a delivery.
type deliveryOf struct {
	session int
	id      uint64
}

// check judges a mailbox.
func check(e evidence) verdict {
	c := &checker{
		evidence: e, verdict: verdict{counts: map[string]int{}}, serials: map[string]int{}, delivered: map[int][]record{},
		ids: map[deliveryOf]string{}, at: map[deliveryOf]int{}, settled: map[deliveryOf]settlement{}, fates: map[deliveryOf]string{}, removed: map[int]int64{},
	}
	for serial, k := range c.arrived {
		c.serials[k.sha] = serial
	}
	c.read()
	c.checkLost()
	c.checkUpdates()
	c.checkCommits()
	c.checkDuplicates()
	c.checkEndings()
	return c.verdict
}

// accusef counts a defect, and says what it is.
func (c *checker) accusef(kind, format string, args ...any) {
	c.counts[kind]++
	c.wrong = append(c.wrong, fmt.Sprintf("%s (%s): %s: ", c.plan.user(), c.plan.Kind, kind)+fmt.Sprintf(format, args...))
}

// read sorts the journal.
func (c *checker) read() {
	for _, r := range c.records {
		switch r.What {
		case "stored":
			serial, ok := c.serials[r.SHA]
			if !ok || c.arrived[serial].octets != r.Octets {
				c.accusef("altered", "session %d delivery %d", r.Session, r.ID)
				continue
			}
			c.counts["stored"]++
			if c.steady(r.Session) && r.UniqueID != nameOf(serial) {
				c.accusef("another's unique-id", "session %d delivery %d: %s for message %d", r.Session, r.ID, r.UniqueID, serial)
			}
			c.at[deliveryOf{r.Session, r.ID}], c.ids[deliveryOf{r.Session, r.ID}] = serial, r.UniqueID
			c.delivered[serial] = append(c.delivered[serial], r)
		case "settle":
			for _, id := range r.IDs {
				c.settled[deliveryOf{r.Session, id}] = settlement{r.Time, r.Keep}
			}
		case "commit":
			for id, fate := range r.Fates {
				c.fates[deliveryOf{r.Session, id}] = fate
				c.counts["reported "+fate]++
			}
		case "wrong":
			c.accusef("noticed by a caller", "session %d: %s", r.Session, r.Wrong)
		}
	}
	for _, u := range c.truth {
		for _, serial := range u.removed {
			c.removed[serial] = u.time
		}
	}
}

// checkLost: each message is in the store or in the maildrop.
func (c *checker) checkLost() {
	for serial := range c.arrived {
		stored := len(c.delivered[serial]) > 0
		if !stored {
			c.counts["never collected"]++ // before the sweep, perhaps
		}
		if !stored && !slices.Contains(c.maildrop, serial) {
			c.accusef("lost", "message %d", serial)
		}
	}
	for _, serial := range c.left {
		c.accusef("left", "message %d, by a call that was to take all", serial)
	}
}

// removes says that a server removes at QUIT what was retrieved.
func (p *mailboxPlan) removes() bool { return p.Kind == gmail || p.Kind == expire0 }

// checkUpdates: QUIT comes only when all that was retrieved is settled, and
// removes only what was settled for deletion, in the same session.
func (c *checker) checkUpdates() {
	for _, u := range c.truth {
		for _, serial := range u.removed {
			c.counts["deleted"]++
			if !c.wasSettled(serial, u, func(s settlement) bool { return !s.keep || c.plan.removes() }) {
				c.accusef("deleted without settlement", "message %d in session %d", serial, u.session)
			}
		}
		for _, serial := range u.retrieved {
			if !c.wasSettled(serial, u, func(settlement) bool { return true }) {
				c.accusef("QUIT with an unsettled message", "message %d in session %d", serial, u.session)
			}
		}
	}
}

// wasSettled reports whether a message, as it came last before a QUIT, was
// settled then and in that session, so as it has to be.
func (c *checker) wasSettled(serial int, u update, as func(settlement) bool) bool {
	for _, r := range slices.Backward(c.delivered[serial]) {
		if r.Session == u.session && r.Time < u.time {
			s, ok := c.settled[deliveryOf{r.Session, r.ID}]
			return ok && s.time < u.time && as(s)
		}
	}
	return false
}

// checkCommits: what is said to be DELETED is gone, and what is KEPT is there.
func (c *checker) checkCommits() {
	for _, r := range c.records {
		if r.What != "commit" {
			continue
		}
		for id, fate := range r.Fates {
			serial, ok := c.at[deliveryOf{r.Session, id}]
			if !ok {
				continue // the caller has noticed
			}
			when, gone := c.removed[serial]
			gone = gone && when < r.Time
			expected := fate == "UNKNOWN" || !gone
			switch {
			case fate == "DELETED":
				expected = gone
			case fate == "KEPT" && c.shown[name{r.Session, c.ids[deliveryOf{r.Session, id}]}] == several:
				expected = true // another message, which had its unique-id when it was gone
			case fate == "KEPT" && c.cameAgain(serial, r):
				expected = true // and was deleted by that delivery
			case c.plan.removes() && (fate == refusedDELE || c.settled[deliveryOf{r.Session, id}].keep):
				expected = true // popgate did not delete it
			}
			if !expected {
				c.accusef("false report", "message %d in session %d is %s, and gone: %v", serial, r.Session, fate, gone)
			}
		}
	}
}

// cameAgain reports whether a commit that calls a message KEPT calls it DELETED
// by another delivery too: without unique-ids nobody knows that they are one.
func (c *checker) cameAgain(serial int, commit record) bool {
	for id, fate := range commit.Fates {
		if other, ok := c.at[deliveryOf{commit.Session, id}]; ok && other == serial && fate == "DELETED" {
			return true
		}
	}
	return false
}

// checkDuplicates: a message comes again only where it was not known to be
// gone, and the key unique-id and SHA-256 tells that it is the same.
func (c *checker) checkDuplicates() {
	odd := false
	for _, s := range c.calls {
		odd = odd || !c.steady(s.Number)
	}
	for serial, copies := range c.delivered {
		keys := map[string]bool{}
		for i, r := range copies {
			keys[r.UniqueID] = true
			if i+1 == len(copies) {
				break
			}
			c.counts["duplicates"]++
			fate, told := c.fates[deliveryOf{r.Session, r.ID}]
			settled, settles := c.settled[deliveryOf{r.Session, r.ID}]
			switch {
			case !told && !settles:
				c.counts["duplicates of what was not settled"]++
			case !told:
				c.counts["duplicates of what was not committed"]++
			case fate == "DELETED":
				c.accusef("delivered again though DELETED", "message %d in session %d", serial, copies[i+1].Session)
			case settled.keep:
				c.counts["duplicates of what was kept, asked for again"]++
			default:
				c.counts["duplicates of what was "+fate]++
			}
		}
		if c.counts["duplicates that the key does not tell, where unique-ids changed"] += len(keys) - 1; len(keys) > 1 && !odd {
			c.accusef("not the same key", "message %d", serial)
		}
	}
}

// steady reports whether unique-ids mean in a session what they mean else.
func (c *checker) steady(session int) bool { return c.plan.steady(c.calls[session-1].sessionPlan) }

// checkEndings: a session to which nothing happens ends well.
func (c *checker) checkEndings() {
	for _, e := range c.calls {
		ended := e.Code + " " + e.Reason
		if e.killed {
			ended = "caller killed"
		}
		c.counts["ended "+ended]++
		for _, finding := range e.Findings {
			c.counts["finding "+finding]++
		}
		unsettled := e.Reason == "ERROR_REASON_UNSETTLED" && (e.Unsettled > 0 || e.HalfClose > 0)
		calm := len(e.Faults) == 0 && !e.disturbed && !e.killed
		if calm && e.Code != "OK" && !unsettled || e.Code == "Internal" || e.Code == "InvalidArgument" {
			c.accusef("a bad end", "session %d: %s", e.Number, e.Text)
		}
	}
}
