package mailbox

import (
	"fmt"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// caller is a CollectSink that keeps all, and a caller that settles.
type caller struct {
	recorder

	*Collector

	commits []Commit
	asked   int // for credentials

	got    func(c *caller, d *Delivery) error // after each delivery; nil: settle for deletion
	choose func(items []Item, done bool) error
	needed func()
	before func(c *caller) // Run
}

// collect runs a Collector in virtual time.
func (r *rig) collect(t *testing.T, what Collect, c *caller) (Summary, error) {
	t.Helper()
	var err error
	if c.Collector, err = r.NewCollector(what, c); err != nil {
		return Summary{}, err
	}
	c.deliver = func(d *Delivery) error {
		if err := c.read(d); err != nil {
			return err
		}
		if c.got != nil {
			return c.got(c, d)
		}
		return c.Settle(ToDelete, d.ID)
	}
	if c.before != nil {
		c.before(c)
	}
	return c.Run(t.Context())
}

func (c *caller) Offer(items []Item, done bool) error {
	if err := c.add("offer %d %t", len(items), done); err != nil || c.choose == nil {
		return err
	}
	return c.choose(items, done)
}

func (c *caller) CredentialsNeeded(refused *pop3.RefusedError) error {
	c.asked++
	if c.needed != nil {
		c.needed()
	}
	return c.add("credentials %s", refused.Response)
}

func (c *caller) Commit(commit Commit) error {
	c.commits = append(c.commits, commit)
	var b strings.Builder
	for _, m := range commit.Messages {
		fmt.Fprintf(&b, " %s=%s", m.UniqueID, fateNames[m.Fate])
	}
	return c.add("%v%s", commit.Outcome, b.String())
}

var fateNames = map[Fate]string{Deleted: "deleted", Kept: "kept", Lost: "unknown"}

// left returns the unique-ids that are in the maildrop.
func (r *rig) left() string { return strings.Join(r.drop.UniqueIDs(), " ") }
