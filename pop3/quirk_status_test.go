package pop3_test

import (
	"testing"

	"github.com/popgate/popgate/pop3"
)

// statusQuirks are of greetings, status lines, command lines and idle sessions.
var statusQuirks = []quirk{
	{"status-without-text", plaintext, func(t *testing.T, c *pop3.Client) {
		_, _, err := c.Capa(t.Context())
		wantRefused(t, err, notOffered("CAPA", "-ERR"))
		logIn(t, c)
		messages, octets, response, err := c.Stat(t.Context())
		want(t, response, err, "+OK 1 6")
		if messages != 1 || octets != 6 {
			t.Error(messages, octets)
		}
		_, err = c.Retr(t.Context(), 2)
		wantRefused(t, err, refusal("RETR", "-ERR"))
		m, err := c.Retr(t.Context(), 1)
		wantBody(t, m, err, "a\r\nb\r\n")
		outcome, response, err := c.Quit(t.Context())
		want(t, outcome.String()+" "+response, err, "NOTHING_MARKED +OK")
	}},
	{"status-trailing-blanks", plaintext, func(t *testing.T, c *pop3.Client) {
		response, err := c.User(t.Context(), "alice")
		want(t, c.Greeting()+"|"+response, err, "+OK |+OK ")
		response, err = c.Pass(t.Context(), "secret")
		want(t, response, err, "+OK  logged in  ")
		_, err = c.Noop(t.Context())
		wantRefused(t, err, refusal("NOOP", "-ERR  "))
		wantAlive(t, c)
	}},
	{"status-lower-case", plaintext, func(t *testing.T, c *pop3.Client) {
		_, err := c.User(t.Context(), "alice")
		wantBroken(t, c, err, pop3.Protocol)
	}},
	{"status-lower-case-lenient", &pop3.Options{UnsafeAllowPlaintext: true, LenientStatus: true}, func(t *testing.T, c *pop3.Client) {
		logIn(t, c)
		_, err := c.Noop(t.Context())
		wantRefused(t, err, refusal("NOOP", "-err no"))
		wantAlive(t, c)
	}},
	{"no-trailing-blank", plaintext, func(t *testing.T, c *pop3.Client) {
		_, _, err := c.Capa(t.Context())
		want(t, "", err, "")
		_, err = c.Utf8(t.Context())
		want(t, "", err, "")
		_, _, err = c.Languages(t.Context())
		want(t, "", err, "")
		_, _, _, err = c.Stat(t.Context())
		want(t, "", err, "")
		l, err := c.List(t.Context())
		wantEntries(t, l, err)
		l, err = c.Uidl(t.Context())
		wantEntries(t, l, err)
		_, err = c.Rset(t.Context())
		want(t, "", err, "")
		_, err = c.Noop(t.Context())
		want(t, "", err, "")
		_, _, err = c.Quit(t.Context())
		want(t, "", err, "")
	}},
	{"goodbye-when-idle", plaintext, func(t *testing.T, c *pop3.Client) {
		wantLost(t, c, "-ERR Disconnected for inactivity.")
	}},
	{"goodbye-without-a-word", plaintext, func(t *testing.T, c *pop3.Client) {
		wantLost(t, c, "")
	}},
	{"too-many-bad-commands", plaintext, func(t *testing.T, c *pop3.Client) {
		_, _, err := c.Languages(t.Context())
		wantRefused(t, err, refusal("LANG", "-ERR Unknown command: LANG"))
		_, _, err = c.Languages(t.Context())
		wantRefused(t, err, refusal("LANG", "-ERR Too many invalid bad commands."))
		wantLost(t, c, "")
	}},
}
