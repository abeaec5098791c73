package pop3

import (
	"context"
	"time"
)

// Done is a command whose reply is over, or that failed.
type Done struct {
	// Command is the verb, "" for the greeting, "TLS" for a handshake (that of STLS is told beside STLS itself).
	Command string
	// Begun and Ended are when the command began, waiting for silence included, and when its reply was over. Of commands that are
	// sent ahead each begins when the reply before it is over.
	Begun, Ended time.Time
	// Sent and Received are the octets that went over the connection since the Done before, those of TLS itself left out. Of commands
	// that are sent ahead they are right in sum only.
	Sent, Received int64
	// Outcome is that of QUIT.
	Outcome Outcome
	// Err is nil for a reply of +OK, a *RefusedError, a *BrokenError, or the error of a context.
	Err error
}

// tell tells Options.Observe of a command that is over.
func (c *Client) tell(ctx context.Context, command string, begun time.Time, err error) {
	if c.opts.Observe == nil {
		return
	}
	d := Done{Command: command, Begun: begun, Ended: time.Now(), Sent: c.sent, Received: c.received, Outcome: c.outcome, Err: err}
	c.sent, c.received = 0, 0
	c.opts.Observe(ctx, d)
}

// over tells of the running command, if it was more than an intent.
func (op *operation) over(c *Client, err error) {
	_, broken := err.(*BrokenError) //nolint:errorlint // as fail made it
	if op.told || !op.wrote && !broken && (op.name != "" || err != nil) {
		return
	}
	c.tell(op.ctx, op.name, op.begun, err)
}
