package mailbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"time"

	"github.com/popgate/popgate/pop3"
)

// Limits of the sample.
const (
	maxSample       = 3        // messages
	maxSampleOctets = 64 << 10 // of each, by LIST
	maxSampleReply  = 1 << 20  // octets that are read, against a LIST that lies
)

// firstLogin lists the maildrop and tries TOP and PIPELINING.
func (d *diagnosing) firstLogin(ctx context.Context) error {
	if d.mailbox.Dial == nil {
		return nil
	}
	d.at = "at the login"
	c, extensions, err := d.mailbox.login(ctx)
	if err != nil {
		return err
	}
	defer c.HangUp(ctx)
	d.loggedIn, d.Maildrop, d.pipelines = time.Now(), &Maildrop{}, extensions.Pipelining
	muted := d.mute
	if d.AfterLogin, err = d.capa(ctx, c); err != nil || d.mute != muted {
		return err
	}
	if d.AfterLogin != nil && !d.pipelines {
		d.add(PipeliningMissing, "CAPA does not list PIPELINING")
	}
	d.at = "after the login"
	if err := d.list(ctx, c); err != nil {
		return err
	}
	sample := d.sample()
	if err = d.tryTOP(ctx, c, sample); err == nil {
		err = d.tryPipelining(ctx, c, sample)
	}
	if errors.Is(err, errTooMuch) { // told, and the connection is of no more use
		return nil
	}
	return err
}

// list lists the maildrop.
func (d *diagnosing) list(ctx context.Context, c *pop3.Client) error {
	l := &Listing{}
	err := l.readUIDL(ctx, c, maxIDOctets)
	refused, isRefused := errors.AsType[*pop3.RefusedError](err)
	if d.hasUIDL = !isRefused; isRefused {
		d.add(UidlMissing, d.refusedText(refused))
	} else if err != nil {
		return err
	}
	if err := l.readLIST(ctx, c); err != nil {
		return err
	}
	l.judge()
	d.listing = l
	d.Maildrop.Messages, d.Maildrop.Octets = l.Len(), l.Octets()
	d.judgeListing()
	return nil
}

func (d *diagnosing) judgeListing() {
	l := d.listing
	var kinds [Missing + 1]int
	for _, kind := range l.kinds {
		kinds[kind]++
	}
	of := func(n int) string { return fmt.Sprintf("%d of %d messages", n, l.Len()) }
	for _, f := range l.findings {
		switch {
		case f == ListingDamaged && len(l.damaged) > 0:
			d.add(f, "cannot be read, for one: "+d.quote(l.damaged[0]))
		case f == ListingDamaged:
			d.add(f, "LIST and UIDL do not have the same messages, or LIST has no octets for some")
		case f == UniqueIDsDuplicate:
			d.add(f, of(kinds[Duplicate])+" share a unique-id")
		case f == UniqueIDsMissing && d.hasUIDL:
			d.add(f, of(kinds[Missing])+" have no unique-id")
		}
	}
	if d.hasUIDL && l.Len() > 0 {
		d.Maildrop.UniqueIDsUnique = new(kinds[Unique] == l.Len())
	}
}

// sample returns the first small messages, as indices.
func (d *diagnosing) sample() (list []int) {
	for i, octets := range d.listing.octets {
		if octets > 0 && octets <= maxSampleOctets && len(list) < maxSample {
			list = append(list, i)
		}
	}
	return list
}

// tryTOP asks for the sample by TOP, once without the body and once with all of it.
func (d *diagnosing) tryTOP(ctx context.Context, c *pop3.Client, sample []int) error {
	if len(sample) == 0 && d.AfterLogin != nil && !pop3.ExtensionsOf(d.AfterLogin.List).Top {
		d.add(TopMissing, "CAPA does not list TOP")
	}
	refusals := 0
	for _, i := range sample {
		item := d.listing.item(i)
		head, whole, err := topTwice(ctx, c, item)
		if refused, ok := errors.AsType[*pop3.RefusedError](err); ok {
			if refusals++; refusals == len(sample) {
				d.add(TopMissing, d.refusedText(refused))
			}
			continue
		}
		if err != nil && !errors.Is(err, errTooMuch) {
			return err
		}
		d.judgeTOP(item, head, whole)
		if err != nil {
			return err
		}
	}
	return nil
}

// topTwice returns a message without its body, and with it.
func topTwice(ctx context.Context, c *pop3.Client, item Item) (head, whole []byte, err error) {
	if head, err = top(ctx, c, item.Number, 0); err != nil {
		return head, head, err
	}
	whole, err = top(ctx, c, item.Number, uint32(item.Octets)) //nolint:gosec // at most maxSampleOctets
	return head, whole, err
}

// errTooMuch says that TOP has more to send than is read.
var errTooMuch = errors.New("TOP sends too much")

// top returns what TOP sends, with errTooMuch where it is not all.
func top(ctx context.Context, c *pop3.Client, number, lines uint32) ([]byte, error) {
	message, err := c.Top(ctx, number, lines)
	if err != nil {
		return nil, err
	}
	octets, err := io.ReadAll(io.LimitReader(message, maxSampleReply))
	if err == nil && len(octets) == maxSampleReply {
		err = errTooMuch
	}
	return octets, err
}

// judgeTOP compares what TOP has sent of a message. Of one without a blank line some servers send nothing, which tells nothing.
func (d *diagnosing) judgeTOP(item Item, head, whole []byte) {
	m := d.Maildrop
	if len(bodyOf(whole)) > 0 {
		if honoured := len(bodyOf(head)) == 0; m.TopHonoured == nil || !honoured {
			m.TopHonoured = &honoured
		}
		if !*m.TopHonoured {
			d.add(TopIgnoresCount, fmt.Sprintf("TOP %d 0 sent %d octets with a body", item.Number, len(head)))
		}
	}
	if len(whole) == 0 {
		return
	}
	if agrees := int64(len(whole)) == item.Octets; m.SizesTrue == nil || !agrees {
		m.SizesTrue = &agrees
	}
	if !*m.SizesTrue {
		d.add(SizesWrong, fmt.Sprintf("message %d has %d octets by LIST, and TOP sent %d with all lines", item.Number, item.Octets, len(whole)))
	}
}

// bodyOf returns what stands behind the first blank line, however lines end, and without blank lines at its own ends: servers add those.
func bodyOf(message []byte) []byte {
	message = bytes.ReplaceAll(message, []byte("\r"), nil)
	if bytes.HasPrefix(message, []byte("\n")) {
		return bytes.TrimSpace(message)
	}
	_, body, _ := bytes.Cut(message, []byte("\n\n"))
	return bytes.TrimSpace(body)
}

// tryPipelining sends TOP ahead. The connection may not survive it.
func (d *diagnosing) tryPipelining(ctx context.Context, c *pop3.Client, sample []int) error {
	if !d.pipelines || len(sample) == 0 {
		return nil
	}
	asked := 0
	next := func() (pop3.Request, bool) {
		asked++
		item := d.listing.item(sample[(asked-1)%len(sample)])
		return pop3.Request{Verb: "TOP", Number: item.Number, Listed: item.Octets}, asked <= maxSample
	}
	for message, err := range c.Pipeline(ctx, next) {
		if errors.Is(err, pop3.ErrPipelining) {
			break
		}
		if message == nil {
			return err
		}
	}
	works, known := c.Pipelining()
	if !known {
		return nil
	}
	if d.Maildrop.PipeliningTrue = &works; !works {
		d.add(PipeliningBroken, "CAPA lists PIPELINING, and replies to commands that were sent ahead do not match them")
	}
	return nil
}

// hashes returns those of all unique-ids, ascending.
func (l *Listing) hashes() []uint64 {
	hashes := make([]uint64, l.Len())
	for i := range hashes {
		hashes[i] = maphash.Bytes(seed, l.id(i))
	}
	slices.Sort(hashes)
	return hashes
}

// secondLogin lists the maildrop again.
func (d *diagnosing) secondLogin(ctx context.Context) error {
	if d.listing == nil || !d.hasUIDL || d.listing.Len() == 0 || d.LoginDelay > maxLoginDelay {
		return nil
	}
	d.at = "at a second login"
	next := d.loggedIn.Add(d.LoginDelay)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(next) { // better a report without it than none
		return nil
	}
	select {
	case <-time.After(time.Until(next)):
	case <-ctx.Done():
		return ctx.Err()
	}
	c, _, err := d.mailbox.again(ctx)
	if err != nil {
		return err
	}
	defer c.HangUp(ctx)
	again := &Listing{}
	if err := again.readUIDL(ctx, c, maxIDOctets); err != nil {
		return err
	}
	d.compare(again)
	return nil
}

// compare tells whether messages have got other unique-ids. Where a message has, neither is its old one listed any more nor was its new
// one before: what others delete or deliver meanwhile does not look like that.
func (d *diagnosing) compare(again *Listing) {
	before, after := d.listing.hashes(), again.hashes()
	changed, shared := 0, min(d.listing.Len(), again.Len())
	for i := range shared {
		_, stays := slices.BinarySearch(after, maphash.Bytes(seed, d.listing.id(i)))
		_, was := slices.BinarySearch(before, maphash.Bytes(seed, again.id(i)))
		if !stays && !was && d.listing.numbers[i] == again.numbers[i] {
			changed++
		}
	}
	d.Maildrop.UniqueIDsStable = new(changed == 0)
	if changed > 0 {
		d.add(UniqueIDsUnstable, fmt.Sprintf("%d of %d messages have another unique-id at the next login", changed, shared))
	}
}
