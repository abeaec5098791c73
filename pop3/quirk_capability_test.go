package pop3_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// capabilityQuirks are of CAPA and what it lists.
var capabilityQuirks = []quirk{
	{"capa-none", plaintext, func(t *testing.T, c *pop3.Client) {
		_, _, err := c.Capa(t.Context())
		wantRefused(t, err, notOffered("CAPA", "-ERR unknown command"))
		logIn(t, c)
		_, _, err = c.Capa(t.Context())
		wantRefused(t, err, notOffered("CAPA", "-ERR unknown command"))
		l, err := c.Uidl(t.Context())
		wantEntries(t, l, err, id("1 281d490b88fdabd68f55ccde2e0e63c1", 1, "281d490b88fdabd68f55ccde2e0e63c1"))
		m, err := c.Top(t.Context(), 1, 0)
		wantBody(t, m, err, "Subject: x\r\n\r\n")
		_, err = c.Top(t.Context(), 2, 0)
		wantRefused(t, err, refusal("TOP", "-ERR no such message")) // whether it is there at all, nobody knows
		wantAlive(t, c)
	}},
	{"capa-after-login-only", plaintext, func(t *testing.T, c *pop3.Client) {
		_, _, err := c.Capa(t.Context())
		wantRefused(t, err, notOffered("CAPA", "-ERR log in first"))
		logIn(t, c)
		wantCapa(t, c, "TOP")
		_, err = c.Uidl(t.Context())
		wantRefused(t, err, notOffered("UIDL", "-ERR unknown command"))
		_, err = c.Top(t.Context(), 2, 0)
		wantRefused(t, err, refusal("TOP", "-ERR no such message"))
		wantAlive(t, c)
	}},
	{"capa-before-login-only", plaintext, func(t *testing.T, c *pop3.Client) {
		wantCapa(t, c, "STLS")
		logIn(t, c)
		_, _, err := c.Capa(t.Context())
		wantRefused(t, err, notOffered("CAPA", "-ERR"))
		l, err := c.Uidl(t.Context()) // sent although nothing lists it
		wantEntries(t, l, err, id("1 258aeb1330297b8b", 1, "258aeb1330297b8b"))
		m, err := c.Top(t.Context(), 1, 0)
		wantBody(t, m, err, "Subject: x\r\n\r\n")
		wantAlive(t, c)
	}},
	{"capa-taken-back", plaintext, func(t *testing.T, c *pop3.Client) {
		wantCapa(t, c, "STLS", "PIPELINING")
		logIn(t, c)
		_, _, err := c.Capa(t.Context())
		wantRefused(t, err, notOffered("CAPA", "-ERR"))
		_, err = c.Top(t.Context(), 2, 0)
		wantRefused(t, err, refusal("TOP", "-ERR no such message"))
		wantAlive(t, c)
	}},
	{"capa-differs", plaintext, func(t *testing.T, c *pop3.Client) {
		wantCapa(t, c, "UIDL", "USER", "STLS")
		logIn(t, c)
		wantCapa(t, c, "CAPA", "TOP", "UIDL", "RESP-CODES", "PIPELINING", "AUTH-RESP-CODE")
		_, err := c.Top(t.Context(), 2, 0)
		wantRefused(t, err, refusal("TOP", "-ERR There's no message 2.")) // the last list counts
		wantAlive(t, c)
	}},
	{"capa-closes", plaintext, func(t *testing.T, c *pop3.Client) {
		_, _, err := c.Capa(t.Context())
		wantBroken(t, c, err, pop3.ConnectionLost)
	}},
	{"capa-closes-next-session", plaintext, func(t *testing.T, c *pop3.Client) {
		logIn(t, c) // nothing asks for CAPA unbidden
		l, err := c.Uidl(t.Context())
		wantEntries(t, l, err, id("1 a", 1, "a"))
		outcome, _, err := c.Quit(t.Context())
		want(t, outcome.String(), err, "NOTHING_MARKED")
	}},
	{"capa-hangs", plaintext, func(t *testing.T, c *pop3.Client) {
		if _, err := c.Welcome(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		_, _, err := c.Capa(t.Context())
		took(t, begin, time.Minute)
		wantBroken(t, c, err, pop3.Timeout)
	}},
	{"capa-unknown-words", nil, func(t *testing.T, c *pop3.Client) {
		wantCapa(t, c, "TOP", "USER", "UIDL", "PIPELINE", "CELERITY", "AUSPEX", "POTENCE")
		var messages []string
		for m, err := range c.RetrEach(t.Context(), []uint32{1, 2}) {
			wantBody(t, m, err, []string{"a\r\n", "b\r\n"}[len(messages)])
			messages = append(messages, m.Response())
		}
		if len(messages) != 2 {
			t.Error(messages)
		}
	}},
	{"capa-expirenever", nil, func(t *testing.T, c *pop3.Client) {
		capa, _, err := c.Capa(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if e := pop3.ExtensionsOf(capa); e.Expire == nil || !e.Expire.Never || !e.Uidl || capa[5].Line != "EXPIRENEVER" {
			t.Errorf("%+v", e)
		}
	}},
	{"gmail", plaintext, func(t *testing.T, c *pop3.Client) {
		capa, _, err := c.Capa(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		e := pop3.ExtensionsOf(capa)
		if e.LoginDelay != 5*time.Minute || e.Expire == nil || e.Expire.Never || e.Expire.Days != 0 || e.Stls || e.Utf8 || e.Pipelining {
			t.Errorf("%+v", e)
		}
		response, err := c.User(t.Context(), "recent:alice@gmail.com")
		want(t, response, err, "+OK send PASS")
		response, err = c.Pass(t.Context(), "secret")
		want(t, response, err, "+OK Welcome.")
		m, err := c.Retr(t.Context(), 1)
		wantBody(t, m, err, "a\r\n")
		// Close, behind this, sends no QUIT.
	}},
	{"gmail-closes-on-utf8", nil, func(t *testing.T, c *pop3.Client) {
		_, err := c.Utf8(t.Context()) // sent, as the caller has asked for it
		wantRefused(t, err, refusal("UTF8", "-ERR bad command"))
		wantLost(t, c, "")
	}},
}

// wantCapa asks for the capabilities, which are one word each.
func wantCapa(t *testing.T, c *pop3.Client, names ...string) {
	t.Helper()
	capa, _, err := c.Capa(t.Context())
	var got []string
	for _, capability := range capa {
		got = append(got, capability.Line)
	}
	if err != nil || !slices.Equal(got, names) {
		t.Errorf("%s, %v; want %s", strings.Join(got, ", "), err, strings.Join(names, ", "))
	}
}
