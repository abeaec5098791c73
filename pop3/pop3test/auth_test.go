package pop3test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
)

// TestLogin tries the ways into a maildrop.
func TestLogin(t *testing.T) {
	sum := md5.Sum([]byte("<1@example.test>secret"))
	digest := hex.EncodeToString(sum[:])
	right := base64.StdEncoding.EncodeToString([]byte("\x00alice\x00secret"))
	other := base64.StdEncoding.EncodeToString([]byte("bob\x00alice\x00secret"))
	for _, test := range []struct {
		name      string
		configure func(*Server)
		text      string
	}{
		{"APOP", nil, "C: APOP alice " + digest + "\nS: +OK maildrop is open"},
		{"APOP wrong", nil, "C: APOP alice " + digest[1:] + "\nS: -ERR [AUTH] wrong user name or password"},
		{"APOP short", nil, "C: APOP alice\nS: -ERR user name and digest, please"},
		{"no APOP", func(s *Server) { s.NoAPOP = true }, "C: APOP alice " + digest + "\nS: -ERR unknown command"},
		{"RPOP", nil, "C: USER alice\nS: +OK send PASS\nC: RPOP alice\nS: -ERR this host is not trusted"},
		{"RPOP trusted", func(s *Server) { s.TrustRPOP = true }, "C: RPOP alice\nS: -ERR USER first\n" +
			"C: USER alice\nS: +OK send PASS\nC: RPOP alice\nS: +OK maildrop is open"},
		{"AUTH", nil, "C: AUTH\nS: +OK mechanisms follow\nS: PLAIN\nS: ."},
		{"AUTH unknown", nil, "C: AUTH NTLM\nS: -ERR unknown mechanism"},
		{"PLAIN at once", nil, "C: AUTH plain " + right + "\nS: +OK maildrop is open"},
		{"PLAIN in two", nil, "C: AUTH PLAIN\nS: + \nC: " + right + "\nS: +OK maildrop is open"},
		{"PLAIN empty", nil, "C: AUTH PLAIN =\nS: -ERR [AUTH] wrong user name or password"},
		{"PLAIN for another", nil, "C: AUTH PLAIN " + other + "\nS: -ERR [AUTH] wrong user name or password"},
		{"PLAIN cancelled", nil, "C: AUTH PLAIN\nS: + \nC: *\nS: -ERR as you wish\nC: QUIT\nS: +OK good-bye"},
		{"PLAIN not base64", nil, "C: AUTH PLAIN\nS: + \nC: !\nS: -ERR [AUTH] pop3test: the response is not base64"},
		{"refusal", func(s *Server) { s.Maildrops["alice"].Refusal = "[LOGIN-DELAY] 60 s" },
			"C: AUTH PLAIN " + right + "\nS: -ERR [LOGIN-DELAY] 60 s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := newTestServer(t, test.configure)
			talk(t, dial(t, srv.Addr), "S: +OK ready <1@example.test>\n"+test.text, nil)
		})
	}
}

// TestInUse checks that a maildrop belongs to one session at a time.
func TestInUse(t *testing.T) {
	srv := newTestServer(t, nil)
	first := talk(t, dial(t, srv.Addr), login, nil)
	const refused = `
S: +OK ready <1@example.test>
C: USER alice
S: +OK send PASS
C: PASS secret
S: -ERR [IN-USE] another session has the maildrop`
	talk(t, dial(t, srv.Addr), refused, nil)
	talk(t, first, "C: QUIT\nS: +OK good-bye, 3 messages left", nil)
	talk(t, dial(t, srv.Addr), login, nil)
}

// echo is a mechanism of three rounds: it wants its own challenges back, then
// one of its own making.
func echo(x *Exchange) (string, error) {
	initial, ok := x.Initial()
	if !ok {
		return "", errors.New("[SYS/TEMP] no initial response")
	}
	for round := range 2 {
		challenge := fmt.Appendf(nil, "%s %d", initial, round)
		response, err := x.Challenge(challenge)
		if err != nil {
			return "", err
		}
		if !bytes.Equal(response, challenge) {
			return "", errors.New("no echo")
		}
	}
	if line, err := x.ChallengeRaw("+OK go on"); line != "raw" || err != nil {
		return "", fmt.Errorf("not raw: %w", err)
	}
	return string(initial), nil
}

// TestMechanism runs a mechanism that a test brings.
func TestMechanism(t *testing.T) {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	srv := newTestServer(t, func(s *Server) {
		s.Mechanisms = map[string]Mechanism{"X-ECHO": echo, "PLAIN": nil}
	})
	long := bytes.Repeat([]byte("x"), 40_000)
	text := "S: +OK ready <1@example.test>\n" +
		"C: AUTH\nS: +OK mechanisms follow\nS: X-ECHO\nS: .\n" +
		"C: AUTH PLAIN\nS: -ERR unknown mechanism\n" +
		"C: AUTH X-ECHO\nS: -ERR [SYS/TEMP] no initial response\n" +
		"C: AUTH X-ECHO =\nS: + " + encode(" 0") + "\nC: " + encode(string(long)) + "\nS: -ERR [AUTH] no echo\n" +
		"C: AUTH X-ECHO " + encode("alice") +
		"\nS: + " + encode("alice 0") + "\nC: " + encode("alice 0") +
		"\nS: + " + encode("alice 1") + "\nC: " + encode("alice 1") +
		"\nS: +OK go on\nC: raw\nS: +OK maildrop is open"
	talk(t, dial(t, srv.Addr), text, nil)
}

// TestResponseLimit checks that an endless response ends the session.
func TestResponseLimit(t *testing.T) {
	srv := newTestServer(t, nil)
	conn := talk(t, dial(t, srv.Addr), "S: +OK ready <1@example.test>\nC: AUTH PLAIN\nS: + ", nil)
	go conn.Write(bytes.Repeat([]byte("A"), responseLimit+commandLimit)) // may fail half-way
	talk(t, conn, "S: -ERR line too long\nCLOSE", nil)
}
