package mailbox

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// onQuit makes the QUIT of a login do something else.
func onQuit(login int, do func(u *pop3test.Update)) func(r *rig) {
	return func(r *rig) {
		r.drop.OnQuit = func(u *pop3test.Update) {
			if u.Login == login {
				do(u)
			}
		}
	}
}

// onLogin makes a login and those after it see something else.
func onLogin(from int, do func(l *pop3test.Login)) func(r *rig) {
	return func(r *rig) {
		r.drop.OnLogin = func(l *pop3test.Login) {
			if l.Number >= from {
				do(l)
			}
		}
	}
}

// both makes two changes.
func both(a, b func(r *rig)) func(r *rig) {
	return func(r *rig) {
		a(r)
		b(r)
	}
}

// deaf ends each connection from a login on.
func deaf(from int) func(r *rig) {
	return func(r *rig) {
		r.serve = func(login int, conn net.Conn) {
			if login < from {
				r.srv.ServeConn(conn)
			}
		}
	}
}

func noReply(u *pop3test.Update) { u.NoReply = true }

// removing returns what removes some of two messages, and says so.
func removing(reply string, first, second bool) func(u *pop3test.Update) {
	return func(u *pop3test.Update) {
		u.Remove[0], u.Remove[1] = first, second
		u.Reply, u.NoReply = reply, reply == ""
	}
}

// TestCollectLost: where QUIT does not tell what became of the messages, the next login looks.
func TestCollectLost(t *testing.T) {
	const some = "-ERR some deleted messages not removed"
	lost := func(do func(u *pop3test.Update)) func(r *rig) { return onQuit(1, do) }
	in := func(what Collect) Collect {
		what.CommitMessages = 2
		return what
	}
	most := Collect{Fetch: Fetch{Selection: Selection{MaxMessages: 2}}}
	for name, s := range map[string]scenario{
		"all gone": {
			ids: "d1 d2", logins: 2, setup: lost(noReply), events: "progress|1 d1|2 d2|UNKNOWN d1=deleted d2=deleted|cursor|progress|cursor",
		},
		"all gone, more": {
			ids: "d1 d2 d3", logins: 3, what: in(Collect{}), setup: lost(noReply),
			events: "progress|1 d1|2 d2|UNKNOWN d1=deleted d2=deleted|cursor|progress|1 d3|COMMITTED d3=deleted|cursor|progress|cursor",
		},
		"none gone": {
			ids: "d1 d2 d3", logins: 3, what: in(Collect{}), setup: lost(removing("", false, false)), left: "d1 d2", knows: "d1 d2",
			events: "progress|1 d1|2 d2|UNKNOWN d1=kept d2=kept|cursor|progress|3 d3|COMMITTED d3=deleted|cursor|progress|cursor",
		},
		"-ERR, all gone": {
			ids: "d1 d2", logins: 2, setup: lost(removing(some, true, true)),
			events: "progress|1 d1|2 d2|PARTIAL d1=deleted d2=deleted|cursor|progress|cursor",
		},
		"-ERR, some gone": {
			ids: "d1 d2", logins: 2, setup: lost(removing(some, false, true)), left: "d1", knows: "d1",
			events: "progress|1 d1|2 d2|PARTIAL d1=kept d2=deleted|cursor|progress|cursor",
		},
		"-ERR, none gone": {
			ids: "d1 d2", logins: 2, setup: lost(removing(some, false, false)), left: "d1 d2", knows: "d1 d2",
			events: "progress|1 d1|2 d2|PARTIAL d1=kept d2=kept|cursor|progress|cursor",
		},
		"nothing more": {
			ids: "d1 d2 d3", logins: 2, what: most, setup: lost(noReply), left: "d3",
			events: "progress|1 d1|2 d2|UNKNOWN d1=deleted d2=deleted|cursor|cursor",
		},
		"kept": {
			ids: "k1 k2", logins: 2, setup: lost(noReply), left: "k1 k2", knows: "k1 k2",
			events: "progress|1 k1|2 k2|UNKNOWN k1=kept k2=kept|cursor|progress|cursor",
		},
		"kept is removed": {
			ids: "k1 d2", logins: 2, setup: lost(func(u *pop3test.Update) { pop3test.RemoveRetrieved(u); u.NoReply = true }), knows: "",
			events: "progress|1 k1|2 d2|UNKNOWN k1=kept d2=deleted|cursor|progress|cursor",
		},
		"DELE was refused": {
			ids: "d1 d2", logins: 2, left: "d2", knows: "d2",
			setup:  both(lost(noReply), func(r *rig) { r.srv.Intercept = answering(map[string]string{"DELE 2": "-ERR no"}) }),
			events: "progress|1 d1|2 d2|UNKNOWN d1=deleted d2=kept|cursor|progress|cursor",
		},
		"all ids have changed": {
			ids: "d1 k2 d3", logins: 2, left: "k2 d3", knows: "k2", err: ErrCommitUnknown, what: in(Collect{}),
			setup:  both(lost(noReply), onLogin(2, pop3test.RenameAtLogin)),
			events: "progress|1 d1|2 k2|UNKNOWN d1=unknown k2=kept|cursor",
		},
		"nobody is there": {
			ids: "d1 k2", logins: 2, left: "k2", knows: "k2", err: ErrCommitUnknown, setup: both(lost(noReply), deaf(2)),
			events: "progress|1 d1|2 k2|UNKNOWN d1=unknown k2=kept|cursor",
		},
		"in use for ever": {
			ids: "d1 k2", logins: 7, left: "k2", knows: "k2", err: ErrCommitUnknown,
			setup:  both(lost(noReply), onLogin(2, func(l *pop3test.Login) { l.Refusal = "[IN-USE] wait" })),
			events: "progress|1 d1|2 k2|UNKNOWN d1=unknown k2=kept|cursor",
		},
		"long LOGIN-DELAY": {
			ids: "d1 k2", logins: 1, left: "k2", knows: "k2", err: ErrCommitUnknown, found: []Finding{LoginDelay},
			setup:  both(lost(noReply), func(r *rig) { r.srv.LoginDelay = 300 * time.Second }),
			events: "progress|1 d1|2 k2|UNKNOWN d1=unknown k2=kept|cursor",
		},
		"short LOGIN-DELAY": {
			ids: "d1 d2", logins: 2, setup: both(lost(noReply), func(r *rig) { r.srv.LoginDelay = 30 * time.Second }),
			events: "progress|1 d1|2 d2|UNKNOWN d1=deleted d2=deleted|cursor|progress|cursor",
		},
		"twice there": {
			ids: "d1 d1 d2", logins: 2, err: ErrCommitUnknown, setup: lost(noReply), found: []Finding{UniqueIDsDuplicate},
			events: "progress|1 d1|2 d1|3 d2|UNKNOWN d1=unknown d1=unknown d2=deleted|cursor",
		},
		"stopped": {
			ids: "d1 d2 d3", logins: 2, setup: lost(noReply), left: "d3", what: Collect{MaxUnsettledMessages: 1},
			got: func(c *caller, d *Delivery) error {
				if d.UniqueID == "d2" {
					c.Stop()
				}
				return c.Settle(ToDelete, d.ID)
			},
			events: "progress|1 d1|2 d2|UNKNOWN d1=deleted d2=deleted|cursor|cursor",
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			_, c, _ := s.run(t)
			want := ""
			if len(c.commits) > 0 && c.commits[0].Outcome == pop3.Partial {
				want = some
			}
			if c.commits[0].Response != want {
				t.Errorf("%+v", c.commits)
			}
		})
	}
}

// TestCollectUntimelyLost: a message is not settled in time, and the login that deletes the others goes wrong as well.
func TestCollectUntimelyLost(t *testing.T) {
	for name, s := range map[string]scenario{
		"QUIT lost, all gone": {
			ids: "d1 x2 d3", logins: 3, left: "x2", err: ErrUnsettled, setup: onQuit(2, noReply),
			events: "progress|1 d1|2 x2|3 d3|UNKNOWN d1=deleted d3=deleted|cursor",
		},
		"QUIT lost, none gone": {
			ids: "d1 x2 d3", logins: 3, left: "d1 x2 d3", knows: "d1 d3", err: ErrUnsettled,
			setup:  onQuit(2, func(u *pop3test.Update) { u.Remove, u.NoReply = nil, true }),
			events: "progress|1 d1|2 x2|3 d3|UNKNOWN d1=kept d3=kept|cursor",
		},
		"QUIT lost, and nobody is there": {
			ids: "d1 x2 d3", logins: 3, left: "x2", err: ErrCommitUnknown, setup: both(onQuit(2, noReply), deaf(3)),
			events: "progress|1 d1|2 x2|3 d3|UNKNOWN d1=unknown d3=unknown|cursor",
		},
		"QUIT lost, LOGIN-DELAY": {
			ids: "d1 x2 d3", logins: 3, left: "x2", err: ErrUnsettled, setup: both(onQuit(2, noReply), func(r *rig) { r.srv.LoginDelay = 20 * time.Second }),
			events: "progress|1 d1|2 x2|3 d3|UNKNOWN d1=deleted d3=deleted|cursor",
		},
		"gone meanwhile": {
			ids: "x1 k2 d3", logins: 2, left: "x1 k2 d3", knows: "k2", err: ErrUnsettled,
			setup:  onLogin(2, func(l *pop3test.Login) { l.Messages = l.Messages[:2] }),
			events: "progress|1 x1|2 k2|3 d3|cursor|NOTHING_MARKED k2=kept d3=deleted|cursor",
		},
		"ids have changed": {
			ids: "x1 k2 d3", logins: 2, left: "x1 k2 d3", knows: "k2", err: ErrCommitUnknown, setup: onLogin(2, pop3test.RenameAtLogin),
			events: "progress|1 x1|2 k2|3 d3|cursor|NOTHING_MARKED k2=kept d3=unknown|cursor",
		},
		"renumbered": {
			ids: "x1 k2 d3", logins: 2, left: "k2 x1", knows: "k2", err: ErrUnsettled,
			setup: func(r *rig) {
				r.serve = func(login int, conn net.Conn) {
					if login == 2 {
						first := r.drop.Messages[0]
						r.drop.Messages = append(r.drop.Messages[1:3:3], first)
					}
					r.srv.ServeConn(conn)
				}
			},
			events: "progress|1 x1|2 k2|3 d3|cursor|COMMITTED k2=kept d3=deleted|cursor",
		},
		"another message has the id": {
			ids: "d1 x2 d3", logins: 2, left: "d1", err: ErrCommitUnknown,
			setup: func(r *rig) {
				r.serve = func(login int, conn net.Conn) {
					if login == 2 {
						other := pop3test.NewMessage([]byte("another\r\n"))
						other.UniqueID = "d1"
						r.drop.Messages = []pop3test.Message{other, r.drop.Messages[2]}
					}
					r.srv.ServeConn(conn)
				}
			},
			events: "progress|1 d1|2 x2|3 d3|COMMITTED d1=unknown d3=deleted|cursor",
		},
	} {
		inBubble(t, name, func(t *testing.T) { s.run(t) })
	}
}

// TestCollectUntimelySettled: a settlement that comes between the end of its time and the end of the job does not make the job end well,
// since it has not collected all. That no more settlements come does, where none is missing.
func TestCollectUntimelySettled(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t)
		for _, want := range []error{ErrUnsettled, nil} {
			c, err := r.NewCollector(Collect{}, &caller{})
			if err != nil {
				t.Fatal(err)
			}
			c.list, c.plan, c.batch.entries = &Listing{}, &plan{}, []entry{{stage: kept}}
			if want == nil {
				c.HalfClose()
			}
			if err := c.abandon(t.Context()); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
	})
}
