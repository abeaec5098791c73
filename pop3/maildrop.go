package pop3

import (
	"bytes"
	"context"
	"errors"
	"strconv"
)

// Stat counts the messages that are not marked as deleted, and their octets (STAT, RFC 1939 section 5), and returns the status
// line with them. A reply without two numbers is a *MalformedError.
func (c *Client) Stat(ctx context.Context) (messages uint32, octets int64, response string, err error) {
	ok := false
	err = c.roundTrip(ctx, command{verb: "STAT"}, func(st status) {
		response = st.response
		words := bytes.Fields(st.text)
		if len(words) >= 2 {
			n, err1 := parseOctets(words[0])
			m, err2 := parseOctets(words[1])
			ok = err1 == nil && err2 == nil && n == int64(uint32(n)) //nolint:gosec // this is the check
			messages, octets = uint32(n), m                          //nolint:gosec // checked above
		}
	})
	if err == nil && !ok {
		return 0, 0, response, &MalformedError{Command: "STAT", Response: response}
	}
	return messages, octets, response, err
}

// Dele marks a message as deleted (DELE, RFC 1939 section 5), and returns the status line. Quit removes it, nothing else does.
func (c *Client) Dele(ctx context.Context, number uint32) (response string, err error) {
	cmd, err := numbered("DELE", number)
	if err != nil {
		return "", err
	}
	err = c.roundTrip(ctx, cmd, func(st status) {
		c.marked = true
		response = st.response
	})
	return response, err
}

// Rset takes all marks back (RSET, RFC 1939 section 5), and returns the status line.
func (c *Client) Rset(ctx context.Context) (response string, err error) {
	err = c.roundTrip(ctx, command{verb: "RSET"}, func(st status) {
		c.marked = false
		response = st.response
	})
	return response, err
}

// Noop does nothing (NOOP, RFC 1939 section 5), and returns the status line.
func (c *Client) Noop(ctx context.Context) (string, error) { return c.simple(ctx, "NOOP") }

var errNumber = errors.New("is 0, but message numbers begin at 1")

// numbered checks a message number and returns the command that has it as its first argument.
func numbered(verb string, number uint32, more ...string) (command, error) {
	if number == 0 {
		return command{}, &ArgumentError{Command: verb, Err: errNumber}
	}
	args := append([]string{strconv.FormatUint(uint64(number), 10)}, more...)
	return command{verb: verb, args: args, number: number}, nil
}

// parseOctets parses a number of digits alone.
func parseOctets(word []byte) (int64, error) {
	if len(word) == 0 || word[0] < '0' || word[0] > '9' {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(string(word), 10, 64)
}
