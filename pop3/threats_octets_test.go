package pop3_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
)

// refusing returns a connection whose server refuses whatever it hears, and never speaks out of turn.
func refusing() *fixedConn {
	return &fixedConn{left: []byte("+OK <1@b>\r\n" + strings.Repeat("-ERR no\r\n", 9)), slice: 1 << 10, byLine: true}
}

// checkLine checks what one call has sent: nothing where its argument is at fault, else one line that begins with its verb.
func checkLine(name, sent string, err error) string {
	if _, argument := errors.AsType[*pop3.ArgumentError](err); argument {
		if sent != "" {
			return fmt.Sprintf("refused, but %q was sent", sent)
		}
		return ""
	}
	verb, _, _ := strings.Cut(name, " ")
	if name == "AUTH password" { // the mechanism is the server's choice
		verb = "CAPA"
	}
	body, ended := strings.CutSuffix(sent, "\r\n")
	if !ended || !strings.HasPrefix(body, verb+" ") && body != verb || strings.ContainsAny(body, "\r\n\x00") {
		return fmt.Sprintf("%q was sent, %v", sent, err)
	}
	return ""
}

// TestEveryOctetEverywhere puts each of the 256 octets at the beginning, in the middle and at the end of every argument that is text.
// CR, LF and NUL are refused before anything is sent; of all others comes one line, or nothing (C1).
func TestEveryOctetEverywhere(t *testing.T) {
	for name, call := range textArguments {
		sent := 0
		for octet := range 256 {
			o := string([]byte{byte(octet)})
			for _, s := range []string{o + "ab", "a" + o + "b", "ab" + o} {
				conn := refusing()
				c := pop3.New(conn, plaintext)
				err := call(t.Context(), c, s)
				if wrong := checkLine(name, conn.sent.String(), err); wrong != "" {
					t.Errorf("%s %q: %s", name, s, wrong)
				}
				if strings.ContainsAny(o, "\r\n\x00") && conn.sent.Len() > 0 {
					t.Errorf("%s %q: sent %q", name, s, conn.sent.String())
				}
				if conn.sent.Len() > 0 {
					sent++
				}
				_ = c.Close()
			}
		}
		if sent < 3*36 && name != "AUTH mechanism" { // digits and letters at least; no mechanism that is built in is among the texts
			t.Errorf("%s: only %d lines were sent", name, sent)
		}
	}
}

// proofs are the built-in mechanisms that work without TLS, and what each takes.
var proofs = map[string]pop3.Credentials{
	"PLAIN": {Password: "p"}, "LOGIN": {Password: "p"}, "CRAM-MD5": {Password: "p"}, "SCRAM-SHA-1": {Password: "p"}, "SCRAM-SHA-256": {Password: "p"},
	"XOAUTH2": {AccessToken: "t"}, "OAUTHBEARER": {AccessToken: "t"}, "EXTERNAL": {External: true}, "ANONYMOUS": {}, "": {Password: "p"},
}

// TestDecodedInjection: what would begin another line is refused before any mechanism puts it into base64, where a server would decode
// it (C2). Not one octet is sent.
func TestDecodedInjection(t *testing.T) {
	for mechanism, cr := range proofs {
		cr.Mechanism = mechanism
		fields := map[string]*string{"name": &cr.Username, "identity": &cr.Identity, "password": &cr.Password, "token": &cr.AccessToken}
		if cr.AccessToken == "" {
			delete(fields, "token")
		} else {
			delete(fields, "password")
		}
		for name, field := range fields {
			good := *field
			for _, octet := range []string{"\r", "\n", "\x00", "\r\nDELE 1"} {
				for _, s := range []string{octet, octet + "ab", "a" + octet + "b", "ab" + octet} {
					*field = s
					conn := refusing()
					_, _, err := pop3.New(conn, plaintext).Auth(t.Context(), cr)
					if _, argument := errors.AsType[*pop3.ArgumentError](err); !argument || conn.sent.Len() > 0 {
						t.Errorf("%s, %s %q: %v, sent %q", mechanism, name, s, err, conn.sent.String())
					}
				}
			}
			*field = good
		}
		conn := refusing()
		if _, _, err := pop3.New(conn, plaintext).Auth(t.Context(), cr); err == nil || conn.sent.Len() == 0 {
			t.Errorf("%s without a fault: %v, sent %q", mechanism, err, conn.sent.String())
		}
	}
}

// TestOneOctetOutOfTurn: a single octet after any reply, whatever it is, ends the connection at the next command, which is not sent (B22).
func TestOneOctetOutOfTurn(t *testing.T) {
	for _, call := range calls {
		for _, octet := range []string{"+", "-", ".", "\n", "\x00", "\xff"} {
			inBubble(t, fmt.Sprintf("%s/%q", call.name, octet), func(t *testing.T) {
				rest := make(chan string, 1)
				c := greeted(t, plaintext, func(p *peer) {
					p.hear()
					p.say(replyTo(call))
					p.say(octet)
					rest <- p.rest()
				})
				if err := call.do(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				_, err := c.Noop(t.Context())
				wantBroken(t, c, err, pop3.Protocol)
				if got := <-rest; got != "" {
					t.Errorf("the client sent %q", got)
				}
			})
		}
	}
}

// TestCodeOnSuccess: +OK is a success, whatever code and word of an error stand behind it, in a reply and in a greeting (B20).
func TestCodeOnSuccess(t *testing.T) {
	for _, text := range []string{"[IN-USE]", "[AUTH] no", "[SYS/PERM] [sys/temp]", "-ERR [LOGIN-DELAY]", "[", "]", "[]"} {
		inBubble(t, text, func(t *testing.T) {
			said := "+OK " + text
			c := pipe(t, plaintext, func(p *peer) {
				p.say(said + "\r\n")
				p.answer(said+"\r\n", said+"\r\n"+text+"\r\n.\r\n", "+OK alive\r\n")
			})
			response, err := c.Welcome(t.Context())
			want(t, response, err, said)
			response, err = c.Pass(t.Context(), "secret")
			want(t, response, err, said)
			m, err := c.Retr(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(m)
			want(t, m.Response()+string(body), err, said+text+"\r\n")
			if c.State() != pop3.Transaction {
				t.Error("not logged in")
			}
			wantAlive(t, c)
		})
	}
}
