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
	d := &deletion{again: m.again, targets: targets}
	err := d.run(ctx, m.login)
	return d.Deletion, err
}

// deletion is a Delete under way.
type deletion struct {
	Deletion

	again   loginFunc
	targets []Target
	list    *Listing
	numbers []uint32 // to mark
	at      []int    // in numbers, of each target, or none
}

const none = -1

// run deletes, in a second login where the first one cannot do PIPELINING.
func (d *deletion) run(ctx context.Context, login loginFunc) error {
	d.Fates, d.Responses, d.at = make([]Fate, len(d.targets)), make([]string, len(d.targets)), make([]int, len(d.targets))
	err := d.once(ctx, login)
	if errors.Is(err, pop3.ErrPipelining) { // which came before QUIT, so nothing is deleted
		err = d.once(ctx, d.again)
	}
	return err
}

func (d *deletion) once(ctx context.Context, login loginFunc) error {
	c, _, err := login(ctx)
	if err != nil {
		return err
	}
	defer c.HangUp(ctx)
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
	d.look(ctx)
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

// look finds out by another login what became of the marked messages, after a QUIT whose end is not known. The end of ctx does not matter,
// save for how long the server is waited for when all is known.
func (d *deletion) look(ctx context.Context) {
	lasting := context.WithoutCancel(ctx)
	c, _, err := d.again(lasting)
	if err != nil {
		return
	}
	defer c.HangUp(ctx)
	now, err := list(lasting, c, false)
	if err != nil {
		return
	}
	after := compare(d.list, now)
	for k, at := range d.at {
		if at != none {
			d.Fates[k] = after.fate(d.targets[k].UniqueID)
		}
	}
}

// aftermath is what a listing says about one before it.
type aftermath struct {
	listed map[string]Kind // the unique-ids that are listed now; Duplicate where it may be another message's
	stable bool            // unique-ids mean the same as before, so what is not listed is gone
}

// compare compares the listings of two logins. A unique-id with other octets than before may have been given to another message: some
// servers do that at once when a message is gone.
func compare(before, now *Listing) aftermath {
	at := make(map[string]int, now.Len())
	a := aftermath{listed: make(map[string]Kind, now.Len()), stable: now.Len() == 0}
	for i := range now.Len() {
		at[string(now.id(i))] = i
		a.listed[string(now.id(i))] = now.kinds[i]
	}
	for i := range before.Len() {
		id := string(before.id(i))
		switch k, there := at[id]; {
		case !there || now.kinds[k] != Unique:
		case now.octets[k] != before.octets[i] && now.octets[k] >= 0 && before.octets[i] >= 0:
			a.listed[id] = Duplicate
		default:
			a.stable = true
		}
	}
	a.stable = a.stable && len(now.damaged) == 0 // else it may be listed, by a line that cannot be read
	return a
}

// fate returns what became of a marked message whose unique-id was unique.
func (a aftermath) fate(id string) Fate {
	kind, there := a.listed[id]
	switch {
	case there && kind == Unique:
		return Kept
	case !there && a.stable:
		return Deleted
	}
	return Lost
}
