package pop3test

import (
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// visit logs in to alice's maildrop over net.Pipe and goes on with text; the
// connection is closed afterwards, without QUIT unless text says it.
func visit(t *testing.T, srv *Server, text string) {
	t.Helper()
	here, there := net.Pipe()
	go srv.ServeConn(there)
	talk(t, here, strings.TrimPrefix(text, "\n"), nil)
	here.Close()
	synctest.Wait()
}

const (
	beforePass = "S: +OK ready <1@example.test>\nC: USER alice\nS: +OK send PASS\nC: PASS secret\n"
	quit       = "C: QUIT\nS: +OK good-bye, 1 messages left\nCLOSE"
)

// newPipedServer returns a server for visit; alice has one message.
func newPipedServer() (*Server, *Maildrop) {
	drop := NewMaildrop("secret", Message{UniqueID: "one"})
	return &Server{Maildrops: map[string]*Maildrop{"alice": drop}, Banner: "+OK ready <1@example.test>"}, drop
}

// TestRenameAtLogin checks that unique-ids hold for one session, and that the
// maildrop still knows its own.
func TestRenameAtLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, drop := newPipedServer()
		drop.OnLogin = RenameAtLogin
		visit(t, srv, login+"C: UIDL 1\nS: +OK 1 one-1\nC: UIDL\nS: +OK 1 messages\nS: 1 one-1\nS: .\n"+quit)
		visit(t, srv, login+"C: UIDL 1\nS: +OK 1 one-2\nC: DELE 1\nS: +OK message 1 is deleted\nC: QUIT\nS: +OK good-bye, 0 messages left\nCLOSE")
		if ids := drop.UniqueIDs(); len(ids) != 0 {
			t.Errorf("left: %q", ids)
		}
	})
}

// TestOddUniqueIDs checks that a maildrop can have one unique-id twice, and a
// session blank ones.
func TestOddUniqueIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, drop := newPipedServer()
		drop.Add(Message{UniqueID: "one"}, Message{UniqueID: "two"})
		drop.OnLogin = func(l *Login) { l.Messages[2].UniqueID = "" }
		visit(t, srv, login+"C: UIDL\nS: +OK 3 messages\nS: 1 one\nS: 2 one\nS| 3 \\r\\n\nS: .")
		if ids := drop.UniqueIDs(); !slices.Equal(ids, []string{"one", "one", "two"}) {
			t.Errorf("the maildrop has %q", ids)
		}
	})
}

// TestRefusedLogin checks that a hook can refuse one login and not the next.
func TestRefusedLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, drop := newPipedServer()
		drop.OnLogin = func(l *Login) {
			if l.Number == 1 {
				l.Refusal = "[SYS/TEMP] later"
			}
		}
		visit(t, srv, beforePass+"S: -ERR [SYS/TEMP] later\nC: STAT\nS: -ERR not in this state")
		visit(t, srv, login+quit)
	})
}

// TestLoginDelay checks the capability, and that a login is refused until the
// last one is long enough ago, to the second.
func TestLoginDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, drop := newPipedServer()
		srv.LoginDelay = 10 * time.Second
		srv.Maildrops["bob"] = NewMaildrop("secret")
		visit(t, srv, login+quit)
		time.Sleep(10*time.Second - time.Nanosecond)
		visit(t, srv, beforePass+"S: -ERR "+tooSoon)
		visit(t, srv, strings.ReplaceAll(login, "alice", "bob"))
		if drop.InUse() {
			t.Error("a refused login has the maildrop")
		}
		time.Sleep(time.Nanosecond)
		visit(t, srv, login+quit)
		visit(t, srv, beforePass+"S: -ERR "+tooSoon)
		srv.Capabilities, srv.LoginDelay = nil, time.Minute
		if lines := (&session{srv: srv}).capabilities(); !slices.Contains(lines, "LOGIN-DELAY 60") {
			t.Errorf("CAPA has %q", lines)
		}
	})
}

// TestMoreCapabilities checks that they stand behind the server's own and
// behind given ones.
func TestMoreCapabilities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newPipedServer()
		srv.MoreCapabilities = []string{"EXPIRE 0"}
		srv.Capabilities = []string{"UIDL"}
		visit(t, srv, login+"C: CAPA\nS: +OK what I can do\nS: UIDL\nS: EXPIRE 0\nS: .")
		srv.Capabilities = nil
		if lines := (&session{srv: srv}).capabilities(); slices.Contains(lines, "EXPIRE 0") {
			t.Errorf("CAPA has it twice: %q", lines)
		}
		srv.Capabilities = []string{}
		visit(t, srv, login+"C: CAPA\nS: +OK what I can do\nS: EXPIRE 0\nS: .")
	})
}

// TestLinger checks that a maildrop stays in use after a connection that is
// gone, to the nanosecond, and not after QUIT.
func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, drop := newPipedServer()
		drop.Linger = time.Minute
		visit(t, srv, login)
		time.Sleep(time.Minute - time.Nanosecond)
		visit(t, srv, beforePass+"S: -ERR "+inUse)
		if !drop.InUse() {
			t.Error("not in use")
		}
		time.Sleep(time.Nanosecond)
		if drop.InUse() {
			t.Error("still in use")
		}
		visit(t, srv, login+quit)
		visit(t, srv, login+quit)
	})
}

// TestXOAUTH2 checks a token that expires and one that takes its place, in one
// line and in two, and responses that are none.
func TestXOAUTH2(t *testing.T) {
	const (
		old     = "dXNlcj1hbGljZQFhdXRoPUJlYXJlciBvbGQBAQ=="     // user=alice^Aauth=Bearer old^A^A
		renewed = "dXNlcj1hbGljZQFhdXRoPUJlYXJlciByZW5ld2VkAQE=" // the same with renewed
		refusal = "C: AUTH XOAUTH2 " + old + "\nS: + eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=\n"
	)
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newPipedServer()
		var token atomic.Value
		token.Store("old")
		srv.Mechanisms = map[string]Mechanism{"XOAUTH2": XOAUTH2(func(user, given string) bool {
			return user == "alice" && given == token.Load()
		})}
		const ready = "S: +OK ready <1@example.test>\n"
		visit(t, srv, ready+"C: AUTH XOAUTH2 "+old+"\nS: +OK maildrop is open\n"+quit)
		token.Store("renewed")
		visit(t, srv, ready+refusal+"C:\nS: -ERR "+badLogin+"\n"+
			refusal+"C: *\nS: -ERR as you wish\n"+
			"C: AUTH XOAUTH2\nS: + \nC: "+renewed+"\nS: +OK maildrop is open\n"+quit)
		for _, other := range []string{"=", "dXNlcj1hbGljZQE=", "YQFiAQE="} {
			visit(t, srv, ready+"C: AUTH XOAUTH2 "+other+"\nS: -ERR "+badLogin)
		}
	})
}
