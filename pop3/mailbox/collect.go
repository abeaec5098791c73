package mailbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/popgate/popgate/pop3"
)

// Collect says what to collect, and how. Zero values of its numbers are the defaults.
type Collect struct {
	// Fetch says what to deliver. HeaderLines has no meaning: what was not delivered whole is never settled.
	Fetch
	// Offer has the listing offered, and delivers what is chosen of it. UniqueIDs, Cursor and Seen have no meaning then, and All says
	// that a server without unique-ids will do.
	Offer bool
	// MaxUnsettledMessages is how many messages may be asked for and not settled: 100.
	MaxUnsettledMessages int
	// MaxUnsettledOctets is how many octets of them, by LIST and then as they came: 64 MiB. One larger message alone passes.
	MaxUnsettledOctets int64
	// CommitMessages is how many messages make a batch: 500.
	CommitMessages int
	// CommitInterval is how long after its first delivery a batch asks for no more: 5 minutes.
	CommitInterval time.Duration
	// AckTimeout is how long a settlement, or a choice, is waited for: 10 minutes.
	AckTimeout time.Duration
}

// withDefaults returns what to collect with every number set.
func (w Collect) withDefaults() Collect {
	w.HeaderLines = nil
	orElse(&w.MaxUnsettledMessages, 100)
	orElse(&w.MaxUnsettledOctets, 64<<20)
	orElse(&w.CommitMessages, 500)
	orElse(&w.CommitInterval, 5*time.Minute)
	orElse(&w.AckTimeout, 10*time.Minute)
	return w
}

func orElse[T comparable](value *T, or T) {
	var zero T
	if *value == zero {
		*value = or
	}
}

// How long a Collector waits, or lets the server wait.
const (
	noopInterval    = 30 * time.Second // without a command while the caller is waited for
	maxLoginDelay   = time.Minute      // of a LOGIN-DELAY that is waited for
	credentialsWait = time.Minute      // for fresh credentials
)

// Errors of a Collector, beside those of Mailbox.Fetch.
var (
	// ErrUnsettled says that a delivery was not settled in time, or that nothing was chosen in time. What was settled for deletion
	// was committed.
	ErrUnsettled = errors.New("mailbox: a message was not settled in time")
	// ErrUniqueIDsUnstable says that the server has changed the unique-ids of known messages in two logins. What was settled is
	// committed.
	ErrUniqueIDsUnstable = errors.New("mailbox: the server changes unique-ids from login to login")
	// ErrCommitUnknown says that a Commit has told a message whose fate cannot be found out.
	ErrCommitUnknown = errors.New("mailbox: it cannot be told which messages are deleted")
	// ErrChoice is returned for the choice of a message that was not offered.
	ErrChoice = errors.New("mailbox: the message was not offered, or the choice is over")
	// ErrUser is returned for fresh credentials of another user.
	ErrUser = errors.New("mailbox: these are another user's credentials")
)

// errStopped ends a wait that the caller has stopped.
var errStopped = errors.New("mailbox: stopped")

// errUntimely says that a message was not settled in time.
var errUntimely = errors.New("mailbox: unsettled")

// CollectSink takes what a Collector delivers, in Run's goroutine. An error of its methods ends the job without QUIT.
type CollectSink interface {
	// Sink's Progress comes once a login. Its Cursor, which does not come with Offer, knows what was settled to be kept, and what a
	// Commit has told as Kept.
	Sink
	// Offer offers the next messages to choose from. The last of a login are done.
	Offer(items []Item, done bool) error
	// CredentialsNeeded says that a login within the job was refused: Renew is waited for, for 60 seconds.
	CredentialsNeeded(refused *pop3.RefusedError) error
	// Commit says what became of a batch.
	Commit(commit Commit) error
}

// Commit is what became of the messages that were settled in a batch.
type Commit struct {
	// Outcome and Response are those of QUIT. NotCommitted: there was nothing to delete and no reason to send it.
	Outcome  pop3.Outcome
	Response string
	// Messages are in the order of their deliveries.
	Messages []Committed
}

// Committed is a message of a Commit.
type Committed struct {
	// ID is that of the delivery.
	ID       uint64
	UniqueID string
	// Fate is Deleted, Kept or Lost.
	Fate Fate
	// Response is the server's status line where DELE was refused, else "".
	Response string
}

// Collector delivers messages, and deletes those that its caller settles for deletion. Run does the work; all other methods may be
// called from any goroutine while it runs, and from the sink.
//
// A message is settled when it is stored durably, after Delivery.Read has returned io.EOF. QUIT is sent only when every message that was
// retrieved since the login is settled, since some servers remove at QUIT what was merely retrieved. One that cannot be stored is left
// unsettled: nothing is lost.
type Collector struct {
	mailbox Mailbox
	what    Collect
	sink    CollectSink
	cursor  *cursor
	said    chan struct{} // has a value when something was said that Run may not have seen

	mu      sync.Mutex
	batch   *batch
	offer   *offer            // whose choices are waited for, or nil
	renewal *pop3.Credentials // for the next login
	stopped bool              // nothing more is wanted
	closed  bool              // and no more settlements come

	collecting // Run's alone
}

// NewCollector returns a Collector. The error is ErrCursorDamaged or ErrCursorForeign.
func (m *Mailbox) NewCollector(what Collect, sink CollectSink) (*Collector, error) {
	seen, err := parseCursor(m.Name, what.Cursor)
	if err != nil {
		return nil, err
	}
	c := &Collector{mailbox: *m, what: what.withDefaults(), sink: sink, cursor: seen, said: make(chan struct{}, 1)}
	c.batch = c.newBatch(1)
	c.since = time.Now()
	c.hashes = map[uint64]struct{}{}
	return c, nil
}

func (c *Collector) newBatch(first uint64) *batch {
	b := newBatch(bounds{
		messages: c.what.MaxUnsettledMessages, octets: c.what.MaxUnsettledOctets, size: c.what.CommitMessages, interval: c.what.CommitInterval,
	}, first)
	b.stopped = c.stopped
	return b
}

// say does what the caller has said, and wakes Run.
func (c *Collector) say(f func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := f()
	select {
	case c.said <- struct{}{}:
	default:
	}
	return err
}

// Settle settles deliveries. The first settlement of each stands, repeats do nothing. With ErrDelivery nothing is done.
func (c *Collector) Settle(d Disposition, ids ...uint64) error {
	return c.say(func() error { return c.batch.settle(d, ids...) })
}

// SettleThrough settles all deliveries up to one, save those that failed, were skipped, or are settled already.
func (c *Collector) SettleThrough(d Disposition, id uint64) error {
	return c.say(func() error { return c.batch.settleThrough(d, id) })
}

// Choose names message numbers of the last offer that are wanted. done says that no more are. With ErrChoice nothing is done.
func (c *Collector) Choose(done bool, numbers ...uint32) error {
	return c.say(func() error { return c.offer.choose(done, numbers) })
}

// Renew sets credentials for the next login, of the same user, or returns ErrUser.
func (c *Collector) Renew(credentials pop3.Credentials) error {
	return c.say(func() error {
		if old := c.mailbox.Credentials; credentials.Username != old.Username || credentials.Identity != old.Identity {
			return ErrUser
		}
		c.renewal = &credentials
		return nil
	})
}

// Stop asks for nothing more. Run awaits the settlements of what was asked for, commits, and returns.
func (c *Collector) Stop() {
	_ = c.say(func() error { // it has no error
		c.stopped, c.batch.stopped = true, true
		return nil
	})
}

// HalfClose says that no more settlements will come: what is unsettled is now.
func (c *Collector) HalfClose() {
	_ = c.say(func() error { // it has no error
		c.stopped, c.batch.stopped, c.closed = true, true, true
		return nil
	})
}

// with calls f with the state that the caller's words change.
func (c *Collector) with(f func(b *batch)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c.batch)
}

// untimely reports whether a settlement is not to be waited for any longer.
func (c *Collector) untimely(now time.Time) (late bool) {
	c.with(func(b *batch) {
		since, waiting := b.waiting()
		late = c.closed && b.open > 0 || waiting && now.Sub(since) >= c.what.AckTimeout
	})
	return late
}

// over reports whether the caller wants nothing more.
func (c *Collector) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopped
}

// pause waits until the caller has said something, at most as long as given.
func (c *Collector) pause(ctx context.Context, most time.Duration) error {
	timer := time.NewTimer(max(most, 0))
	defer timer.Stop()
	select {
	case <-c.said:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
