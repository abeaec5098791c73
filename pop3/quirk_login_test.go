package pop3_test

import (
	"errors"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// loginQuirks are of AUTH, APOP, USER and PASS.
var loginQuirks = []quirk{
	{"auth-ok-for-plus", plaintext, func(t *testing.T, c *pop3.Client) {
		wantExchange(t, c, "NTLM", "", "one", "two", "three")
		wantAlive(t, c)
	}},
	{"auth-bare-ok", plaintext, func(t *testing.T, c *pop3.Client) {
		_, response, err := c.Auth(t.Context(), with(alice, "LOGIN"))
		want(t, response, err, "+OK")
		wantAlive(t, c)
	}},
	{"auth-text-challenge", plaintext, func(t *testing.T, c *pop3.Client) {
		answers := []string{"one", "two"}
		_, err := c.AuthExchange(t.Context(), "X-OWN", nil, func(ch pop3.Challenge) ([]byte, error) {
			if string(ch.Data) != "Go on" || !ch.Raw {
				t.Errorf("%+v", ch)
			}
			answer := answers[0]
			answers = answers[1:]
			return []byte(answer), nil
		})
		wantRefused(t, err, refusal("AUTH", "-ERR no"))
		_, _, err = c.Auth(t.Context(), with(alice, "LOGIN"))
		want(t, "", err, "")
		wantAlive(t, c)
	}},
	{"auth-plus-alone", plaintext, func(t *testing.T, c *pop3.Client) {
		_, _, err := c.Auth(t.Context(), pop3.Credentials{Identity: "alice", External: true, Mechanism: "EXTERNAL"})
		want(t, "", err, "")
		wantAlive(t, c)
	}},
	{"auth-two-lines", plaintext, func(t *testing.T, c *pop3.Client) {
		mechanism, response, err := c.Auth(t.Context(), token)
		want(t, mechanism+" "+response, err, "XOAUTH2 +OK User successfully authenticated.")
		wantAlive(t, c)
	}},
	{"auth-one-line-refused", plaintext, func(t *testing.T, c *pop3.Client) {
		_, response, err := c.Auth(t.Context(), with(alice, "PLAIN"))
		want(t, response, err, "+OK User successfully authenticated.")
		wantAlive(t, c)
	}},
	{"auth-one-line-closes", plaintext, func(t *testing.T, c *pop3.Client) {
		_, err := c.AuthExchange(t.Context(), "XOAUTH2", []byte(xoauth2Token), nil) // the form is the caller's own
		wantRefused(t, err, refusal("AUTH", "-ERR Protocol error. Connection is closed. 10"))
		wantLost(t, c, "")
	}},
	{"auth-one-line-hangs-up", plaintext, func(t *testing.T, c *pop3.Client) {
		_, _, err := c.Auth(t.Context(), with(alice, "PLAIN"))
		wantRefused(t, err, refusal("AUTH", "-ERR Protocol error. Connection is closed. 10")) // not that the second attempt found nobody
		wantLost(t, c, "")
	}},
	{"auth-initial-response-ignored", plaintext, func(t *testing.T, c *pop3.Client) {
		_, _, err := c.Auth(t.Context(), with(alice, "PLAIN"))
		want(t, "", err, "")
		wantAlive(t, c)
	}},
	{"login-refused-closes", plaintext, func(t *testing.T, c *pop3.Client) {
		_, err := c.User(t.Context(), "alice")
		want(t, "", err, "")
		_, err = c.Pass(t.Context(), "wrong")
		wantRefused(t, err, refusal("PASS", "-ERR Authentication failed (bad password?)"))
		wantLost(t, c, "")
	}},
	{"in-use-code", plaintext, func(t *testing.T, c *pop3.Client) {
		wantNoLogin(t, c, "IN-USE", "-ERR [IN-USE] Mailbox is locked by another POP3 session.")
	}},
	{"in-use-texts", plaintext, func(t *testing.T, c *pop3.Client) {
		wantNoLogin(t, c, "", // what they mean is the gateway's to know
			"-ERR Maildrop lock busy!  Is another session active?",
			"-ERR /usr/mail/.alice.pop lock busy!  Is another session active? (11)",
			"-ERR could not aquire lock for maildrop alice", //nolint:misspell // it says so
			"-ERR maildrop already locked",
			"-ERR unable to lock maildrop",
			"-ERR Mailbox Locked",
			"-ERR mailbox already in use by pid 12345",
			"-ERR Mailbox is locked by POP server")
	}},
	{"login-refused-texts", plaintext, func(t *testing.T, c *pop3.Client) {
		wantNoLogin(t, c, "",
			"-ERR account locked",
			"-ERR access to your mailbox is blocked, see https://example.test/unlock",
			"-ERR too many failed logins, wait 5 minutes",
			"-ERR mail storage services unavailable, wait a few minutes and try again",
			"-ERR message is damaged",
			"-ERR failed: Re-Authentication Failure")
	}},
	{"login-delay-code", plaintext, func(t *testing.T, c *pop3.Client) {
		wantNoLogin(t, c, "LOGIN-DELAY", "-ERR [LOGIN-DELAY] minimum time between mail checks violation")
	}},
	{"rate-limit-at-stat", plaintext, func(t *testing.T, c *pop3.Client) {
		logIn(t, c)
		_, _, _, err := c.Stat(t.Context())
		wantRefused(t, err, refusal("STAT", "-ERR login allowed only every 15 minutes"))
		wantAlive(t, c)
	}},
	{"apop-banner-invalid", plaintext, func(t *testing.T, c *pop3.Client) {
		if _, err := c.Apop(t.Context(), "alice", "secret"); !errors.Is(err, pop3.ErrNotOffered) {
			t.Error(err)
		}
		logIn(t, c)
		wantAlive(t, c)
	}},
	{"apop-banner-lenient", &pop3.Options{UnsafeAllowPlaintext: true, AllowAnyTimestamp: true}, func(t *testing.T, c *pop3.Client) {
		response, err := c.Apop(t.Context(), "alice", "secret")
		want(t, response, err, "+OK")
		wantAlive(t, c)
	}},
	{"apop-refused", plaintext, func(t *testing.T, c *pop3.Client) {
		_, err := c.Apop(t.Context(), "alice", "secret")
		wantRefused(t, err, refusal("APOP", "-ERR authentication failed"))
		logIn(t, c) // only as the caller has asked for it
		wantAlive(t, c)
	}},
	{"apop-closes", plaintext, func(t *testing.T, c *pop3.Client) {
		_, err := c.Apop(t.Context(), "alice", "secret")
		wantRefused(t, err, refusal("APOP", "-ERR authorization failed"))
		wantLost(t, c, "")
	}},
	{"password-not-ascii", plaintext, func(t *testing.T, c *pop3.Client) {
		_, err := c.User(t.Context(), "jörg")
		want(t, "", err, "")
		for _, password := range []string{"a\nDELE 1", "a\r", "a\x00"} {
			_, err := c.Pass(t.Context(), password)
			if _, refused := errors.AsType[*pop3.ArgumentError](err); !refused {
				t.Errorf("%q: %v", password, err)
			}
		}
		_, err = c.Pass(t.Context(), " päss wörd € ")
		want(t, "", err, "")
		wantAlive(t, c)
	}},
}

// wantNoLogin tries a password that is refused by each of the lines in turn. The connection lives on.
func wantNoLogin(t *testing.T, c *pop3.Client, code string, responses ...string) {
	t.Helper()
	_, err := c.User(t.Context(), "alice")
	want(t, "", err, "")
	for _, response := range responses {
		_, err := c.Pass(t.Context(), "secret")
		wantRefused(t, err, pop3.RefusedError{Command: "PASS", Response: response, Code: code})
	}
	if c.State() != pop3.Authorization {
		t.Error("logged in")
	}
	wantAlive(t, c)
}

// wantExchange runs an exchange of challenges and their answers, which comes to a login.
func wantExchange(t *testing.T, c *pop3.Client, mechanism string, steps ...string) {
	t.Helper()
	_, err := c.AuthExchange(t.Context(), mechanism, nil, func(ch pop3.Challenge) ([]byte, error) {
		if string(ch.Data) != steps[0] || ch.Raw {
			t.Errorf("%+v, want %q", ch, steps[0])
		}
		answer := steps[1]
		steps = steps[2:]
		return []byte(answer), nil
	})
	if err != nil || len(steps) > 0 || c.State() != pop3.Transaction {
		t.Errorf("%v, %q left", err, steps)
	}
}
