package pop3_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// TestAuth: the choice of a mechanism, and that there is no second choice (B18).
func TestAuth(t *testing.T) {
	credentials := pop3.Credentials{Username: "alice", Password: "secret"}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00alice\x00secret"))
	play(t, "by CAPA", `
		S: +OK
		C: CAPA
		S: +OK
		S: SASL X-WEAK plain
		S: .
		C: AUTH PLAIN `+plain+`
		S: +OK in
	`, plaintext, func(t *testing.T, c *pop3.Client) {
		mechanism, response, err := c.Auth(t.Context(), credentials)
		want(t, response, err, "+OK in")
		if mechanism != "PLAIN" {
			t.Error(mechanism)
		}
	})
	play(t, "a challenge that PLAIN does not have", `
		S: +OK
		C: AUTH PLAIN `+plain+`
		S: + bW9yZQ==
		C: *
		S: -ERR cancelled
	`, plaintext, func(t *testing.T, c *pop3.Client) {
		named := credentials
		named.Mechanism = "PLAIN"
		_, _, err := c.Auth(t.Context(), named)
		if _, ok := errors.AsType[*pop3.MalformedError](err); !ok {
			t.Errorf("%v", err)
		}
	})
	play(t, "refused", `
		S: +OK
		C: CAPA
		S: +OK
		S: SASL PLAIN LOGIN
		S: .
		C: AUTH PLAIN `+plain+`
		S: -ERR [AUTH] no
		C: NOOP
		S: +OK alive
	`, plaintext, func(t *testing.T, c *pop3.Client) {
		_, _, err := c.Auth(t.Context(), credentials)
		wantRefused(t, err, pop3.RefusedError{Command: "AUTH", Response: "-ERR [AUTH] no", Code: "AUTH"})
		wantAlive(t, c)
	})
	for name, capa := range map[string]string{"none in common": "S: +OK\nS: SASL X-WEAK\nS: .", "no SASL": "S: +OK\nS: USER\nS: .", "no CAPA": "S: -ERR"} {
		play(t, name, "S: +OK\nC: CAPA\n"+capa+"\nC: NOOP\nS: +OK alive\n", plaintext, func(t *testing.T, c *pop3.Client) {
			if _, _, err := c.Auth(t.Context(), credentials); !errors.Is(err, pop3.ErrNotOffered) {
				t.Errorf("%v", err)
			}
			wantAlive(t, c)
		})
	}
	play(t, "a challenge that PLAIN does not have", `
		S: +OK
		C: AUTH PLAIN `+plain+`
		S: + aGVsbG8=
		C: *
		S: -ERR as you wish
		C: NOOP
		S: +OK alive
	`, plaintext, func(t *testing.T, c *pop3.Client) {
		credentials := credentials
		credentials.Mechanism = "plain"
		_, _, err := c.Auth(t.Context(), credentials)
		if _, refused := errors.AsType[*pop3.RefusedError](err); err == nil || refused {
			t.Errorf("%v", err)
		}
		wantAlive(t, c)
	})
}

// TestMechanismNames: what counts as a name (RFC 4422 section 3.1).
func TestMechanismNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"PLAIN": true, "plain": true, "SCRAM-SHA-256-PLUS": true, "X_9": true, strings.Repeat("A", 20): true,
		"": false, " ": false, "PLAIN ": false, "PL AIN": false, "PL.AIN": false, "PLÄIN": false, "PLA\u0131N": false, "=": false, strings.Repeat("A", 21): false,
	} {
		if err := pop3.CheckMechanism(name); ok != (err == nil) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
