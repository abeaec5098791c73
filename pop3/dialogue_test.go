package pop3_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// dialogues are golden: every octet of both sides is in them.
var dialogues = []struct {
	name, script string
	do           func(t *testing.T, c *pop3.Client)
}{
	{"greeting", `
		S: +OK POP3 <1896.697170952@dbc.mtview.ca.us> ready
	`, func(t *testing.T, c *pop3.Client) {
		if c.Greeting() != "" {
			t.Error("a greeting that was not read")
		}
		for range 2 { // the second time it is known
			response, err := c.Welcome(t.Context())
			want(t, response, err, "+OK POP3 <1896.697170952@dbc.mtview.ca.us> ready")
			want(t, c.Greeting(), nil, response)
		}
	}},
	{"USER and PASS", `
		S: +OK
		C: USER alice in chains
		S: +OK name is a valid mailbox
		C: PASS two  spaces
		S: +OK maildrop locked and ready
	`, func(t *testing.T, c *pop3.Client) {
		response, err := c.User(t.Context(), "alice in chains")
		want(t, response, err, "+OK name is a valid mailbox")
		if c.State() != pop3.Authorization {
			t.Error("logged in by USER alone")
		}
		response, err = c.Pass(t.Context(), "two  spaces")
		want(t, response, err, "+OK maildrop locked and ready")
		if c.State() != pop3.Transaction {
			t.Error("not logged in")
		}
	}},
	{"APOP of RFC 1939", `
		S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>
		C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
		S: +OK maildrop has 1 message (369 octets)
	`, func(t *testing.T, c *pop3.Client) {
		response, err := c.Apop(t.Context(), "mrose", "tanstaaf")
		want(t, response, err, "+OK maildrop has 1 message (369 octets)")
		if c.State() != pop3.Transaction {
			t.Error("not logged in")
		}
	}},
	{"RPOP", `
		S: +OK
		C: USER alice
		S: +OK
		C: RPOP alice
		S: +OK trusted
	`, func(t *testing.T, c *pop3.Client) {
		response, err := c.User(t.Context(), "alice")
		want(t, response, err, "+OK")
		response, err = c.Rpop(t.Context(), "alice")
		want(t, response, err, "+OK trusted")
	}},
	{"CAPA", `
		S: +OK list follows
		C: CAPA
		S: +OK Capability list follows
		S: TOP
		S: sasl PLAIN  SCRAM-SHA-256
		S: ..dots
		S:
		S: .
	`, func(t *testing.T, c *pop3.Client) {
		capa, response, err := c.Capa(t.Context())
		want(t, response, err, "+OK Capability list follows")
		wanted := []pop3.Capability{
			{"TOP", "TOP", []string{}},
			{"sasl PLAIN  SCRAM-SHA-256", "SASL", []string{"PLAIN", "SCRAM-SHA-256"}},
			{".dots", ".DOTS", []string{}},
			{Line: ""},
		}
		if !reflect.DeepEqual(capa, wanted) {
			t.Errorf("%#v", capa)
		}
	}},
	{"UTF8 and LANG", `
		S: +OK
		C: UTF8
		S: +OK UTF8 enabled
		C: LANG
		S: +OK Language listing follows:
		S: en English
		S: es  Espa\xc3\xb1ol
		S: *
		S: .
		C: LANG es
		S: +OK es Idioma cambiado
		C: LANG *
		S: -ERR no
	`, func(t *testing.T, c *pop3.Client) {
		response, err := c.Utf8(t.Context())
		want(t, response, err, "+OK UTF8 enabled")
		list, response, err := c.Languages(t.Context())
		want(t, response, err, "+OK Language listing follows:")
		wanted := []pop3.Language{{"en English", "en", "English"}, {"es  Español", "es", "Español"}, {"*", "*", ""}}
		if !reflect.DeepEqual(list, wanted) {
			t.Errorf("%#v", list)
		}
		response, err = c.Lang(t.Context(), "es")
		want(t, response, err, "+OK es Idioma cambiado")
		_, err = c.Lang(t.Context(), "*")
		wantRefused(t, err, pop3.RefusedError{Command: "LANG", Response: "-ERR no"})
	}},
	{"STAT, NOOP, DELE, RSET", `
		S: +OK
		C: STAT
		S: +OK 2 320
		C: NOOP
		S: +OK
		C: DELE 1
		S: +OK message 1 deleted
		C: DELE 4294967295
		S: -ERR no such message, only 2 messages in maildrop
		C: RSET
		S: +OK maildrop has 2 messages (320 octets)
	`, func(t *testing.T, c *pop3.Client) {
		messages, octets, response, err := c.Stat(t.Context())
		want(t, response, err, "+OK 2 320")
		if messages != 2 || octets != 320 {
			t.Error(messages, octets)
		}
		response, err = c.Noop(t.Context())
		want(t, response, err, "+OK")
		response, err = c.Dele(t.Context(), 1)
		want(t, response, err, "+OK message 1 deleted")
		_, err = c.Dele(t.Context(), 1<<32-1)
		wantRefused(t, err, pop3.RefusedError{Command: "DELE", Response: "-ERR no such message, only 2 messages in maildrop"})
		response, err = c.Rset(t.Context())
		want(t, response, err, "+OK maildrop has 2 messages (320 octets)")
	}},
	{"LIST and UIDL", `
		S: +OK
		C: LIST
		S: +OK 2 messages (320 octets)
		S: 1 120
		S: 2 200 of 7
		S: .
		C: UIDL
		S: +OK
		S: 1 whqtswO00WBw418f9t5JxYwZ
		S: .
		C: LIST 2
		S: +OK 2 200
		C: UIDL 2
		S: +OK 2 QhdPYR:00WBw1Ph7x7
		C: UIDL 3
		S: -ERR no such message
	`, func(t *testing.T, c *pop3.Client) {
		l, err := c.List(t.Context())
		want(t, l.Response(), err, "+OK 2 messages (320 octets)")
		entries, err := readEntries(l)
		wanted := []pop3.Entry{{Line: "1 120", Number: 1, Octets: 120}, {Line: "2 200 of 7", Number: 2, Octets: 200}}
		if err != nil || !reflect.DeepEqual(entries, wanted) || l.Octets() != 7+12 {
			t.Errorf("%#v, %v, %d octets", entries, err, l.Octets())
		}
		l, err = c.Uidl(t.Context())
		want(t, l.Response(), err, "+OK")
		entries, err = readEntries(l)
		wanted = []pop3.Entry{{Line: "1 whqtswO00WBw418f9t5JxYwZ", Number: 1, Octets: -1, UniqueID: "whqtswO00WBw418f9t5JxYwZ"}}
		if err != nil || !reflect.DeepEqual(entries, wanted) {
			t.Errorf("%#v, %v", entries, err)
		}
		e, response, err := c.ListOne(t.Context(), 2)
		want(t, response, err, "+OK 2 200")
		if e != (pop3.Entry{Line: "2 200", Number: 2, Octets: 200}) {
			t.Errorf("%#v", e)
		}
		e, response, err = c.UidlOne(t.Context(), 2)
		want(t, response, err, "+OK 2 QhdPYR:00WBw1Ph7x7")
		if e != (pop3.Entry{Line: "2 QhdPYR:00WBw1Ph7x7", Number: 2, Octets: -1, UniqueID: "QhdPYR:00WBw1Ph7x7"}) {
			t.Errorf("%#v", e)
		}
		_, _, err = c.UidlOne(t.Context(), 3)
		wantRefused(t, err, pop3.RefusedError{Command: "UIDL", Response: "-ERR no such message"})
	}},
	{"RETR and TOP", `
		S: +OK
		C: RETR 1
		S: +OK 120 octets
		S: Subject: x
		S:
		S: ..
		S: ...two
		S: .one
		S| bare\nlf\n.\r\n\x00\xff\r
		S: .
		S: .
		C: TOP 1 0
		S: +OK
		S: Subject: x
		S:
		S: .
		C: RETR 2
		S: -ERR no such message
		C: TOP 2 10
		S: -ERR no
	`, func(t *testing.T, c *pop3.Client) {
		m, err := c.Retr(t.Context(), 1)
		if err != nil || m.Number != 1 {
			t.Fatal(err)
		}
		body, err := io.ReadAll(m)
		want(t, m.Response()+"|"+string(body), err, "+OK 120 octets|Subject: x\r\n\r\n.\r\n..two\r\n.one\r\nbare\nlf\n.\r\n\x00\xff\r.\r\n")
		m, err = c.Top(t.Context(), 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		var s strings.Builder
		n, err := io.Copy(&s, m)
		want(t, s.String(), err, "Subject: x\r\n\r\n")
		if n != 14 {
			t.Error(n)
		}
		m, err = c.Retr(t.Context(), 2)
		wantRefused(t, err, pop3.RefusedError{Command: "RETR", Response: "-ERR no such message"})
		if m != nil {
			t.Error("a message with an error")
		}
		_, err = c.Top(t.Context(), 2, 10)
		wantRefused(t, err, pop3.RefusedError{Command: "TOP", Response: "-ERR no"})
	}},
	{"LF only", `
		S| +OK\n
		C: CAPA
		S| +OK\nTOP\n.\n
		C: LIST
		S| +OK\n1 120\n.\n
		C: RETR 1
		S| +OK\na\n..b\n.\n
		C: NOOP
		S| +OK\n
	`, func(t *testing.T, c *pop3.Client) {
		if capa, _, err := c.Capa(t.Context()); err != nil || len(capa) != 1 {
			t.Error(capa, err)
		}
		l, err := c.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if entries, err := readEntries(l); err != nil || len(entries) != 1 || l.Octets() != 6 {
			t.Error(entries, err, l.Octets())
		}
		m, err := c.Retr(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(m)
		want(t, string(body), err, "a\n.b\n")
		_, err = c.Noop(t.Context())
		want(t, "", err, "")
	}},
	{"QUIT", `
		S: +OK
		C: QUIT
		S: +OK dewey POP3 server signing off (maildrop empty)
		CLOSE
	`, func(t *testing.T, c *pop3.Client) {
		outcome, response, err := c.Quit(t.Context())
		want(t, response, err, "+OK dewey POP3 server signing off (maildrop empty)")
		if outcome != pop3.NothingMarked || c.State() != pop3.Update {
			t.Error(outcome, c.State())
		}
	}},
}

func TestDialogues(t *testing.T) {
	for _, d := range dialogues {
		play(t, d.name, d.script, plaintext, d.do)
	}
}

func want(t *testing.T, got string, err error, wanted string) {
	t.Helper()
	if err != nil || got != wanted {
		t.Errorf("%q, %v; want %q", got, err, wanted)
	}
}

func wantRefused(t *testing.T, err error, wanted pop3.RefusedError) {
	t.Helper()
	refused, ok := errors.AsType[*pop3.RefusedError](err)
	if !ok || *refused != wanted {
		t.Errorf("%#v, want %#v", err, wanted)
	}
}
