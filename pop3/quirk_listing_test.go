package pop3_test

import (
	"errors"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// listingQuirks are of STAT, LIST and UIDL.
var listingQuirks = []quirk{
	{"uidl-none", plaintext, func(t *testing.T, c *pop3.Client) {
		logIn(t, c)
		_, _, err := c.Capa(t.Context())
		want(t, "", err, "")
		_, err = c.Uidl(t.Context())
		wantRefused(t, err, notOffered("UIDL", "-ERR unknown command 'UIDL'"))
		_, _, err = c.UidlOne(t.Context(), 1)
		wantRefused(t, err, refusal("UIDL", "-ERR unknown command 'UIDL'")) // or there may be no such message
		wantAlive(t, c)
	}},
	{"uidl-refused-though-listed", plaintext, func(t *testing.T, c *pop3.Client) {
		wantCapa(t, c, "UIDL")
		logIn(t, c)
		_, err := c.Uidl(t.Context())
		wantRefused(t, err, refusal("UIDL", "-ERR command not implemented"))
		wantAlive(t, c)
	}},
	{"uidl-after-login-only", plaintext, func(t *testing.T, c *pop3.Client) {
		wantCapa(t, c, "USER")
		logIn(t, c)
		l, err := c.Uidl(t.Context())
		wantEntries(t, l, err, id("1 a", 1, "a"))
		wantAlive(t, c)
	}},
	{"uidl-entries", nil, func(t *testing.T, c *pop3.Client) {
		const long = "0123456789012345678901234567890123456789012345678901234567890123456789-71"
		l, err := c.Uidl(t.Context())
		wantEntries(t, l, err, id("1 same", 1, "same"), id("2 same", 2, "same"), id("3", 3, ""), id("4 ", 4, ""),
			id("5   three", 5, "three"), id("6 trailing  ", 6, "trailing"), id("7 a/b two words", 7, "a/b two words"),
			id("8 "+long, 8, long), id("number-missing", 0, ""), id("12 h\xe4\x00", 12, "h\xe4\x00"), id("10 ten", 10, "ten"),
			id(".11 eleven", 0, ""))
		wantAlive(t, c)
	}},
	{"uidl-one-without-number", nil, func(t *testing.T, c *pop3.Client) {
		e, response, err := c.UidlOne(t.Context(), 1)
		want(t, response, err, "+OK 00001a1457b5a851")
		if e != id("00001a1457b5a851", 0, "") { // it might as well be the number of another message
			t.Errorf("%+v", e)
		}
		wantAlive(t, c)
	}},
	{"list-deleted", nil, func(t *testing.T, c *pop3.Client) {
		_, err := c.Dele(t.Context(), 1)
		want(t, "", err, "")
		l, err := c.List(t.Context())
		wantEntries(t, l, err, size("1 0", 1, 0), size("2 200", 2, 200))
		wantAlive(t, c)
	}},
	{"list-gaps", nil, func(t *testing.T, c *pop3.Client) {
		l, err := c.List(t.Context())
		wantEntries(t, l, err, size("7 70", 7, 70), size("2 20", 2, 20), size("5 50", 5, 50))
		l, err = c.Uidl(t.Context())
		wantEntries(t, l, err, id("2 b", 2, "b"), id("7 g", 7, "g"), id("5 e", 5, "e"))
		wantAlive(t, c)
	}},
	{"list-renumbered", nil, func(t *testing.T, c *pop3.Client) {
		l, err := c.List(t.Context())
		wantEntries(t, l, err, size("1 3", 1, 3), size("2 6", 2, 6), size("3 9", 3, 9))
		_, err = c.Dele(t.Context(), 1)
		want(t, "", err, "")
		l, err = c.List(t.Context())
		wantEntries(t, l, err, size("1 6", 1, 6), size("2 9", 2, 9))
		m, err := c.Retr(t.Context(), 2) // by the number of the first listing
		wantBody(t, m, err, "two!\r\n")
		wantAlive(t, c)
	}},
	{"list-and-uidl-race", nil, func(t *testing.T, c *pop3.Client) {
		l, err := c.List(t.Context())
		wantEntries(t, l, err, size("1 100", 1, 100), size("2 200", 2, 200))
		l, err = c.Uidl(t.Context())
		wantEntries(t, l, err, id("1 a", 1, "a"), id("2 b", 2, "b"), id("3 c", 3, "c"))
		wantAlive(t, c)
	}},
	{"list-empty", nil, func(t *testing.T, c *pop3.Client) {
		l, err := c.List(t.Context())
		wantEntries(t, l, err)
		l, err = c.Uidl(t.Context())
		wantEntries(t, l, err)
		messages, octets, _, err := c.Stat(t.Context())
		if messages != 0 || octets != 0 || err != nil {
			t.Error(messages, octets, err)
		}
	}},
	{"list-sizes-wrong", nil, func(t *testing.T, c *pop3.Client) {
		l, err := c.List(t.Context())
		wantEntries(t, l, err, size("1 991", 1, 991))
		m, err := c.Retr(t.Context(), 1)
		wantBody(t, m, err, "a\r\nb\r\n") // neither 991 octets nor cut off at some
		wantAlive(t, c)
	}},
	{"list-large-sizes", nil, func(t *testing.T, c *pop3.Client) {
		l, err := c.List(t.Context())
		wantEntries(t, l, err, size("1 2147483648", 1, 1<<31), size("2 8589934592", 2, 8<<30), size("3 99999999999999999999", 3, -1))
		messages, octets, _, err := c.Stat(t.Context())
		if messages != 3 || octets != 10<<30 || err != nil {
			t.Error(messages, octets, err)
		}
	}},
	{"list-ignores-argument", nil, func(t *testing.T, c *pop3.Client) {
		e, response, err := c.ListOne(t.Context(), 2)
		want(t, response, err, "+OK 2 messages")
		if e.Octets != -1 {
			t.Errorf("%+v", e)
		}
		_, err = c.Retr(t.Context(), 2)
		wantBroken(t, c, err, pop3.Protocol) // no line of the list is taken for a reply
	}},
	{"stat-malformed", nil, func(t *testing.T, c *pop3.Client) {
		for _, line := range []string{"+OK", "+OK 3 -1"} {
			_, _, response, err := c.Stat(t.Context())
			if malformed, ok := errors.AsType[*pop3.MalformedError](err); !ok || malformed.Response != line || response != line {
				t.Errorf("%q, %v", response, err)
			}
		}
		wantAlive(t, c)
	}},
}
