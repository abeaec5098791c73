package pop3

import (
	"context"
	"errors"
)

// Quit ends the session and has the marked messages removed (QUIT, RFC 1939 sections 4 and 6). It returns what became of them, and
// the status line. The connection is closed in every case, save where the error is ErrBusy or that ctx had ended before.
//
// Once the line is written, the end of ctx no longer matters: the reply is waited for as long as Timeouts.Login says. Outcomes with
// an error: NotCommitted where the line was not written or nothing could be marked yet, Partial with a *RefusedError, Unknown with
// a *BrokenError. Called again Quit sends nothing, and returns the outcome of the first time with the error of a dead connection.
func (c *Client) Quit(ctx context.Context) (Outcome, string, error) {
	cmd := command{verb: "QUIT"}
	if err := c.prepare(ctx, cmd); err != nil {
		return c.outcome, "", err
	}
	if err := c.send(cmd); err != nil {
		if c.running.wrote { // a server may take what came of the line for the whole
			c.outcome = Unknown
		}
		return c.outcome, "", c.end(err)
	}
	c.running.stopWatching()
	c.running.ctx = context.WithoutCancel(ctx)
	st, err := c.readStatus()
	c.outcome = c.outcomeOf(err)
	c.state = Update
	err = c.end(err)
	_ = c.conn.Close() // TLS says good-bye here
	_ = c.fail(AfterQuit, "", nil)
	return c.outcome, st.response, err
}

// outcomeOf judges the reply to QUIT.
func (c *Client) outcomeOf(err error) Outcome {
	_, refused := errors.AsType[*RefusedError](err)
	switch {
	case err == nil && c.marked:
		return Committed
	case err == nil:
		return NothingMarked
	case !refused:
		return Unknown
	case c.state == Transaction:
		return Partial
	}
	return NotCommitted
}
