package mailbox

import (
	"encoding/base64"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// dialogue runs a login against one script for each connection, and returns what the capabilities say.
func dialogue(t *testing.T, cr pop3.Credentials, scripts ...string) (pop3.Extensions, error) {
	t.Helper()
	r := newRig(t)
	r.Credentials = cr
	r.serve = func(login int, conn net.Conn) {
		if login > len(scripts) {
			t.Errorf("connection %d", login)
			return
		}
		script, err := pop3test.ParseScript(strings.ReplaceAll(scripts[login-1], "\t", ""))
		if err == nil {
			err = script.Play(conn)
		}
		if err != nil {
			t.Error(err)
		}
	}
	c, extensions, err := r.login(t.Context())
	if c != nil {
		_ = c.Close()
	}
	if r.over.Wait(); r.dials != len(scripts) || (c == nil) != (err != nil) {
		t.Errorf("%d connections, %v", r.dials, err)
	}
	return extensions, err
}

var (
	password = pop3.Credentials{Username: "alice", Password: "secret"}
	plain    = base64.StdEncoding.EncodeToString([]byte("\x00alice\x00secret"))
)

// TestLogin: which commands log in, and that what the server can do is asked for again then.
func TestLogin(t *testing.T) {
	for name, tc := range map[string]struct {
		cr      pop3.Credentials
		scripts []string
	}{
		"the strongest": {password, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: SASL LOGIN PLAIN CRAM-MD5 X-OTHER
			S: .
			C: AUTH CRAM-MD5
			S: + PDFAeD4=
			C: YWxpY2UgNDQ1M2MzZDBmZDE2ODc5MmQ1NjVjNzI4YjRkZjY3Mzk=
			S: +OK
			C: CAPA
			S: +OK
			S: EXPIRE 0
			S: .`}},
		"in UTF-8": {password, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: UTF8
			S: SASL PLAIN
			S: .
			C: UTF8
			S: +OK
			C: AUTH PLAIN ` + plain + `
			S: +OK
			C: CAPA
			S: +OK
			S: EXPIRE 0
			S: .`}},
		"UTF8 refused": {password, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: UTF8 USER
			S: SASL PLAIN
			S: .
			C: UTF8
			S: -ERR what?
			C: AUTH PLAIN ` + plain + `
			S: +OK
			C: CAPA
			S: +OK
			S: EXPIRE 0
			S: .`}},
		"PLAIN": {password, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: USER
			S: SASL PLAIN LOGIN
			S: .
			C: AUTH PLAIN ` + plain + `
			S: +OK
			C: CAPA
			S: +OK
			S: EXPIRE 0
			S: .`}},
		"no mechanism": {password, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: USER
			S: .
			C: USER alice
			S: +OK
			C: PASS secret
			S: +OK
			C: CAPA
			S: +OK
			S: EXPIRE 0
			S: .`}},
		"no common mechanism": {password, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: SASL GSSAPI XOAUTH2
			S: .
			C: USER alice
			S: +OK
			C: PASS secret
			S: +OK
			C: CAPA
			S: +OK
			S: EXPIRE 0
			S: .`}},
		"no CAPA before login": {password, []string{`
			S: +OK
			C: CAPA
			S: -ERR what?
			C: USER alice
			S: +OK
			C: PASS secret
			S: +OK
			C: CAPA
			S: +OK
			S: EXPIRE 0
			S: .`}},
		"a token": {pop3.Credentials{Username: "alice", AccessToken: "t0ken"}, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: SASL PLAIN XOAUTH2
			S: .
			C: AUTH XOAUTH2
			S: +
			C: ` + base64.StdEncoding.EncodeToString([]byte("user=alice\x01auth=Bearer t0ken\x01\x01")) + `
			S: +OK
			C: CAPA
			S: +OK
			S: EXPIRE 0
			S: .`}},
	} {
		inBubble(t, name, func(t *testing.T) {
			e, err := dialogue(t, tc.cr, tc.scripts...)
			if err != nil || e.Expire == nil {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

// TestLoginWithoutCAPA: a server without CAPA, and one that does not survive it: another connection, where it is not asked again.
func TestLoginWithoutCAPA(t *testing.T) {
	const userPass = `
		S: +OK
		C: USER alice
		S: +OK
		C: PASS secret
		S: +OK`
	for name, scripts := range map[string][]string{
		"refused": {`
			S: +OK
			C: CAPA
			S: -ERR what?
			C: USER alice
			S: +OK
			C: PASS secret
			S: +OK
			C: CAPA
			S: -ERR what?`},
		"hangs up": {"S: +OK\nC: CAPA\nCLOSE", userPass},
		"says why": {"S: +OK\nC: CAPA\nS| -ERR\nCLOSE", userPass},
		"silent":   {"S: +OK\nC: CAPA", userPass},
	} {
		inBubble(t, name, func(t *testing.T) {
			if e, err := dialogue(t, password, scripts...); err != nil || e.Pipelining || e.Expire != nil {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

// TestLoginRefused: one attempt, and no weaker one behind it; no secret goes where it does not fit.
func TestLoginRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		cr      pop3.Credentials
		scripts []string
		want    string // of the error
	}{
		"by SASL": {password, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: USER
			S: SASL PLAIN LOGIN
			S: .
			C: AUTH PLAIN ` + plain + `
			S: -ERR [AUTH] wrong`}, `pop3: AUTH: "-ERR [AUTH] wrong"`},
		"by PASS": {password, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: USER
			S: .
			C: USER alice
			S: +OK
			C: PASS secret
			S: -ERR wrong`}, `pop3: PASS: "-ERR wrong"`},
		"by USER": {password, []string{`
			S: +OK
			C: CAPA
			S: -ERR
			C: USER alice
			S: -ERR nobody`}, `pop3: USER: "-ERR nobody"`},
		"without CAPA": {password, []string{"S: +OK\nC: CAPA\nCLOSE", `
			S: +OK
			C: USER alice
			S: +OK
			C: PASS secret
			S: -ERR wrong`}, `pop3: PASS: "-ERR wrong"`},
		"hangs up on the password": {password, []string{`
			S: +OK
			C: CAPA
			S: -ERR
			C: USER alice
			S: +OK
			C: PASS secret
			CLOSE`}, "pop3: PASS: connection lost: unexpected EOF"},
		"CAPA after login": {password, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: .
			C: USER alice
			S: +OK
			C: PASS secret
			S: +OK
			C: CAPA
			CLOSE`}, "pop3: CAPA: connection lost: unexpected EOF"},
		"a token, no mechanism": {pop3.Credentials{Username: "alice", AccessToken: "t0ken"}, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: USER
			S: SASL PLAIN
			S: .`}, "pop3: not offered by the server"},
		"a token, no CAPA": {pop3.Credentials{Username: "alice", AccessToken: "t0ken"}, []string{"S: +OK\nC: CAPA\nCLOSE"}, "pop3: CAPA: connection lost: unexpected EOF"},
		"on behalf of another": {pop3.Credentials{Username: "alice", Identity: "bob", Password: "secret"}, []string{`
			S: +OK
			C: CAPA
			S: +OK
			S: USER
			S: .`}, "pop3: not offered by the server"},
		"a mechanism of one's own": {pop3.Credentials{Username: "alice", Password: "secret", Mechanism: "CRAM-MD5"}, []string{`
			S: +OK
			C: CAPA
			S: -ERR what?
			C: AUTH CRAM-MD5
			S: -ERR what?`}, `pop3: AUTH: "-ERR what?"`},
		"a mechanism of one's own, and a server that hangs up on CAPA": {pop3.Credentials{Username: "alice", Password: "secret", Mechanism: "CRAM-MD5"}, []string{
			"S: +OK\nC: CAPA\nCLOSE", "S: +OK\nC: AUTH CRAM-MD5\nS: -ERR what?",
		}, `pop3: AUTH: "-ERR what?"`},
		"CAPA is nonsense": {password, []string{"S: +OK\nC: CAPA\nS: what?"}, "pop3: CAPA: protocol error: a reply without +OK or -ERR"},
	} {
		inBubble(t, name, func(t *testing.T) {
			if _, err := dialogue(t, tc.cr, tc.scripts...); err == nil || strings.ReplaceAll(err.Error(), "io: read/write on closed pipe", "unexpected EOF") != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

// TestLoginCancelled: who cancels during CAPA is not taken for a server without it.
func TestLoginCancelled(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t)
		r.srv.Intercept = func(line string) (string, bool) { return "", line == "CAPA" }
		ctx, cancel := contextOf(t)
		time.AfterFunc(time.Second, cancel)
		_, err := r.Fetch(ctx, Fetch{}, &recorder{})
		if broken, ok := errors.AsType[*pop3.BrokenError](err); !ok || broken.Cause != pop3.Cancelled || r.dials != 1 {
			t.Errorf("%v after %d connections", err, r.dials)
		}
	})
}

// TestLoginEnds: a job that cannot log in leaves no connection behind, and says nothing of the password.
func TestLoginEnds(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "a")
		r.Credentials.Password = "hunter2"
		sink := &recorder{}
		_, err := r.Fetch(t.Context(), Fetch{}, sink)
		if r.over.Wait(); err == nil || strings.Contains(err.Error(), "hunter2") || r.sent("AUTH") != 1 || r.sent("USER") > 0 || len(sink.events) > 0 {
			t.Errorf("%v, %q", err, r.srv.Commands())
		}
		if _, err := r.Delete(t.Context(), targets("a")); err == nil || slices.Contains(r.srv.Commands(), "QUIT") {
			t.Error(err)
		}
	})
}
