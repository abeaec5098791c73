package mailbox

import (
	"context"
	"slices"
	"time"

	"github.com/popgate/popgate/pop3"
)

// offerMessages is how many messages are offered at once.
const offerMessages = 1000

// offer is a listing to choose from.
type offer struct {
	list   *Listing
	open   []bool // by the index in list: it is offered
	wanted []bool // it is chosen
	done   bool
}

// choose marks messages as wanted. A nil offer has none.
func (o *offer) choose(done bool, numbers []uint32) error {
	if o == nil || o.done {
		return ErrChoice
	}
	at := make([]int, len(numbers))
	for k, number := range numbers {
		i, found := slices.BinarySearch(o.list.numbers, number)
		if !found || !o.open[i] {
			return ErrChoice
		}
		at[k] = i
	}
	for _, i := range at {
		o.wanted[i] = true
	}
	o.done = done
	return nil
}

// chosen offers what was not offered yet in this job, and plans to deliver what is chosen now or was chosen before.
func (c *Collector) chosen(ctx context.Context, client *pop3.Client) (*plan, error) {
	o := &offer{list: c.list, open: make([]bool, c.list.Len()), wanted: make([]bool, c.list.Len())}
	var news []uint64
	fresh := false
	for i, mark := range c.marks {
		unique := c.list.kinds[i] == Unique
		switch {
		case !unique:
			o.open[i], fresh = true, fresh || len(c.offered) == 0 || c.carried
		case !contains(c.offered, mark):
			o.open[i], fresh = true, true
			news = append(news, mark)
		default:
			o.wanted[i] = contains(c.wanted, mark) && !contains(c.passed, mark)
		}
	}
	if fresh {
		c.with(func(*batch) { c.offer = o })
		err := c.askFor(ctx, client, o)
		c.with(func(*batch) { c.offer = nil })
		if err != nil {
			return nil, err
		}
	}
	c.offered = merge(c.offered, news)
	var wanted []uint64
	p := &plan{}
	for i, want := range o.wanted {
		if !want {
			continue
		}
		p.want(c.list, c.what.Selection, i)
		if o.open[i] && c.list.kinds[i] == Unique {
			wanted = append(wanted, c.marks[i])
		}
	}
	c.wanted = merge(c.wanted, wanted)
	p.order(c.what.Selection, c.summary.Delivered)
	return p, nil
}

// askFor offers messages and waits for the choice.
func (c *Collector) askFor(ctx context.Context, client *pop3.Client, o *offer) error {
	var items []Item
	for i, open := range o.open {
		if !open {
			continue
		}
		if items = append(items, o.list.item(i)); len(items) == offerMessages {
			if err := c.sink.Offer(items, false); err != nil {
				return err
			}
			items = items[:0]
		}
	}
	if err := c.sink.Offer(items, true); err != nil {
		return err
	}
	deadline := time.Now().Add(c.what.AckTimeout)
	for {
		var done bool
		c.with(func(*batch) { done = o.done })
		switch {
		case done || c.over():
			return nil
		case !time.Now().Before(deadline):
			return ErrUnsettled
		}
		if err := c.idle(ctx, client, deadline); err != nil {
			return err
		}
	}
}
