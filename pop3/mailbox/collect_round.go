package mailbox

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"slices"
	"time"

	"github.com/popgate/popgate/pop3"
)

// collecting is what Run knows.
type collecting struct {
	list   *Listing
	marks  []uint64 // of list
	plan   *plan
	single bool // all is one batch, and no login comes after it
	login  time.Time
	delay  time.Duration // between logins
	busy   time.Time     // of the last command

	passed  []uint64 // marks of what is not asked for again, ascending
	done    []uint64 // marks of what a cursor is to know, ascending
	fresh   []uint64 // marks of what it is to know since the last one
	since   time.Time
	offered []uint64 // marks of what was offered, ascending
	wanted  []uint64 // and of what was chosen of it
	left    []uint64 // marks of what the login before has left untouched, ascending
	lost    *lostQuit

	carried  bool // the batch is that of the login before
	settling bool // the login to come is for what was settled, though nothing more is wanted

	hashes   map[uint64]struct{} // of the contents that were delivered
	repeats  int                 // deliveries of this login that repeat one of an earlier login
	latest   []uint64            // hashes of this login
	unstable int                 // logins that show that unique-ids change
	suspect  bool                // this one does

	summary  Summary
	findings findings
}

// lostQuit is a batch whose QUIT was written and not answered +OK.
type lostQuit struct {
	batch    *batch
	list     *Listing
	outcome  pop3.Outcome
	response string
	last     bool // nothing comes after it
}

// Run collects until a login shows nothing new, or Stop. It is called once. A server that lists PIPELINING and cannot do it is logged in
// to once more.
func (c *Collector) Run(ctx context.Context) (Summary, error) {
	err := c.run(ctx)
	if errors.Is(err, errStopped) {
		err = nil
	}
	if err == nil && c.plan != nil {
		err = c.handOut()
	}
	c.summary.Findings = c.findings
	return c.summary, err
}

func (c *Collector) run(ctx context.Context) error {
	more, err := c.round(ctx, c.mailbox.login)
	for err == nil && more {
		more, err = c.round(ctx, c.again)
	}
	return err
}

// round is a login: it delivers a batch and commits it.
func (c *Collector) round(ctx context.Context, login loginFunc) (more bool, err error) {
	client, extensions, err := login(ctx)
	if err != nil {
		return false, c.blind(err)
	}
	defer client.HangUp(ctx)
	c.login, c.busy, c.delay = time.Now(), time.Now(), extensions.LoginDelay
	c.list, c.marks = nil, nil // not two at once
	now, err := list(ctx, client, c.what.All)
	if err != nil {
		return false, c.blind(err)
	}
	c.findings.add(now.findings...)
	c.findings.add(findingsOf(extensions)...)
	c.list, c.marks = now, c.cursor.marksOf(now)
	if done, err := c.look(); done || err != nil {
		return false, err
	}
	if c.judgeListing(); c.unstable > 1 {
		return false, ErrUniqueIDsUnstable
	}
	if c.plan, err = c.choosePlan(ctx, client); err != nil {
		return false, err
	}
	if err := c.announce(); err != nil {
		return false, err
	}
	return c.work(ctx, client)
}

// choosePlan decides what to deliver, and whether that is a single batch.
func (c *Collector) choosePlan(ctx context.Context, client *pop3.Client) (p *plan, err error) {
	if c.what.Offer {
		p, err = c.chosen(ctx, client)
	} else {
		p = planOf(c.list, c.marks, c.what.Selection, c.cursor, c.passed, c.summary.Delivered)
		c.done = slices.DeleteFunc(c.done, func(mark uint64) bool { return !contains(p.again, mark) })
	}
	if err != nil {
		return nil, err
	}
	c.single = c.single || slices.ContainsFunc(p.deliver, func(i uint32) bool { return c.list.kinds[i] != Unique })
	if c.delay > maxLoginDelay {
		c.single = true
		c.findings.add(LoginDelay)
	}
	c.with(func(b *batch) {
		if c.single {
			b.size, b.interval = 0, 0
		}
		if c.carried {
			c.rebase(b)
		}
		b.begin(c.list, p.deliver)
	})
	return p, nil
}

// announce says what there is to do in this login, and what is not done.
func (c *Collector) announce() error {
	c.summary.Remaining = c.plan.remaining
	if err := c.sink.Progress(c.plan.progress(c.list)); err != nil {
		return err
	}
	for _, i := range c.plan.skipped {
		c.summary.Skipped++
		item := c.list.item(int(i))
		var id uint64
		c.with(func(b *batch) { id = b.skip(item) })
		if err := c.sink.Skipped(id, item); err != nil {
			return err
		}
	}
	return nil
}

// judgeListing finds out whether the messages that were left untouched still have their unique-ids.
func (c *Collector) judgeListing() {
	left := c.left
	c.left, c.repeats, c.suspect = nil, 0, false
	for _, hash := range c.latest {
		c.hashes[hash] = struct{}{}
	}
	c.latest = c.latest[:0]
	if len(left) == 0 || slices.ContainsFunc(c.marks, func(mark uint64) bool { return mark != 0 && contains(left, mark) }) {
		return
	}
	c.isUnstable()
}

func (c *Collector) isUnstable() {
	if !c.suspect {
		c.unstable++
	}
	c.suspect = true
	c.findings.add(UniqueIDsUnstable)
}

// leave remembers what the batch has left untouched.
func (c *Collector) leave(b *batch) {
	touched := make(map[uint32]bool, len(b.entries))
	for i := range b.entries {
		if e := &b.entries[i]; e.stage != failed {
			touched[e.number] = true
		}
	}
	c.left = c.left[:0]
	for i, mark := range c.marks {
		if mark != 0 && !touched[c.list.numbers[i]] {
			c.left = append(c.left, mark)
		}
	}
	slices.Sort(c.left)
}

// hashOf returns a hash of a delivery's content.
func hashOf(d *Delivery) uint64 {
	sum := binary.BigEndian.AppendUint64(d.SHA256(), uint64(d.octets)) //nolint:gosec // not negative
	return maphash.Bytes(seed, binary.BigEndian.AppendUint32(sum, d.crc))
}

// handOut hands out a cursor.
func (c *Collector) handOut() error {
	if c.what.Offer {
		return nil
	}
	c.since = time.Now()
	c.done = merge(c.done, c.fresh)
	c.fresh = c.fresh[:0]
	return c.sink.Cursor(c.cursor.encode(c.plan.marks, c.done))
}

// keepUp hands out a cursor where the last is old.
func (c *Collector) keepUp() error {
	var kept []string
	c.with(func(b *batch) { kept = b.takeKept() })
	for _, id := range kept {
		c.fresh = append(c.fresh, c.cursor.mark([]byte(id)))
	}
	if len(c.fresh) >= cursorMessages || len(c.fresh) > 0 && time.Since(c.since) >= cursorInterval {
		return c.handOut()
	}
	return nil
}
