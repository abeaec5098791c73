package pop3test

import (
	"io"
	"net"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
)

const (
	retrieveTwo = "C: RETR 2\nS: +OK 20 octets\nS: Subject: no body\nS:\nS: .\n"
	deleteOne   = "C: DELE 1\nS: +OK message 1 is deleted\n"
	topThree    = "C: TOP 3 0\nS: +OK top of message 3\nS: no line end\nS: .\n"
)

// updates are what OnQuit can make of a session that deletes message 1,
// retrieves 2, and looks at the top of 3.
var updates = []struct {
	name   string
	onQuit func(*Update)
	quit   string // from QUIT on
	left   []string
}{
	{"honest", nil, "S: +OK good-bye, 2 messages left\nCLOSE", []string{"two", "three"}},
	{"nothing changed", func(*Update) {}, "S: +OK good-bye, 2 messages left\nCLOSE", []string{"two", "three"}},
	{"retrieved goes too", RemoveRetrieved, "S: +OK good-bye, 1 messages left\nCLOSE", []string{"three"}},
	{"reply lost after it", func(u *Update) { u.NoReply = true }, "CLOSE", []string{"two", "three"}},
	{"reply lost before it", func(u *Update) { u.NoReply, u.Remove = true, nil }, "CLOSE", []string{"one", "two", "three"}},
	{"refused, all removed", func(u *Update) { u.Reply = "-ERR no" }, "S: -ERR no\nCLOSE", []string{"two", "three"}},
	{"refused, none removed", func(u *Update) { u.Reply, u.Remove = "-ERR no", nil }, "S: -ERR no\nCLOSE", []string{"one", "two", "three"}},
	{"removed against orders", func(u *Update) { u.Remove = []bool{false, false, true} }, "S: +OK good-bye, 2 messages left\nCLOSE", []string{"one", "two"}},
}

// TestOnQuit plays one session with each of them. Mail that came meanwhile stays.
func TestOnQuit(t *testing.T) {
	for _, test := range updates {
		t.Run(test.name, func(t *testing.T) {
			srv := newTestServer(t, func(s *Server) { s.Maildrops["alice"].OnQuit = test.onQuit })
			drop := srv.Maildrops["alice"]
			conn := talk(t, dial(t, srv.Addr), login+deleteOne+retrieveTwo+topThree, nil)
			drop.Add(Message{UniqueID: "four"})
			talk(t, conn, "C: QUIT\n"+test.quit, nil)
			if ids := drop.UniqueIDs(); drop.InUse() || !slices.Equal(ids, append(test.left, "four")) {
				t.Errorf("left: %q, in use %v", ids, drop.InUse())
			}
		})
	}
}

// TestOnQuitByLogin checks what a hook is told, and that it can treat sessions
// differently: the first QUIT is refused with one of two messages removed.
func TestOnQuitByLogin(t *testing.T) {
	srv := newTestServer(t, func(s *Server) {
		s.Maildrops["alice"].OnQuit = func(u *Update) {
			if u.Login > 1 {
				return
			}
			if !slices.Equal(u.Marked, []bool{true, false, true}) || !slices.Equal(u.Retrieved, []bool{false, true, false}) {
				t.Errorf("told %+v", u)
			}
			u.Remove[0] = false
			u.Reply = "-ERR some deleted messages not removed"
		}
	})
	talk(t, dial(t, srv.Addr), login+retrieveTwo+"C: RSET\nS: +OK 3 65\n"+deleteOne+
		"C: DELE 3\nS: +OK message 3 is deleted\nC: QUIT\nS: -ERR some deleted messages not removed\nCLOSE", nil)
	if ids := srv.Maildrops["alice"].UniqueIDs(); !slices.Equal(ids, []string{"one", "two"}) {
		t.Errorf("after the first: %q", ids)
	}
	talk(t, dial(t, srv.Addr), login+deleteOne+"C: QUIT\nS: +OK good-bye, 1 messages left\nCLOSE", nil)
}

// TestGmail is a maildrop that hides what was retrieved and lists only the
// oldest messages: what QUIT removes makes room, and without QUIT nothing moves.
func TestGmail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const all, shown = 600, 250
		messages := make([]Message, all)
		for i := range messages {
			messages[i] = NewMessage([]byte("Subject: " + strconv.Itoa(i) + "\r\n\r\n"))
		}
		drop := NewMaildrop("secret", messages...)
		drop.OnLogin, drop.OnQuit = ListOldest(shown), RemoveRetrieved
		srv := &Server{Maildrops: map[string]*Maildrop{"alice": drop}, Banner: "+OK ready <1@example.test>"}
		for _, visit := range []struct {
			listed, retrieved int
			end               string
			left              int
		}{
			{250, 250, "", 600},
			{250, 250, "C: QUIT\nS: +OK good-bye, 0 messages left\nCLOSE", 350},
			{250, 1, "C: QUIT\nS: +OK good-bye, 249 messages left\nCLOSE", 349},
			{250, 250, "C: QUIT\nS: +OK good-bye, 0 messages left\nCLOSE", 99},
			{99, 0, "C: QUIT\nS: +OK good-bye, 99 messages left\nCLOSE", 99},
		} {
			here, there := net.Pipe()
			go srv.ServeConn(there)
			talk(t, here, login, nil)
			first := drop.Snapshot()[0]
			talk(t, here, "C: UIDL 1\nS: +OK 1 "+first.UniqueID+"\nC: UIDL "+strconv.Itoa(visit.listed+1)+"\nS: -ERR no such message", nil)
			for i, message := range drop.Snapshot()[:visit.retrieved] {
				text, _ := io.ReadAll(message.Open())
				talk(t, here, "C: RETR "+strconv.Itoa(i+1)+"\nS: +OK "+strconv.FormatInt(message.Octets, 10)+" octets\n"+
					"S| "+string(text[:len(text)-4])+"\\r\\n\\r\\n\nS: .", nil)
			}
			talk(t, here, visit.end, nil)
			here.Close()
			synctest.Wait()
			if left := len(drop.UniqueIDs()); left != visit.left {
				t.Errorf("%+v: %d are left", visit, left)
			}
		}
	})
}
