package mailbox

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/popgate/popgate/pop3"
)

// turnOver begins a new batch and returns the old one, which nothing changes any more.
func (c *Collector) turnOver() *batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.batch
	c.batch = c.newBatch(old.last() + 1)
	return old
}

// commit sends QUIT, when all is settled, and reports what became of the batch. Where that is not known yet the next login looks.
func (c *Collector) commit(ctx context.Context, client *pop3.Client) (more bool, err error) {
	old := c.turnOver()
	more = c.goesOn(old)
	c.leave(old)
	outcome, response, err := client.Quit(ctx)
	if refused, ok := errors.AsType[*pop3.RefusedError](err); ok {
		response = refused.Response
	}
	marks := slices.ContainsFunc(old.entries, func(e entry) bool { return e.stage == marked })
	switch {
	case outcome == pop3.NotCommitted:
		return false, err
	case outcome != pop3.Committed && marks:
		c.lost = &lostQuit{batch: old, list: c.list, outcome: outcome, response: response, last: !more}
		if c.delay > maxLoginDelay {
			return false, c.blind(nil)
		}
		return true, nil
	}
	err = c.report(old, Commit{Outcome: outcome, Response: response}, func(*entry) Fate { return Deleted })
	if err == nil && c.unstable > 1 {
		err = ErrUniqueIDsUnstable
	}
	return more, err
}

// goesOn reports whether there is to be another login after a batch.
func (c *Collector) goesOn(b *batch) bool {
	if c.single || c.over() || !slices.ContainsFunc(b.entries, func(e entry) bool { return e.stage != failed }) {
		return false
	}
	if delivered := len(c.latest); delivered > 0 && c.repeats == delivered {
		c.isUnstable()
	}
	all := b.asked == len(b.wanted)
	return !all || c.plan.remaining == 0 && c.what.UniqueIDs == nil
}

// report says what became of a batch. fateOf returns the fate of an entry whose DELE was answered +OK.
func (c *Collector) report(b *batch, commit Commit, fateOf func(e *entry) Fate) error {
	var done []uint64
	for i := range b.entries {
		e := &b.entries[i]
		if !e.settled() {
			continue
		}
		fate := Kept
		if e.stage == marked {
			fate = fateOf(e)
		}
		if fate == Kept && e.kind == Unique {
			done = append(done, c.cursor.mark([]byte(e.id)))
		}
		commit.Messages = append(commit.Messages, Committed{b.first + uint64(i), e.id, fate, e.response})
	}
	c.pass(b, func(*entry) bool { return true })
	if len(commit.Messages) == 0 {
		return nil
	}
	c.done, c.fresh = slices.Compact(merge(c.done, done)), c.fresh[:0]
	if err := c.sink.Commit(commit); err != nil {
		return err
	}
	return c.handOut()
}

// look reports on a batch whose QUIT was lost, by the listing of the login after it. done says that the job is over.
func (c *Collector) look() (done bool, err error) {
	lost := c.lost
	if lost == nil {
		return false, nil
	}
	c.lost = nil
	after, unknown := compare(lost.list, c.list), false
	err = c.report(lost.batch, Commit{Outcome: lost.outcome, Response: lost.response}, func(e *entry) Fate {
		fate := Lost
		if e.kind == Unique {
			fate = after.fate(e.id)
		}
		unknown = unknown || fate == Lost
		return fate
	})
	if err == nil && unknown {
		err = ErrCommitUnknown
	}
	return lost.last, err
}

// blind reports on a batch whose QUIT was lost where the login that was to look has failed by err.
func (c *Collector) blind(err error) error {
	lost := c.lost
	if lost == nil {
		return err
	}
	c.lost = nil
	unknown := false
	told := c.report(lost.batch, Commit{Outcome: lost.outcome, Response: lost.response}, func(*entry) Fate {
		unknown = true
		return Lost
	})
	switch {
	case told != nil:
		return told
	case unknown:
		return ErrCommitUnknown
	}
	return err
}

// abandon ends the job where a delivery was not settled in time, and the connection is closed without QUIT: what was settled for
// deletion is deleted by a login that retrieves nothing.
func (c *Collector) abandon(ctx context.Context) error {
	old := c.turnOver()
	var (
		ending  error
		targets []Target
		at      []*entry
	)
	if !c.noneToCome() { // else it depends on whether something was left to settle
		ending = ErrUnsettled
	}
	for i := range old.entries {
		switch e := &old.entries[i]; {
		case e.stage == unsettled || e.stage == void:
			ending = ErrUnsettled
		case e.toDelete() && e.stage != unmarked:
			e.stage = unmarked // until it is known better
			if e.kind == Unique {
				targets, at = append(targets, Target{UniqueID: e.id, Octets: &e.listed}), append(at, e)
			}
		}
	}
	if len(targets) == 0 {
		return cmp.Or(c.report(old, Commit{Outcome: pop3.NotCommitted}, nil), ending)
	}
	c.settling = true
	d := &deletion{again: c.again, targets: targets}
	if err := d.run(ctx, c.again); err != nil {
		return err
	}
	after, fates := compare(c.list, d.list), make(map[*entry]Fate, len(at))
	for k, e := range at {
		e.stage, e.response = marked, d.Responses[k]
		switch fates[e] = d.Fates[k]; fates[e] {
		case Ambiguous: // it would not do if a cursor knew it as kept: it may be another one
			fates[e] = Lost
		case NotFound:
			fates[e] = after.fate(e.id)
		case Deleted, Kept, Lost:
		}
		if fates[e] == Lost {
			ending = ErrCommitUnknown
		}
	}
	told := c.report(old, Commit{Outcome: d.Outcome, Response: d.Response}, func(e *entry) Fate { return fates[e] })
	return cmp.Or(told, ending)
}
