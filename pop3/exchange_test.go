package pop3_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// exchanges are dialogues of AUTH; respond answers a challenge with it in square brackets, and a raw one in round ones.
var exchanges = []struct {
	name, script string
	initial      []byte
	ok           bool
	code         string
}{

	{"no initial response", `
		C: AUTH X-TEST
		S: + Y2hhbGxlbmdl
		C: W2NoYWxsZW5nZV0=
		S: +
		C: W10=
		S: +
		C: W10=
		S: +OK in
	`, nil, true, ""},
	{"initial response", `
		C: AUTH X-TEST aW5pdGlhbA==
		S: +OK in
	`, []byte("initial"), true, ""},
	{"empty initial response", `
		C: AUTH X-TEST =
		S: +OK in
	`, []byte{}, true, ""},
	{"octets of any kind", `
		C: AUTH X-TEST AA0K/w==
		S: + AA0K/w==
		C: WwANCv9d
		S: +OK in
	`, []byte("\x00\r\n\xff"), true, ""},
	{"not base64", `
		C: AUTH X-TEST
		S: + go ahead
		C: KGdvIGFoZWFkKQ==
		S: + !
		C: KCEp
		S: +OK in
	`, nil, true, ""},
	{"+OK for an empty challenge, as Exchange 2003 has it", `
		C: AUTH X-TEST
		S: +OK
		C: W10=
		S: +OK in
	`, nil, true, ""},
	{"refused at once", `
		C: AUTH X-TEST
		S: -ERR [AUTH] no
	`, nil, false, "AUTH"},
	{"refused later", `
		C: AUTH X-TEST
		S: +
		C: W10=
		S: -ERR [SYS/TEMP] no
	`, nil, false, "SYS/TEMP"},
}

func TestExchange(t *testing.T) {
	for _, x := range exchanges {
		play(t, x.name, "S: +OK\n"+x.script, plaintext, func(t *testing.T, c *pop3.Client) {
			response, err := c.AuthExchange(t.Context(), "x-test", x.initial, func(ch pop3.Challenge) ([]byte, error) {
				if ch.Raw {
					return fmt.Appendf(nil, "(%s)", ch.Data), nil
				}
				return fmt.Appendf(nil, "[%s]", ch.Data), nil
			})
			if !x.ok {
				refused, ok := errors.AsType[*pop3.RefusedError](err)
				if !ok || refused.Code != x.code || c.State() != pop3.Authorization {
					t.Errorf("%v", err)
				}
				return
			}
			want(t, response, err, "+OK in")
			if c.State() != pop3.Transaction {
				t.Error("not logged in")
			}
		})
	}
}

// TestLateInitialResponse: one that makes the command line too long waits for the first challenge, whatever that says (C3).
func TestLateInitialResponse(t *testing.T) {
	for _, n := range []int{176, 177, 178, 180, 181, 400, 9000} { // base64 makes 3 of 4 octets; "AUTH PLAIN " and CRLF are 13
		for _, challenge := range []string{"+ ", "+", "+OK", "+ go ahead", "+ c2VuZA=="} {
			inBubble(t, fmt.Sprintf("%d/%s", n, challenge), func(t *testing.T) {
				encoded := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), n))
				var sent []string
				c := greeted(t, plaintext, func(p *peer) {
					sent = append(sent, p.hear())
					if sent[0] == "AUTH PLAIN" {
						p.say(challenge + "\r\n")
						sent = append(sent, p.hear())
					}
					p.say("+OK in\r\n")
				})
				response, err := c.AuthExchange(t.Context(), "PLAIN", bytes.Repeat([]byte("x"), n), nil)
				want(t, response, err, "+OK in")
				wanted := "AUTH PLAIN " + encoded
				if len(wanted)+2 > 255 {
					wanted = "AUTH PLAIN|" + encoded
				}
				if got := strings.Join(sent, "|"); got != wanted {
					t.Errorf("sent %.40q, want %.40q", got, wanted)
				}
			})
		}
	}
}

// TestLateOnce: it answers the first challenge alone.
func TestLateOnce(t *testing.T) {
	initial := strings.Repeat("x", 300)
	play(t, "", `
		S: +OK
		C: AUTH X
		S: +
		C: `+base64.StdEncoding.EncodeToString([]byte(initial))+`
		S: + Mg==
		C: W10=
		S: +OK in
	`, plaintext, func(t *testing.T, c *pop3.Client) {
		response, err := c.AuthExchange(t.Context(), "X", []byte(initial), func(ch pop3.Challenge) ([]byte, error) {
			if string(ch.Data) != "2" {
				t.Errorf("%q", ch.Data)
			}
			return []byte("[]"), nil
		})
		want(t, response, err, "+OK in")
	})
}

// TestExchangeLimits: 8 challenges of 12 KiB with their line ends, and status lines of 2,048 (B17).
func TestExchangeLimits(t *testing.T) {
	for rounds := 8; rounds <= 9; rounds++ {
		inBubble(t, fmt.Sprintf("%d rounds", rounds), func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) {
				for range rounds {
					p.hear()
					p.say("+ \r\n")
				}
				p.answer("+OK in\r\n")
			})
			calls := 0
			response, err := c.AuthExchange(t.Context(), "X", nil, func(pop3.Challenge) ([]byte, error) { calls++; return nil, nil })
			if calls != 8 {
				t.Errorf("%d calls", calls)
			}
			if rounds > 8 {
				wantBroken(t, c, err, pop3.Protocol)
				return
			}
			want(t, response, err, "+OK in")
		})
	}
	for _, n := range []int{12<<10 - 4, 12<<10 - 3} {
		inBubble(t, fmt.Sprintf("challenge of %d", n), func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) { p.answer("+ "+strings.Repeat("!", n)+"\r\n", "+OK in\r\n") })
			_, err := c.AuthExchange(t.Context(), "X", nil, func(ch pop3.Challenge) ([]byte, error) {
				if len(ch.Data) != n || !ch.Raw {
					t.Errorf("%d octets", len(ch.Data))
				}
				return nil, nil
			})
			if n+4 > 12<<10 {
				wantBroken(t, c, err, pop3.Protocol)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	for _, n := range []int{2046, 2047} {
		inBubble(t, fmt.Sprintf("status line of %d", n), func(t *testing.T) {
			line := "+OK " + strings.Repeat("x", n-4)
			c := greeted(t, plaintext, func(p *peer) { p.answer(line + "\r\n") })
			response, err := c.AuthExchange(t.Context(), "X", []byte{}, nil)
			if n > 2046 {
				wantBroken(t, c, err, pop3.Protocol)
				return
			}
			want(t, response, err, line)
		})
	}
}
