package pop3_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
)

var (
	alice = pop3.Credentials{Username: "alice", Password: "secret"}
	token = pop3.Credentials{Username: "alice", AccessToken: "t0ken"}
)

// with returns credentials with a mechanism.
func with(cr pop3.Credentials, mechanism string) pop3.Credentials {
	cr.Mechanism = mechanism
	return cr
}

// b64 encodes the text between two backquotes of each line.
func b64(script string) string {
	var b strings.Builder
	for i, part := range strings.Split(script, "`") {
		if i%2 == 1 {
			part = base64.StdEncoding.EncodeToString([]byte(part))
		}
		b.WriteString(part)
	}
	return b.String()
}

const (
	bearerToken   = "n,a=alice,\x01auth=Bearer t0ken\x01\x01"
	xoauth2Token  = "user=alice\x01auth=Bearer t0ken\x01\x01"
	tokenRefusal  = `{"status":"invalid_token","scope":"mail"}`
	longPassword  = "a password that is so long that the line of AUTH has no room for it: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789"
	mechanismsEnd = "\nC: NOOP\nS: +OK alive\n"
)

// mechanismDialogues are golden dialogues of mechanisms that log in. What stands between backquotes goes out in base64.
var mechanismDialogues = []struct {
	name   string
	cr     pop3.Credentials
	script string
}{
	{"CRAM-MD5 of RFC 2195", pop3.Credentials{Username: "tim", Password: "tanstaaftanstaaf", Mechanism: "cram-md5"}, `
		C: AUTH CRAM-MD5
		S: + ` + "`<1896.697170952@postoffice.reston.mci.net>`" + `
		C: ` + "`tim b913a602c7eda7a495b4e6e7334d3890`" + `
		S: +OK in`},
	{"PLAIN, one line", with(alice, "PLAIN"), `
		C: AUTH PLAIN ` + "`\x00alice\x00secret`" + `
		S: +OK in`},
	{"PLAIN on behalf of another", pop3.Credentials{Username: "alice", Identity: "bob", Password: "secret", Mechanism: "PLAIN"}, `
		C: AUTH PLAIN ` + "`bob\x00alice\x00secret`" + `
		S: +OK in`},
	{"PLAIN, too long for one line", pop3.Credentials{Username: "alice", Password: longPassword + longPassword, Mechanism: "PLAIN"}, `
		C: AUTH PLAIN
		S: +
		C: ` + "`\x00alice\x00" + longPassword + longPassword + "`" + `
		S: +OK in`},
	{"PLAIN, a text for a challenge", pop3.Credentials{Username: "alice", Password: longPassword + longPassword, Mechanism: "PLAIN"}, `
		C: AUTH PLAIN
		S: + Go on
		C: ` + "`\x00alice\x00" + longPassword + longPassword + "`" + `
		S: +OK in`},
	{"PLAIN, a server that does not look at the initial response", with(alice, "PLAIN"), `
		C: AUTH PLAIN ` + "`\x00alice\x00secret`" + `
		S: +
		C: ` + "`\x00alice\x00secret`" + `
		S: +OK in`},
	{"PLAIN, a server that wants two lines", with(alice, "PLAIN"), `
		C: AUTH PLAIN ` + "`\x00alice\x00secret`" + `
		S: -ERR Protocol error. 14
		C: AUTH PLAIN
		S: +
		C: ` + "`\x00alice\x00secret`" + `
		S: +OK in`},
	{"LOGIN", with(alice, "LOGIN"), `
		C: AUTH LOGIN
		S: + ` + "`Username:`" + `
		C: ` + "`alice`" + `
		S: + ` + "`Password:`" + `
		C: ` + "`secret`" + `
		S: +OK in`},
	{"LOGIN, other prompts", with(alice, "LOGIN"), `
		C: AUTH LOGIN
		S: +
		C: ` + "`alice`" + `
		S: + and now?
		C: ` + "`secret`" + `
		S: +OK in`},
	{"LOGIN, +OK for a prompt, as Exchange 2003 has it", with(alice, "LOGIN"), `
		C: AUTH LOGIN
		S: +OK
		C: ` + "`alice`" + `
		S: + ` + "`Password:`" + `
		C: ` + "`secret`" + `
		S: +OK in`},
	{"OAUTHBEARER", with(token, "OAUTHBEARER"), `
		C: AUTH OAUTHBEARER ` + "`" + bearerToken + "`" + `
		S: +OK in`},
	{"XOAUTH2, two lines", with(token, "XOAUTH2"), `
		C: AUTH XOAUTH2
		S: +
		C: ` + "`" + xoauth2Token + "`" + `
		S: +OK in`},
	{"XOAUTH2, a server that wants one line", with(token, "XOAUTH2"), `
		C: AUTH XOAUTH2
		S: -ERR missing argument
		C: AUTH XOAUTH2 ` + "`" + xoauth2Token + "`" + `
		S: +OK in`},
	{"EXTERNAL", pop3.Credentials{External: true, Mechanism: "EXTERNAL"}, `
		C: AUTH EXTERNAL =
		S: +OK in`},
	{"EXTERNAL on behalf of another", pop3.Credentials{Identity: "bob", External: true, Mechanism: "external"}, `
		C: AUTH EXTERNAL ` + "`bob`" + `
		S: +OK in`},
	{"ANONYMOUS", pop3.Credentials{Username: "sirhc", Mechanism: "ANONYMOUS"}, `
		C: AUTH ANONYMOUS ` + "`sirhc`" + `
		S: +OK in`},
}

// TestMechanisms: what each mechanism sends, octet by octet.
func TestMechanisms(t *testing.T) {
	for _, m := range mechanismDialogues {
		play(t, m.name, b64("S: +OK"+m.script+mechanismsEnd), plaintext, func(t *testing.T, c *pop3.Client) {
			mechanism, response, err := c.Auth(t.Context(), m.cr)
			want(t, response, err, "+OK in")
			if !strings.EqualFold(mechanism, m.cr.Mechanism) || c.State() != pop3.Transaction {
				t.Errorf("logged in by %q, state %v", mechanism, c.State())
			}
			wantAlive(t, c)
		})
	}
}

// refusedDialogues end without a login, and the connection lives.
var refusedDialogues = []struct {
	name, script string
	cr           pop3.Credentials
	refused      pop3.RefusedError // zero for a *MalformedError
}{
	{"OAUTHBEARER", `
		C: AUTH OAUTHBEARER ` + "`" + bearerToken + "`" + `
		S: + ` + "`" + tokenRefusal + "`" + `
		C: ` + "`\x01`" + `
		S: -ERR [AUTH] no`, with(token, "OAUTHBEARER"),
		pop3.RefusedError{Command: "AUTH", Response: "-ERR [AUTH] no", Code: "AUTH", Challenge: tokenRefusal}},
	{"XOAUTH2", `
		C: AUTH XOAUTH2
		S: +
		C: ` + "`" + xoauth2Token + "`" + `
		S: + ` + "`" + tokenRefusal + "`" + `
		C:
		S: -ERR no`, with(token, "XOAUTH2"), pop3.RefusedError{Command: "AUTH", Response: "-ERR no", Challenge: tokenRefusal}},
	{"a reason that gives the token away", `
		C: AUTH OAUTHBEARER ` + "`" + bearerToken + "`" + `
		S: + ` + "`no t0ken`" + `
		C: ` + "`\x01`" + `
		S: -ERR t0ken`, with(token, "OAUTHBEARER"), pop3.RefusedError{Command: "AUTH", Response: "-ERR ***", Challenge: "no ***"}},
	{"PLAIN is tried once", `
		C: AUTH PLAIN ` + "`\x00alice\x00secret`" + `
		S: -ERR authentication failed`, with(alice, "PLAIN"), pop3.RefusedError{Command: "AUTH", Response: "-ERR authentication failed"}},
	{"both forms refused", `
		C: AUTH PLAIN ` + "`\x00alice\x00secret`" + `
		S: -ERR syntax error
		C: AUTH PLAIN
		S: -ERR syntax error`, with(alice, "PLAIN"), pop3.RefusedError{Command: "AUTH", Response: "-ERR syntax error"}},
	{"XOAUTH2 refused for good", `
		C: AUTH XOAUTH2
		S: -ERR [SYS/TEMP] later`, with(token, "XOAUTH2"),
		pop3.RefusedError{Command: "AUTH", Response: "-ERR [SYS/TEMP] later", Code: "SYS/TEMP"}},
	{"LOGIN, a third prompt", `
		C: AUTH LOGIN
		S: +
		C: ` + "`alice`" + `
		S: +
		C: ` + "`secret`" + `
		S: +
		C: *
		S: -ERR cancelled`, with(alice, "LOGIN"), pop3.RefusedError{}},
	{"PLAIN, asked again and again", `
		C: AUTH PLAIN ` + "`\x00alice\x00secret`" + `
		S: +
		C: ` + "`\x00alice\x00secret`" + `
		S: +
		C: *
		S: -ERR cancelled`, with(alice, "PLAIN"), pop3.RefusedError{}},
	{"EXTERNAL, a challenge", `
		C: AUTH EXTERNAL =
		S: + ` + "`who?`" + `
		C: *
		S: -ERR cancelled`, pop3.Credentials{External: true, Mechanism: "EXTERNAL"}, pop3.RefusedError{}},
}

// TestMechanismsRefused: what a refusal looks like, and that there is no second attempt with what was judged already.
func TestMechanismsRefused(t *testing.T) {
	for _, m := range refusedDialogues {
		play(t, m.name, b64("S: +OK"+m.script+mechanismsEnd), plaintext, func(t *testing.T, c *pop3.Client) {
			_, _, err := c.Auth(t.Context(), m.cr)
			if m.refused == (pop3.RefusedError{}) {
				if _, ok := errors.AsType[*pop3.MalformedError](err); !ok {
					t.Errorf("%v, want a *MalformedError", err)
				}
			} else {
				wantRefused(t, err, m.refused)
			}
			if c.State() != pop3.Authorization {
				t.Error("logged in")
			}
			wantAlive(t, c)
		})
	}
}

// TestAuthNeverFallsBack: after the refusal of the strongest mechanism no weaker one is tried, whatever the server offers (B18).
func TestAuthNeverFallsBack(t *testing.T) {
	const capa = "\nC: CAPA\nS: +OK\nS: SASL CRAM-MD5 PLAIN LOGIN XOAUTH2 OAUTHBEARER\nS: .\n"
	for name, x := range map[string]struct {
		cr     pop3.Credentials
		script string
	}{
		"password": {alice, "C: AUTH CRAM-MD5\nS: -ERR no"},
		"password, after the answer": {pop3.Credentials{Username: "tim", Password: "tanstaaftanstaaf"},
			"C: AUTH CRAM-MD5\nS: + `<1896.697170952@postoffice.reston.mci.net>`\nC: `tim b913a602c7eda7a495b4e6e7334d3890`\nS: -ERR [AUTH] no"},
		"token": {token, "C: AUTH OAUTHBEARER `" + bearerToken + "`\nS: -ERR no"},
	} {
		play(t, name, b64("S: +OK"+capa+x.script+mechanismsEnd), plaintext, func(t *testing.T, c *pop3.Client) {
			if _, _, err := c.Auth(t.Context(), x.cr); err == nil || c.State() != pop3.Authorization {
				t.Errorf("%v, state %v", err, c.State())
			}
			wantAlive(t, c)
		})
	}
}

// TestStrongest: which mechanism is taken without a word from the caller, by what both sides have and by the proof.
func TestStrongest(t *testing.T) {
	external := pop3.Credentials{External: true}
	for _, tt := range []struct {
		sasl string
		cr   pop3.Credentials
		want string
	}{
		{"LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256", alice, "SCRAM-SHA-256"},
		{"SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS scram-sha-1 PLAIN", alice, "SCRAM-SHA-1"}, // no channel binding without TLS
		{"LOGIN PLAIN CRAM-MD5", alice, "CRAM-MD5"},
		{"LOGIN PLAIN", alice, "PLAIN"},
		{"LOGIN X-FOO", alice, "LOGIN"},
		{"ANONYMOUS EXTERNAL XOAUTH2 OAUTHBEARER", alice, ""},
		{"PLAIN XOAUTH2", token, "XOAUTH2"},
		{"XOAUTH2 OAUTHBEARER", token, "OAUTHBEARER"},
		{"PLAIN LOGIN EXTERNAL", token, ""},
		{"PLAIN EXTERNAL", external, "EXTERNAL"},
		{"PLAIN ANONYMOUS", external, ""},
	} {
		inBubble(t, tt.sasl+" "+tt.want, func(t *testing.T) {
			lines := make(chan string, 1)
			c := greeted(t, plaintext, func(p *peer) {
				p.answer("+OK\r\nSASL " + tt.sasl + "\r\n.\r\n")
				lines <- p.hear()
				p.say("-ERR [AUTH] no\r\n")
			})
			_, _, err := c.Auth(t.Context(), tt.cr)
			_ = c.Close()
			line := <-lines
			sent, _, _ := strings.Cut(strings.TrimPrefix(line, "AUTH "), " ")
			if sent != tt.want || errors.Is(err, pop3.ErrNotOffered) != (tt.want == "") {
				t.Errorf("sent %q, %v; want %s", line, err, tt.want)
			}
		})
	}
}

// TestCredentialsChecked: what cannot be sent is refused beforehand.
func TestCredentialsChecked(t *testing.T) {
	for name, cr := range map[string]pop3.Credentials{
		"line end in a token":        {AccessToken: "a\r\nDELE 1", Mechanism: "XOAUTH2"},
		"separator in a token":       {AccessToken: "a\x01b"},
		"separator before a token":   {Username: "a\x01b", AccessToken: "t"},
		"NUL in an identity":         {Identity: "a\x00b", Password: "p"},
		"token for PLAIN":            {AccessToken: "t", Mechanism: "PLAIN"},
		"password for XOAUTH2":       {Password: "p", Mechanism: "XOAUTH2"},
		"password for EXTERNAL":      {Password: "p", Mechanism: "EXTERNAL"},
		"a mechanism not built in":   {Password: "p", Mechanism: "GSSAPI"},
		"no name of a mechanism":     {Password: "p", Mechanism: "PL AIN"},
		"forbidden character, SCRAM": {Username: "a\u0007", Password: "p", Mechanism: "SCRAM-SHA-1"},
	} {
		play(t, name, "S: +OK"+mechanismsEnd, plaintext, func(t *testing.T, c *pop3.Client) {
			_, _, err := c.Auth(t.Context(), cr)
			if _, ok := errors.AsType[*pop3.ArgumentError](err); !ok {
				t.Errorf("%v, want an *ArgumentError", err)
			}
			wantAlive(t, c)
		})
	}
	if err := pop3.CheckCredentials(pop3.Credentials{Username: "anybody", Mechanism: "ANONYMOUS"}); err != nil {
		t.Error(err)
	}
}
