package pop3

import (
	"context"
	"time"
)

// Done is a command whose reply is over, or that failed.
type Done struct {
	// Command is the verb, "" for the greeting, "TLS" for a handshake (that of STLS is told beside STLS itself).
	Command string
	// Number is that of the message which the command names, 0 where it names none.
	Number uint32
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

// tell tells Options.Observe of a command that is over now. It adds what the Client knows.
func (c *Client) tell(ctx context.Context, d Done) {
	if c.opts.Observe == nil {
		return
	}
	d.Ended, d.Sent, d.Received, d.Outcome = time.Now(), c.sent, c.received, c.outcome
	c.sent, c.received = 0, 0
	c.opts.Observe(ctx, d)
}

// over tells of the running command, if it was more than an intent.
func (op *operation) over(c *Client, err error) {
	_, broken := err.(*BrokenError) //nolint:errorlint // as fail made it
	if op.told || !op.wrote && !broken && (op.name != "" || err != nil) {
		return
	}
	c.tell(op.ctx, Done{Command: op.name, Number: op.number, Begun: op.begun, Err: err})
}
