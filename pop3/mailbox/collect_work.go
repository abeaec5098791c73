package mailbox

import (
	"context"
	"errors"
	"time"

	"github.com/popgate/popgate/pop3"
)

// work delivers, marks what is settled for deletion, and commits.
func (c *Collector) work(ctx context.Context, client *pop3.Client) (more bool, err error) {
	for {
		switch err := c.pipe(ctx, client); {
		case errors.Is(err, pop3.ErrPipelining):
			c.carry()
			return true, nil
		case errors.Is(err, errUntimely):
			return false, c.abandon(ctx)
		case err != nil:
			return false, err
		}
		var complete bool
		c.with(func(b *batch) { complete = b.complete(time.Now()) })
		if complete {
			return c.commit(ctx, client)
		}
		if err := c.idle(ctx, client, c.deadline()); err != nil {
			return false, err
		}
	}
}

// pipe sends what can be sent, and handles what comes, until there is nothing to send and all is answered.
func (c *Collector) pipe(ctx context.Context, client *pop3.Client) error {
	next := func() (r pop3.Request, ok bool) {
		c.with(func(b *batch) { r, ok = b.next(time.Now()) })
		return r, ok
	}
	for message, err := range client.Pipeline(ctx, next) {
		if message == nil {
			return err
		}
		c.busy = time.Now()
		err = c.take(message, err)
		if err == nil {
			err = c.check()
		}
		if err != nil {
			_ = client.Close() // so that nobody waits for what was asked for and is not wanted any more
			return err
		}
	}
	if err := c.check(); err != nil {
		client.HangUp(ctx) // what is not settled is not to be committed
		return err
	}
	return nil
}

// check looks after what is due between two replies.
func (c *Collector) check() error {
	if c.untimely(time.Now()) {
		return errUntimely
	}
	return c.keepUp()
}

// take handles a reply, to DELE or RETR.
func (c *Collector) take(message *pop3.Message, err error) error {
	refused, _ := errors.AsType[*pop3.RefusedError](err)
	var (
		item      Item
		retrieved bool
		id        uint64
		position  int
	)
	c.with(func(b *batch) {
		item, retrieved = b.reply(time.Now(), refused)
		id, position = b.last(), b.answered
	})
	switch {
	case !retrieved:
		return nil
	case refused != nil:
		c.summary.Failed++
		return c.sink.Failed(id, item, refused)
	}
	d := newDelivery(id, item, position, message, c.what.Fetch)
	d.ended = func() { c.with(func(b *batch) { b.delivered(time.Now(), true, d.octets) }) }
	if err := c.sink.Deliver(d); err != nil {
		return err
	}
	if !d.whole {
		c.summary.Failed++
		c.with(func(b *batch) { b.delivered(time.Now(), false, d.octets) })
		return nil // what has broken it, if anything, comes next
	}
	c.summary.Delivered++
	if agrees, known := d.SizeAgrees(); known && !agrees {
		c.findings.add(SizesWrong)
	}
	hash := hashOf(d)
	c.latest = append(c.latest, hash)
	if _, before := c.hashes[hash]; before {
		c.repeats++
	}
	return nil
}

// deadline returns when the oldest unsettled delivery is late, or the zero time.
func (c *Collector) deadline() (deadline time.Time) {
	c.with(func(b *batch) {
		if since, waiting := b.waiting(); waiting {
			deadline = since.Add(c.what.AckTimeout)
		}
	})
	return deadline
}

// idle waits for the caller, up to a deadline if there is one, and keeps the server.
func (c *Collector) idle(ctx context.Context, client *pop3.Client, deadline time.Time) error {
	most := time.Until(c.busy.Add(noopInterval))
	if !deadline.IsZero() {
		most = min(most, time.Until(deadline))
	}
	if err := c.pause(ctx, most); err != nil {
		return err
	}
	if time.Since(c.busy) < noopInterval {
		return nil
	}
	c.busy = time.Now()
	_, err := client.Noop(ctx)
	if _, refused := errors.AsType[*pop3.RefusedError](err); refused {
		err = nil // the server has heard it
	}
	return err
}

// carry prepares for another login, after the server was caught pipelining badly. What was delivered is not asked for again.
func (c *Collector) carry() {
	c.findings.add(PipeliningBroken)
	c.carried = true
	c.with(func(b *batch) {
		c.pass(b, func(e *entry) bool { return e.stage != arriving && e.stage != void })
		for i := range b.entries {
			if b.entries[i].stage == void {
				c.summary.Failed-- // it is asked for again
			}
		}
	})
}

// pass remembers entries of a batch as not to be asked for again.
func (c *Collector) pass(b *batch, which func(*entry) bool) {
	var marks []uint64
	for i := range b.entries {
		if e := &b.entries[i]; e.kind == Unique && which(e) {
			marks = append(marks, c.cursor.mark([]byte(e.id)))
		}
	}
	c.passed = merge(c.passed, marks)
}

// rebase finds the messages of a batch that was carried over in the listing of this login.
func (c *Collector) rebase(b *batch) {
	found := make(map[string]int, len(b.entries))
	for i := range b.entries {
		found[b.entries[i].id] = none
	}
	for i := range c.list.Len() {
		if _, wanted := found[string(c.list.id(i))]; wanted && c.list.kinds[i] == Unique {
			found[string(c.list.id(i))] = i
		}
	}
	b.rebase(func(id string, octets int64) uint32 {
		i := found[id]
		if i == none || c.list.octets[i] != octets {
			return 0
		}
		return c.list.numbers[i]
	})
	c.carried = false
}
