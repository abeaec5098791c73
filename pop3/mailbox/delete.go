package mailbox

import (
	"context"
	"errors"

	"github.com/popgate/popgate/pop3"
)

// Target is a message to delete.
type Target struct {
	// UniqueID names it.
	UniqueID string
	// Octets, if not nil, have to be what LIST gives.
	Octets *int64
}

// Fate is what became of a message that was to be deleted.
type Fate int

const (
	// Deleted says that it is gone.
	Deleted Fate = iota + 1
	// Kept says that it was not deleted.
	Kept
	// Lost says that it cannot be told which of the two.
	Lost
	// NotFound says that no message has the unique-id: to a repeated job a success.
	NotFound
	// Ambiguous says that two messages have it, that it is blank, or that the octets are others than given; nothing was deleted.
	Ambiguous
)

// Deletion is what Delete came to.
type Deletion struct {
	// Fates has one for each target, in their order.
	Fates []Fate
	// Responses has the server's status line for each target whose DELE was refused, else "".
	Responses []string
	// Outcome and Response are those of QUIT.
	Outcome  pop3.Outcome
	Response string
}

// Delete deletes messages by their unique-ids, which are looked up in the same login. QUIT is sent when every DELE is answered. Where
// its reply is lost or -ERR, a second login looks which messages are gone. The error is one of package pop3: nothing was deleted. What
// became of single messages, or of QUIT, is none. A server that lists PIPELINING and cannot do it is logged in to once more.
//
// The end of ctx before QUIT is written is an error. From then on it no longer matters: what became of the marks has to be known.
func (m *Mailbox) Delete(ctx context.Context, targets []Target) (Deletion, error) {
	d := &deletion{Deletion: Deletion{Fates: make([]Fate, len(targets)), Responses: make([]string, len(targets))}, mailbox: m, targets: targets, at: make([]int, len(targets))}
	err := d.run(ctx, m.login)
	if errors.Is(err, pop3.ErrPipelining) { // which came before QUIT, so nothing is deleted
		err = d.run(ctx, m.again)
	}
	return d.Deletion, err
}

// deletion is a Delete under way.
type deletion struct {
	Deletion

	mailbox *Mailbox
	targets []Target
	list    *Listing
	numbers []uint32 // to mark
	at      []int    // in numbers, of each target, or none
}

const none = -1

func (d *deletion) run(ctx context.Context, login loginFunc) error {
	c, _, err := login(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if d.list, err = list(ctx, c, false); err != nil {
		return err
	}
	d.match()
	if err := d.mark(ctx, c); err != nil {
		return err
	}
	d.Outcome, d.Response, err = c.Quit(ctx)
	if refused, ok := errors.AsType[*pop3.RefusedError](err); ok {
		d.Response = refused.Response
	}
	switch d.Outcome {
	case pop3.Committed, pop3.NothingMarked:
		d.settle(Deleted)
		return nil
	case pop3.NotCommitted:
		d.settle(Kept)
		return err
	case pop3.Partial, pop3.Unknown:
	}
	d.settle(Lost)
	d.look(context.WithoutCancel(ctx))
	return nil
}

// match finds the message of each target.
func (d *deletion) match() {
	found := make(map[string]int, len(d.targets))
	for _, target := range d.targets {
		found[target.UniqueID] = none
	}
	for i := range d.list.Len() {
		id := d.list.id(i)
		if _, wanted := found[string(id)]; wanted {
			found[string(id)] = i
		}
	}
	d.numbers = nil
	clear(d.Responses)
	marked := map[int]int{} // by the index in the listing: a target may be there twice
	for k, target := range d.targets {
		d.at[k] = none
		i := found[target.UniqueID]
		switch {
		case target.UniqueID == "":
			d.Fates[k] = Ambiguous
		case i == none:
			d.Fates[k] = NotFound
		case d.list.kinds[i] != Unique, target.Octets != nil && *target.Octets != d.list.octets[i]:
			d.Fates[k] = Ambiguous
		default:
			at, again := marked[i]
			if !again {
				at = len(d.numbers)
				marked[i] = at
				d.numbers = append(d.numbers, d.list.numbers[i])
			}
			d.Fates[k], d.at[k] = Kept, at
		}
	}
}

// mark sends DELE for each message that was found.
func (d *deletion) mark(ctx context.Context, c *pop3.Client) error {
	asked, answered := 0, 0
	next := func() (pop3.Request, bool) {
		if asked == len(d.numbers) {
			return pop3.Request{}, false
		}
		asked++
		return pop3.Request{Verb: "DELE", Number: d.numbers[asked-1]}, true
	}
	for reply, err := range c.Pipeline(ctx, next) {
		if reply == nil {
			return err
		}
		if err != nil { // refused
			for k, at := range d.at {
				if at == answered {
					d.Responses[k], d.at[k] = reply.Response(), none
				}
			}
		}
		answered++
	}
	return nil
}

// settle gives one fate to every target whose message was marked.
func (d *deletion) settle(fate Fate) {
	for k, at := range d.at {
		if at != none {
			d.Fates[k] = fate
		}
	}
}

// look finds out by another login what became of the marked messages, after a QUIT whose end is not known.
func (d *deletion) look(ctx context.Context) {
	c, _, err := d.mailbox.again(ctx)
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	now, err := list(ctx, c, false)
	if err != nil {
		return
	}
	listed := map[string]Kind{}
	for i := range now.Len() {
		listed[string(now.id(i))] = now.kinds[i]
	}
	known := now.Len() == 0
	for i := range d.list.Len() {
		kind, there := listed[string(d.list.id(i))]
		known = known || there && kind == Unique
	}
	for k, at := range d.at {
		if at == none {
			continue
		}
		kind, there := listed[d.targets[k].UniqueID]
		switch {
		case there && kind == Unique:
			d.Fates[k] = Kept
		case !there && known && len(now.damaged) == 0: // else it may be listed, by a line that cannot be read or another unique-id
			d.Fates[k] = Deleted
		}
	}
}
