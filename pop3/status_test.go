package pop3_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
)

// firstLines are what a server may say first, and how it is to be taken: strictly, and by LenientStatus.
var firstLines = []struct{ line, strict, lenient string }{
	{"+OK", "ok", "ok"},
	{"+OK ", "ok", "ok"},
	{"+OK ready", "ok", "ok"},
	{"+OK  two spaces", "ok", "ok"},
	{"+OK \x1b[31m\xff\x80", "ok", "ok"},
	{"-ERR", "refused", "refused"},
	{"-ERR go away", "refused", "refused"},
	{"+OKAY", "protocol", "ok"},
	{"+ok", "protocol", "ok"},
	{"+Ok", "protocol", "ok"},
	{"+", "protocol", "ok"},
	{"+ ", "protocol", "ok"},
	{"+OK\tready", "protocol", "ok"},
	{"+Do you even care?", "protocol", "ok"},
	{"-err", "protocol", "refused"},
	{"-ERROR", "protocol", "refused"},
	{" +OK", "protocol", "refused"},
	{"OK", "protocol", "refused"},
	{"", "protocol", "refused"},
	{"* OK IMAP4rev1", "protocol", "refused"},
	{"220 smtp.example.test", "protocol", "refused"},
	{"SSH-2.0-OpenSSH", "protocol", "refused"},
	{"HTTP/1.1 400 Bad Request", "protocol", "refused"},
	{"\x15\x03\x01\x00\x02\x02\x46", "protocol", "refused"},
	{"+OK" + strings.Repeat("A", 2043), "protocol", "ok"},
	{"+OK " + strings.Repeat("A", 2042), "ok", "ok"},
	{"+OK " + strings.Repeat("A", 2043), "protocol", "protocol"},
}

// TestFirstLine holds greetings and replies to the table (A12, A13): who does not greet properly gets not one octet.
func TestFirstLine(t *testing.T) {
	for i, tc := range firstLines {
		for _, lenient := range []bool{false, true} {
			wanted := tc.strict
			if lenient {
				wanted = tc.lenient
			}
			inBubble(t, fmt.Sprintf("greeting/%d/%v", i, lenient), func(t *testing.T) {
				sent := make(chan string, 1)
				c := pipe(t, &pop3.Options{LenientStatus: lenient}, func(p *peer) {
					p.say(tc.line + "\r\n")
					sent <- p.rest()
				})
				_, err := c.Welcome(t.Context())
				if got := verdict(t, err); got != wanted {
					t.Errorf("%.60q: %s, want %s", tc.line, got, wanted)
				}
				if err == nil {
					return
				}
				if _, err := c.Noop(t.Context()); verdict(t, err) == "ok" || verdict(t, err) == "refused" {
					t.Errorf("%.60q: goes on", tc.line)
				}
				if got := <-sent; got != "" {
					t.Errorf("%.60q: the client sent %q", tc.line, got)
				}
			})
			inBubble(t, fmt.Sprintf("reply/%d/%v", i, lenient), func(t *testing.T) {
				c := greeted(t, &pop3.Options{LenientStatus: lenient}, func(p *peer) {
					p.answer(tc.line+"\r\n", "+OK alive\r\n")
				})
				response, err := c.Noop(t.Context())
				if got := verdict(t, err); got != wanted {
					t.Errorf("%.60q: %s, want %s", tc.line, got, wanted)
				}
				if err == nil && response != tc.line {
					t.Errorf("%q, want %q", response, tc.line)
				}
				if wanted != "protocol" {
					wantAlive(t, c)
				}
			})
		}
	}
}

// verdict names what an error says.
func verdict(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "ok"
	}
	if _, refused := errors.AsType[*pop3.RefusedError](err); refused {
		return "refused"
	}
	dead, ok := errors.AsType[*pop3.BrokenError](err)
	if !ok {
		t.Fatalf("%v (%T)", err, err)
	}
	if dead.Cause == pop3.Protocol {
		return "protocol"
	}
	return dead.Cause.String()
}

// TestResponseCodes: a code counts on -ERR alone, and only where it is a known one at the beginning of the text.
func TestResponseCodes(t *testing.T) {
	for line, code := range map[string]string{
		"-ERR [AUTH] wrong password":       "AUTH",
		"-ERR [in-use] locked":             "IN-USE",
		"-ERR [LOGIN-DELAY] wait":          "LOGIN-DELAY",
		"-ERR [SYS/TEMP] later":            "SYS/TEMP",
		"-ERR [sys/perm/disk] never":       "SYS/PERM",
		"-ERR [UTF8] say UTF8 first":       "UTF8",
		"-ERR [SYS] half a code":           "",
		"-ERR [X-NEW] unheard of":          "",
		"-ERR not [AUTH]":                  "",
		"-ERR  [AUTH] two spaces":          "",
		"-ERR [AUTH":                       "",
		"-ERR []":                          "",
		"-ERR [IN-USE]]":                   "IN-USE",
		"-ERR [[AUTH]]":                    "",
		"-ERR [AUTH\x00]":                  "",
		"-ERR [Download exceed] try later": "",
	} {
		synctest.Test(t, func(t *testing.T) {
			c := greeted(t, nil, func(p *peer) { p.answer(line + "\r\n") })
			_, err := c.Noop(t.Context())
			wantRefused(t, err, pop3.RefusedError{Command: "NOOP", Response: line, Code: code})
		})
	}
}

// TestNotOffered: which refusals say that the server does not have the command.
func TestNotOffered(t *testing.T) {
	const capa = "+OK\r\nSASL PLAIN\r\n.\r\n"
	for _, tc := range []struct {
		name  string
		known bool // CAPA was asked for before, and lists PLAIN alone
		do    func(t *testing.T, c *pop3.Client) error
		want  bool
	}{
		{"CAPA", false, func(t *testing.T, c *pop3.Client) error {
			_, _, err := c.Capa(t.Context())
			return err
		}, true},
		{"UIDL before login", false, func(t *testing.T, c *pop3.Client) error {
			_, err := c.Uidl(t.Context())
			return err
		}, false},
		{"UIDL of one", true, func(t *testing.T, c *pop3.Client) error {
			_, _, err := c.UidlOne(t.Context(), 1)
			return err
		}, false},
		{"TOP, capabilities unknown", false, func(t *testing.T, c *pop3.Client) error {
			_, err := c.Top(t.Context(), 1, 0)
			return err
		}, false},
		{"TOP", true, func(t *testing.T, c *pop3.Client) error {
			_, err := c.Top(t.Context(), 1, 0)
			return err
		}, true},
		{"UTF8", true, func(t *testing.T, c *pop3.Client) error {
			_, err := c.Utf8(t.Context())
			return err
		}, true},
		{"STLS", true, func(t *testing.T, c *pop3.Client) error {
			_, err := c.Stls(t.Context(), localhost)
			return err
		}, true},
		{"NOOP", true, func(t *testing.T, c *pop3.Client) error {
			_, err := c.Noop(t.Context())
			return err
		}, false},
		{"AUTH with a listed mechanism", true, func(t *testing.T, c *pop3.Client) error {
			_, _, err := c.Auth(t.Context(), pop3.Credentials{Mechanism: "plain", Username: "u", Password: "p"})
			return err
		}, false},
		{"AUTH with another mechanism", true, func(t *testing.T, c *pop3.Client) error {
			_, err := c.AuthExchange(t.Context(), "X-OTHER", nil, nil)
			return err
		}, true},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) {
				if tc.known {
					p.answer(capa)
				}
				p.answer("-ERR no\r\n", "+OK alive\r\n")
			})
			if tc.known {
				if _, _, err := c.Capa(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			err := tc.do(t, c)
			if _, refused := errors.AsType[*pop3.RefusedError](err); !refused || errors.Is(err, pop3.ErrNotOffered) != tc.want {
				t.Errorf("%v: not offered: %v, want %v", err, errors.Is(err, pop3.ErrNotOffered), tc.want)
			}
			wantAlive(t, c)
		})
	}
}

// TestCapabilitiesAreTheCallers: to change what Capa returned changes nothing for the client.
func TestCapabilitiesAreTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := greeted(t, nil, func(p *peer) { p.answer("+OK\r\nTOP\r\n.\r\n", "-ERR no\r\n") })
		capa, _, err := c.Capa(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		capa[0] = pop3.Capability{}
		if _, err := c.Top(t.Context(), 1, 0); errors.Is(err, pop3.ErrNotOffered) {
			t.Error(err)
		}
	})
}

// TestUidlNotOffered: after login a refusal of UIDL says so, unless CAPA promised it.
func TestUidlNotOffered(t *testing.T) {
	for capa, want := range map[string]bool{"-ERR\r\n": true, "+OK\r\nTOP\r\n.\r\n": true, "+OK\r\nUIDL\r\n.\r\n": false} {
		synctest.Test(t, func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) { p.answer("+OK\r\n", capa, "-ERR no\r\n", "-ERR [SYS/TEMP] later\r\n") })
			if _, err := c.Pass(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
			_, _, _ = c.Capa(t.Context()) // may be refused
			if _, err := c.Uidl(t.Context()); errors.Is(err, pop3.ErrNotOffered) != want {
				t.Errorf("with CAPA %q: %v", capa, err)
			}
			if _, err := c.Uidl(t.Context()); errors.Is(err, pop3.ErrNotOffered) { // it has said why
				t.Errorf("with CAPA %q: %v", capa, err)
			}
		})
	}
}
