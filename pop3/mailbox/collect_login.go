package mailbox

import (
	"context"
	"errors"
	"time"

	"github.com/popgate/popgate/pop3"
)

// again logs in for another round: after the server's LOGIN-DELAY, and with fresh credentials where they are needed. It is given up by
// errStopped where the login has no use any more.
func (c *Collector) again(ctx context.Context) (*pop3.Client, pop3.Extensions, error) {
	if err := c.rest(ctx); err != nil {
		return nil, pop3.Extensions{}, err
	}
	var until time.Time // for fresh credentials; those that come are tried till then, however often they are wrong
	for {
		c.renew()
		client, extensions, err := c.mailbox.again(ctx)
		c.login = time.Now()
		refused, ok := errors.AsType[*pop3.RefusedError](err)
		if !ok || refused.InUse() || refused.Code != "" && refused.Code != "AUTH" || !refused.IsLogin() && refused.Command != "USER" {
			return client, extensions, err
		}
		switch {
		case until.IsZero():
			until = time.Now().Add(credentialsWait)
		case !time.Now().Before(until):
			return nil, pop3.Extensions{}, err
		}
		if err := c.sink.CredentialsNeeded(refused); err != nil {
			return nil, pop3.Extensions{}, err
		}
		if err := c.awaitRenewal(ctx, until, refused); err != nil {
			return nil, pop3.Extensions{}, err
		}
	}
}

// needless reports whether another login has no use: the caller wants nothing more, and nothing is to be found out or deleted.
func (c *Collector) needless() bool { return c.lost == nil && !c.settling && !c.carried && c.over() }

// rest waits until the server allows the next login.
func (c *Collector) rest(ctx context.Context) error {
	until := c.login
	if c.delay <= maxLoginDelay {
		until = until.Add(c.delay)
	}
	for {
		if c.needless() {
			return errStopped
		}
		most := time.Until(until)
		if most <= 0 {
			return nil
		}
		if err := c.pause(ctx, most); err != nil {
			return err
		}
	}
}

// awaitRenewal waits for fresh credentials. Where they do not come the error is refused.
func (c *Collector) awaitRenewal(ctx context.Context, until time.Time, refused error) error {
	for !c.renewed() {
		switch {
		case c.noneToCome() || !time.Now().Before(until):
			return refused
		case c.needless():
			return errStopped
		}
		if err := c.pause(ctx, time.Until(until)); err != nil {
			return err
		}
	}
	return nil
}

// renew uses fresh credentials, if there are any.
func (c *Collector) renew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.renewal != nil {
		c.mailbox.Credentials, c.renewal = *c.renewal, nil
	}
}

// renewed reports whether there are fresh credentials.
func (c *Collector) renewed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.renewal != nil
}

// noneToCome reports whether the caller says nothing any more.
func (c *Collector) noneToCome() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}
