package pop3test

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// login is how most dialogues begin.
const login = `
S: +OK ready <1@example.test>
C: USER alice
S: +OK send PASS
C: PASS secret
S: +OK maildrop is open
`

// dialogues are what the server is held to.
var dialogues = []struct {
	name      string
	configure func(*Server)
	text      string
}{
	{"session", nil, login + `
C: STAT
S: +OK 3 65
C: list
S: +OK 3 messages
S: 1 32
S: 2 20
S: 3 13
S: .
C: LIST 2
S: +OK 2 20
C: UIDL
S: +OK 3 messages
S: 1 one
S: 2 two
S: 3 three
S: .
C: UIDL 3
S: +OK 3 three
C: NOOP
S: +OK
C: QUIT
S: +OK good-bye, 3 messages left
CLOSE`},
	{"messages", nil, login + `
C: RETR 1
S: +OK 32 octets
S: Subject: dots
S:
S: ..
S: ...
S: ..a
S: b.
S: .
C: RETR 3
S: +OK 13 octets
S: no line end
S: .
C: TOP 1 2
S: +OK top of message 1
S: Subject: dots
S:
S: ..
S: ...
S: .
C: TOP 1 0
S: +OK top of message 1
S: Subject: dots
S:
S: .
C: TOP 3 9
S: +OK top of message 3
S: no line end
S: .`},
	{"marks", nil, login + `
C: DELE 2
S: +OK message 2 is deleted
C: LIST
S: +OK 2 messages
S: 1 32
S: 3 13
S: .
C: RETR 2
S: -ERR message 2 is deleted
C: DELE 2
S: -ERR message 2 is deleted
C: STAT
S: +OK 2 45
C: RSET
S: +OK 3 65
C: UIDL 2
S: +OK 2 two`},
	{"arguments", nil, login + `
C: RETR
S: -ERR which message?
C: RETR 0
S: -ERR no such message
C: RETR 4
S: -ERR no such message
C: RETR 4294967297
S: -ERR which message?
C: TOP 1
S: -ERR how many lines?
C: TOP 1 -1
S: -ERR how many lines?
C: XYZZY
S: -ERR unknown command`},
	{"states", nil, `
S: +OK ready <1@example.test>
C: STAT
S: -ERR not in this state
C: PASS secret
S: -ERR USER first
C: USER
S: -ERR which user?
C: USER alice
S: +OK send PASS
C: PASS wrong
S: -ERR [AUTH] wrong user name or password
C: USER bob
S: +OK send PASS
C: PASS secret
S: -ERR [AUTH] wrong user name or password
C: QUIT
S: +OK good-bye
CLOSE`},
	{"banner refuses", func(s *Server) { s.Banner = "-ERR [SYS/TEMP] no room" }, `
S: -ERR [SYS/TEMP] no room
CLOSE`},
	{"intercept", func(s *Server) { s.Intercept = refuseNOOP }, login + `
C: NOOP
S| -ERR no\n
C: STAT
S: +OK 3 65`},
	{"unreadable", func(s *Server) { s.Maildrops["alice"].Messages[0].Open = nil }, login + `
C: RETR 1
S: -ERR [SYS/PERM] the message cannot be read
C: TOP 1 1
S: -ERR [SYS/PERM] the message cannot be read`},
}

// TestDialogue plays each dialogue with a server of its own.
func TestDialogue(t *testing.T) {
	for _, test := range dialogues {
		t.Run(test.name, func(t *testing.T) {
			srv := newTestServer(t, test.configure)
			talk(t, dial(t, srv.Addr), test.text, nil)
		})
	}
}

func refuseNOOP(line string) (string, bool) { return "-ERR no\n", line == "NOOP" }

// TestQuitCommits checks that QUIT removes what is marked, that nothing else
// does, and that the maildrop is free when the client reads the reply.
func TestQuitCommits(t *testing.T) {
	srv := newTestServer(t, nil)
	drop := srv.Maildrops["alice"]
	conn := talk(t, dial(t, srv.Addr), login+"C: DELE 1\nS: +OK message 1 is deleted", nil)
	conn.Close()
	for drop.InUse() {
		time.Sleep(time.Millisecond)
	}
	if ids := drop.UniqueIDs(); !slices.Equal(ids, []string{"one", "two", "three"}) {
		t.Fatalf("after a cut: %q", ids)
	}
	conn = talk(t, dial(t, srv.Addr), login+"C: DELE 1\nS: +OK message 1 is deleted", nil)
	added := Message{UniqueID: "four"}
	drop.Add(added)
	talk(t, conn, "C: QUIT\nS: +OK good-bye, 2 messages left", nil)
	if ids := drop.UniqueIDs(); drop.InUse() || !slices.Equal(ids, []string{"two", "three", "four"}) {
		t.Fatalf("after QUIT: %q, in use %v", ids, drop.InUse())
	}
}

// TestPipelining sends a whole session at once and wants the replies in order.
func TestPipelining(t *testing.T) {
	srv := newTestServer(t, nil)
	conn := dial(t, srv.Addr)
	const count = 2000
	commands := "USER alice\r\nPASS secret\r\n" + strings.Repeat("RETR 2\r\nUIDL 1\r\n", count) + "QUIT\r\n"
	go io.WriteString(conn, commands) // the reads below show a failure
	want := "+OK ready <1@example.test>\r\n+OK send PASS\r\n+OK maildrop is open\r\n" +
		strings.Repeat("+OK 20 octets\r\nSubject: no body\r\n\r\n.\r\n+OK 1 one\r\n", count) +
		"+OK good-bye, 3 messages left\r\n"
	got, err := io.ReadAll(conn)
	if err != nil || string(got) != want {
		t.Fatalf("got %d octets and %v, want %d", len(got), err, len(want))
	}
	if lines := srv.Commands(); strings.Join(lines, "\r\n")+"\r\n" != commands {
		t.Fatalf("%d commands", len(lines))
	}
}

// TestPartialCommand checks that a half command behind a whole one does not
// keep the reply back.
func TestPartialCommand(t *testing.T) {
	srv := newTestServer(t, nil)
	conn := talk(t, dial(t, srv.Addr), login, nil)
	io.WriteString(conn, "NOOP\r\nST") // the dialogue below shows a failure
	conn = talk(t, conn, "S: +OK", nil)
	io.WriteString(conn, "AT\r\n")
	talk(t, conn, "S: +OK 3 65", nil)
}

// TestLongLine checks that a command has its limit, with a line end or without.
func TestLongLine(t *testing.T) {
	srv := newTestServer(t, nil)
	for _, end := range []string{"", "\r\n"} {
		conn := talk(t, dial(t, srv.Addr), login+"C: RSET\nS: +OK 3 65", nil)
		io.WriteString(conn, "NOOP "+strings.Repeat("x", 10_000)+end) // as above
		talk(t, conn, "S: -ERR line too long\nCLOSE", nil)
		conn.Close()
		for srv.Maildrops["alice"].InUse() {
			time.Sleep(time.Millisecond)
		}
	}
}

// TestClose checks that Close ends sessions, and later ones at once.
func TestClose(t *testing.T) {
	srv := newTestServer(t, func(s *Server) { s.DiscardCommands = true })
	conn := talk(t, dial(t, srv.Addr), login, nil)
	srv.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the session goes on")
	}
	here, there := net.Pipe()
	srv.ServeConn(there)
	if _, err := here.Read(make([]byte, 1)); err == nil {
		t.Error("a session began")
	}
	if lines := srv.Commands(); lines != nil || srv.Maildrops["alice"].InUse() {
		t.Errorf("commands %q", lines)
	}
	srv.Close()
}

// TestServeConn drives a session over net.Pipe with time standing still.
func TestServeConn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &Server{Maildrops: map[string]*Maildrop{"bob": NewMaildrop("pw")}}
		here, there := net.Pipe()
		go srv.ServeConn(there)
		r := bufio.NewReader(here)
		for _, command := range []string{"", "USER bob\r\n", "PASS pw\r\n", "QUIT\r\n"} {
			if command != "" {
				io.WriteString(here, command) // the read below shows a failure
			}
			if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "+OK") {
				t.Fatalf("%q: %q, %v", command, line, err)
			}
		}
		if _, err := r.ReadByte(); err != io.EOF {
			t.Fatalf("after QUIT: %v", err)
		}
	})
}
