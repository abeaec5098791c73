package mailbox

import (
	"context"
	"errors"
	"time"

	"github.com/popgate/popgate/pop3"
)

// MaxUniqueIDs is the greatest number of unique-ids in a request.
const MaxUniqueIDs = 10_000

// Selection says which messages are wanted.
type Selection struct {
	// All asks for every message that the server lists; Cursor and Seen have no meaning then.
	All bool
	// UniqueIDs, if not nil, asks for these; one that is not listed is passed over. Cursor and Seen have no meaning then.
	UniqueIDs []string
	// Cursor knows what was seen. Empty: nothing.
	Cursor []byte
	// Seen are unique-ids that were seen after the cursor was made.
	Seen []string
	// MaxOctets is the size by LIST above which a message is skipped; 0: there is none.
	MaxOctets int64
	// MaxMessages is how many to deliver; 0: all.
	MaxMessages int
	// NewestFirst delivers in the order of falling message numbers.
	NewestFirst bool
}

// Fetch says what to deliver, and in which form.
type Fetch struct {
	Selection
	// HeaderLines, if not nil, asks for the header and so many lines of the body in place of the message (TOP).
	HeaderLines *uint32
	// OmitSHA256 leaves the SHA-256 out.
	OmitSHA256 bool
}

// Progress is what there is to do, when the maildrop is listed.
type Progress struct {
	// Messages are all in the maildrop.
	Messages int
	// New is how many of them there are to deliver in this job, and NewOctets what LIST says that they have.
	New       int
	NewOctets int64
}

// Summary is what a job came to.
type Summary struct {
	// Delivered, Skipped and Failed count messages. Remaining are those that MaxMessages has left.
	Delivered, Skipped, Failed, Remaining int
	// Findings are what to know about the server.
	Findings []Finding
}

// Sink takes what Mailbox.Fetch delivers. An error of its methods ends the job and is returned.
type Sink interface {
	// Progress comes once, when the maildrop is listed.
	Progress(p Progress) error
	// Deliver reads a message to its end. What it leaves unread is read away, and the message counts as failed. An error of
	// Delivery.Read means that the message is void; it may be delivered again, from its beginning.
	Deliver(d *Delivery) error
	// Failed says that the server refused a message, whose delivery would have had this id.
	Failed(id uint64, item Item, refused *pop3.RefusedError) error
	// Skipped says that a message has more octets than MaxOctets. Its delivery would have had this id.
	Skipped(id uint64, item Item) error
	// Cursor hands out a cursor that knows all that was delivered before it, in this job or earlier; nil where it would be too large.
	// The slice is valid until Cursor returns.
	Cursor(cursor []byte) error
}

// How often a cursor is handed out.
const (
	cursorMessages = 1000
	cursorInterval = time.Minute
)

// Fetch delivers messages and deletes none: it never sends QUIT. The error is ErrCursorDamaged or ErrCursorForeign, one of package pop3,
// or the sink's. A server that lists PIPELINING and cannot do it is logged in to once more, and the rest is fetched one by one.
func (m *Mailbox) Fetch(ctx context.Context, what Fetch, sink Sink) (Summary, error) {
	seen, err := parseCursor(m.Name, what.Cursor)
	if err != nil {
		return Summary{}, err
	}
	f := &fetching{what: what, cursor: seen, sink: sink, since: time.Now()}
	err = f.round(ctx, m.login)
	if errors.Is(err, pop3.ErrPipelining) {
		f.findings.add(PipeliningBroken)
		f.summary.Failed = 0 // they are asked for again
		err = f.round(ctx, m.again)
	}
	f.summary.Findings = f.findings
	return f.summary, err
}

// fetching is a Fetch under way.
type fetching struct {
	what     Fetch
	cursor   *cursor
	sink     Sink
	list     *Listing
	plan     *plan
	done     []uint64 // marks of what was delivered, ascending, up to the last cursor
	fresh    []uint64 // marks of what was delivered since
	at       int      // in plan.deliver
	last     uint64   // delivery id
	summary  Summary
	findings findings
	since    time.Time // of the last cursor
	count    int       // of messages since then
}

// round logs in, lists, and delivers. All that there is to hand out is handed out before the server is waited for.
func (f *fetching) round(ctx context.Context, login loginFunc) error {
	c, extensions, err := login(ctx)
	if err != nil {
		return err
	}
	defer c.HangUp(ctx)
	first := f.list == nil
	if f.list, err = list(ctx, c, f.what.All); err != nil {
		return err
	}
	f.findings.add(f.list.findings...)
	f.findings.add(findingsOf(extensions)...)
	f.remember()
	f.plan = planOf(f.list, f.cursor.marksOf(f.list), f.what.Selection, f.cursor, f.done, f.summary.Delivered)
	f.at = 0
	if f.summary.Remaining = f.plan.remaining; first {
		if err := f.announce(); err != nil {
			return err
		}
	}
	if err := f.deliver(ctx, c); err != nil {
		return err
	}
	return f.handOut()
}

// announce says what there is to do, and what is not done.
func (f *fetching) announce() error {
	if err := f.sink.Progress(f.plan.progress(f.list)); err != nil {
		return err
	}
	for _, i := range f.plan.skipped {
		f.summary.Skipped++
		f.last++
		if err := f.sink.Skipped(f.last, f.list.item(int(i))); err != nil {
			return err
		}
	}
	return nil
}

// deliver delivers what the plan has.
func (f *fetching) deliver(ctx context.Context, c *pop3.Client) error {
	asked := 0
	next := func() (r pop3.Request, more bool) {
		if asked == len(f.plan.deliver) {
			return r, false
		}
		i := int(f.plan.deliver[asked])
		asked++
		r = pop3.Request{Verb: "RETR", Number: f.list.numbers[i], Listed: f.list.octets[i]}
		if lines := f.what.HeaderLines; lines != nil {
			r = pop3.Request{Verb: "TOP", Number: r.Number, Lines: *lines}
		}
		return r, true
	}
	for message, err := range c.Pipeline(ctx, next) {
		if message == nil {
			return err
		}
		i := int(f.plan.deliver[f.at])
		f.at++
		if err := f.one(i, message, err); err != nil {
			_ = c.Close() // so that nobody waits for what was asked for and is not wanted any more
			return err
		}
	}
	return nil
}

// one delivers a message. Where the server does not have TOP, that is the end.
func (f *fetching) one(i int, message *pop3.Message, err error) error {
	item := f.list.item(i)
	f.last++
	if refused, ok := errors.AsType[*pop3.RefusedError](err); ok {
		if refused.NotOffered {
			return err
		}
		f.summary.Failed++
		return f.sink.Failed(f.last, item, refused)
	}
	d := newDelivery(f.last, item, f.at, message, f.what)
	if err := f.sink.Deliver(d); err != nil {
		return err
	}
	if !d.whole {
		f.summary.Failed++
		return nil // what has broken it, if anything, comes next
	}
	f.summary.Delivered++
	if agrees, known := d.SizeAgrees(); known && !agrees {
		f.findings.add(SizesWrong)
	}
	if item.Kind == Unique {
		f.fresh = append(f.fresh, f.cursor.mark(f.list.id(i)))
	}
	if f.count++; f.count >= cursorMessages || time.Since(f.since) >= cursorInterval {
		return f.handOut()
	}
	return nil
}

// handOut hands out a cursor.
func (f *fetching) handOut() error {
	f.count, f.since = 0, time.Now()
	f.remember()
	return f.sink.Cursor(f.cursor.encode(f.plan.marks, f.done))
}

// remember moves what was delivered since the last cursor to what was delivered.
func (f *fetching) remember() {
	f.done = merge(f.done, f.fresh)
	f.fresh = f.fresh[:0]
}
