package pop3_test

import (
	"errors"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// updateQuirks are of DELE, RSET, QUIT, and sessions that end without it.
var updateQuirks = []quirk{
	{"abort-sends-nothing", nil, func(t *testing.T, c *pop3.Client) {
		wantMarked(t, c, "a\r\n")
		if err := c.Close(); err != nil { // the script has no RSET and no QUIT
			t.Error(err)
		}
		outcome, _, err := c.Quit(t.Context())
		wantBroken(t, c, err, pop3.Closed)
		want(t, outcome.String(), nil, "NOT_COMMITTED")
	}},
	{"abort-by-rset", plaintext, func(t *testing.T, c *pop3.Client) {
		logIn(t, c)
		wantMarked(t, c, "a\r\n")
		_, err := c.Rset(t.Context())
		want(t, "", err, "")
		outcome, _, err := c.Quit(t.Context())
		want(t, outcome.String(), err, "NOTHING_MARKED")
	}},
	{"dele-twice", nil, func(t *testing.T, c *pop3.Client) {
		for range 2 {
			response, err := c.Dele(t.Context(), 1)
			want(t, response, err, "+OK Message 1 marked")
		}
		_, err := c.Dele(t.Context(), 2)
		wantRefused(t, err, refusal("DELE", "-ERR Message is deleted."))
		wantAlive(t, c)
	}},
	{"dele-blank-reply", plaintext, func(t *testing.T, c *pop3.Client) {
		wantMarksLost(t, c, pop3.Protocol)
	}},
	{"dele-closes", plaintext, func(t *testing.T, c *pop3.Client) {
		wantMarksLost(t, c, pop3.ConnectionLost)
	}},
	{"quit-closes", plaintext, func(t *testing.T, c *pop3.Client) {
		wantUnknown(t, c, pop3.ConnectionLost)
	}},
	{"quit-hangs", plaintext, func(t *testing.T, c *pop3.Client) {
		begin := time.Now()
		wantUnknown(t, c, pop3.Timeout)
		took(t, begin, 5*time.Minute)
	}},
	{"quit-refused", plaintext, func(t *testing.T, c *pop3.Client) {
		logIn(t, c)
		_, err := c.Dele(t.Context(), 1)
		want(t, "", err, "")
		outcome, _, err := c.Quit(t.Context())
		wantRefused(t, err, refusal("QUIT", "-ERR some deleted messages not removed"))
		want(t, outcome.String(), nil, "PARTIAL")
	}},
}

// wantMarked retrieves message 1 and marks it.
func wantMarked(t *testing.T, c *pop3.Client, body string) {
	t.Helper()
	m, err := c.Retr(t.Context(), 1)
	wantBody(t, m, err, body)
	_, err = c.Dele(t.Context(), 1)
	want(t, "", err, "")
}

// wantMarksLost marks two messages; the second DELE costs the connection, and QUIT was never sent.
func wantMarksLost(t *testing.T, c *pop3.Client, cause pop3.Cause) {
	t.Helper()
	logIn(t, c)
	_, err := c.Dele(t.Context(), 1)
	want(t, "", err, "")
	_, err = c.Dele(t.Context(), 2)
	wantBroken(t, c, err, cause)
	outcome, _, again := c.Quit(t.Context())
	if outcome != pop3.NotCommitted || !errors.Is(again, err) {
		t.Error(outcome, again)
	}
}

// wantUnknown marks a message and sends QUIT, the reply to which is lost.
func wantUnknown(t *testing.T, c *pop3.Client, cause pop3.Cause) {
	t.Helper()
	logIn(t, c)
	_, err := c.Dele(t.Context(), 1)
	want(t, "", err, "")
	outcome, _, err := c.Quit(t.Context())
	wantBroken(t, c, err, cause)
	want(t, outcome.String(), nil, "UNKNOWN")
}
