package pop3_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// messageQuirks are of RETR and TOP.
var messageQuirks = []quirk{
	{"top-none", plaintext, func(t *testing.T, c *pop3.Client) {
		logIn(t, c)
		wantCapa(t, c, "USER", "UIDL")
		_, err := c.Top(t.Context(), 1, 0)
		wantRefused(t, err, notOffered("TOP", "-ERR Invalid command"))
		wantAlive(t, c) // and nothing was retrieved in its place
	}},
	{"top-whole-body", nil, func(t *testing.T, c *pop3.Client) {
		m, err := c.Top(t.Context(), 1, 0)
		wantBody(t, m, err, "Subject: x\r\n\r\nall\r\nof it\r\n")
		wantAlive(t, c)
	}},
	{"top-cut-short", nil, func(t *testing.T, c *pop3.Client) {
		m, err := c.Top(t.Context(), 1, 99999999)
		wantBody(t, m, err, "Subject: x\r\n\r\nthe beg\r\n")
		wantAlive(t, c)
	}},
	{"top-ok-twice", nil, func(t *testing.T, c *pop3.Client) {
		m, err := c.Top(t.Context(), 1, 0)
		wantBody(t, m, err, "+OK\r\nSubject: x\r\n\r\n") // a message may well begin so
		wantAlive(t, c)
	}},
	{"top-nothing", nil, func(t *testing.T, c *pop3.Client) {
		m, err := c.Top(t.Context(), 1, 0)
		wantBody(t, m, err, "")
		wantAlive(t, c)
	}},
	{"retr-over-quota", nil, func(t *testing.T, c *pop3.Client) {
		_, err := c.Retr(t.Context(), 183)
		wantRefused(t, err, refusal("RETR", "-ERR Download exceed. msg=183"))
		wantAlive(t, c)
	}},
	{"message-without-end", nil, func(t *testing.T, c *pop3.Client) {
		begin := time.Now()
		wantPart(t, c, pop3.Timeout, "Subject: x\r\n\r\nthe end.\r\n")
		took(t, begin, time.Minute)
	}},
	{"message-ends-in-cr", nil, func(t *testing.T, c *pop3.Client) {
		wantPart(t, c, pop3.Timeout, "a\r\n")
	}},
	{"message-ends-in-lf", nil, func(t *testing.T, c *pop3.Client) {
		wantPart(t, c, pop3.Timeout, "a\nb\n.\n")
	}},
	{"message-cut", nil, func(t *testing.T, c *pop3.Client) {
		wantPart(t, c, pop3.ConnectionLost, "a\r\nb\r\n")
	}},
	{"bare-lf", nil, func(t *testing.T, c *pop3.Client) {
		wantCapa(t, c, "TOP", "UIDL")
		l, err := c.List(t.Context())
		wantEntries(t, l, err, size("1 7", 1, 7))
		m, err := c.Retr(t.Context(), 1)
		wantBody(t, m, err, "a\n.b\nc\n")
		m, err = c.Top(t.Context(), 1, 0)
		wantBody(t, m, err, "a\n")
		wantAlive(t, c)
	}},
	{"bare-lf-inside", nil, func(t *testing.T, c *pop3.Client) {
		wantMessage(t, c, "a\nb\n.\n..\n.c\n.\r\nend\r\n")
	}},
	{"dot-cr-text", nil, func(t *testing.T, c *pop3.Client) {
		wantMessage(t, c, ".\rtext\r\n.\r\r\n.\r\r\r\n")
	}},
	{"no-final-newline", nil, func(t *testing.T, c *pop3.Client) {
		e, _, err := c.ListOne(t.Context(), 1)
		if e.Octets != 17 || err != nil {
			t.Error(e, err)
		}
		wantMessage(t, c, "Subject: x\r\n\r\nabc\r\n") // 19
	}},
	{"stuffing-forgotten", nil, func(t *testing.T, c *pop3.Client) {
		wantMessage(t, c, ".hidden\r\n.\r\n.x.\r\n")
	}},
	{"long-lines", nil, func(t *testing.T, c *pop3.Client) {
		line := func(octets int) string { return strings.Repeat("a", octets) }
		wantMessage(t, c, line(512)+"\r\n"+line(2048)+"\r\n"+line(9000)+"\r\n"+line(4096)+".\r\n")
	}},
	{"any-octets", nil, func(t *testing.T, c *pop3.Client) {
		wantMessage(t, c, "a\x00b\xff\xfe\x80\r\n\rc\rd\r\r\n\x1b[2J\r\n")
	}},
	{"cr-cr-lf", nil, func(t *testing.T, c *pop3.Client) {
		wantMessage(t, c, "Subject: x\r\r\n\r\r\n.\r\r\nb\r\r\n")
	}},
	{"unicode-replaced", plaintext, func(t *testing.T, c *pop3.Client) {
		logIn(t, c)
		m, err := c.Retr(t.Context(), 4)
		wantBody(t, m, err, "Subject: Cannot display Unicode content\r\n\r\nThis E-mail message cannot be displayed.\r\n")
		wantAlive(t, c)
	}},
	{"unicode-after-utf8", plaintext, func(t *testing.T, c *pop3.Client) {
		_, err := c.Utf8(t.Context())
		want(t, "", err, "")
		logIn(t, c)
		m, err := c.Retr(t.Context(), 4)
		wantBody(t, m, err, "Subject: über\r\n\r\n\xff\xfe\r\n")
		wantAlive(t, c)
	}},
	{"pipelining-lies", nil, func(t *testing.T, c *pop3.Client) {
		wantNotWhole(t, c, pop3.Timeout)
	}},
	{"pipelining-closes", nil, func(t *testing.T, c *pop3.Client) {
		wantNotWhole(t, c, pop3.ConnectionLost)
	}},
}

// wantMessage retrieves message 1 whole, and sees that the connection is in step.
func wantMessage(t *testing.T, c *pop3.Client, wanted string) {
	t.Helper()
	m, err := c.Retr(t.Context(), 1)
	wantBody(t, m, err, wanted)
	wantAlive(t, c)
}

// wantNotWhole retrieves two messages from a server that cannot do PIPELINING, of which not even the first may count.
func wantNotWhole(t *testing.T, c *pop3.Client, cause pop3.Cause) {
	t.Helper()
	wantCapa(t, c, "PIPELINING")
	var err error
	for m, each := range c.RetrEach(t.Context(), []uint32{1, 2}) {
		if err = each; err == nil {
			_, err = io.ReadAll(m)
		}
		if err == nil {
			t.Errorf("message %d is called whole", m.Number)
		}
	}
	wantBroken(t, c, err, cause)
	if !errors.Is(err, pop3.ErrPipelining) {
		t.Errorf("%v", err)
	}
}
