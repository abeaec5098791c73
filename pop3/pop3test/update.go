package pop3test

import (
	"slices"
	"strconv"
)

// Update is one QUIT in TRANSACTION (RFC 1939, section 6), of which nothing has
// happened yet. [Maildrop.OnQuit] changes what will; as it comes, it is what the
// RFC wants. Slices have an element for each message of the session, number 1
// first.
type Update struct {
	// Login says which login of the maildrop the session began with, as
	// [Login.Number] does.
	Login int

	// Marked are the messages that DELE marked, and Retrieved those that RETR
	// sent to the end, whatever RSET said later; TOP does not count.
	Marked, Retrieved []bool

	// Remove are the messages that go: a copy of Marked at first; nil is none.
	Remove []bool

	// Reply, where not empty, is sent in place of +OK, without its line end:
	// "-ERR some deleted messages not removed".
	Reply string

	// NoReply closes the connection behind the removal, and says nothing.
	NoReply bool
}

// RemoveRetrieved is a [Maildrop.OnQuit]: what was retrieved goes, marked or not.
// That is EXPIRE 0 (RFC 2449, section 6.7), and Gmail.
func RemoveRetrieved(u *Update) {
	for i, retrieved := range u.Retrieved {
		u.Remove[i] = u.Remove[i] || retrieved
	}
}

// quit handles QUIT. In TRANSACTION it enters the UPDATE state: the marked
// messages are gone, and the maildrop is free, before the client reads of it.
func (s *session) quit(string) {
	s.fail(errEnd)
	if s.state != transaction {
		s.ok("good-bye")
		return
	}
	update := s.box.update()
	switch {
	case update.NoReply:
	case update.Reply != "":
		s.line(update.Reply)
	default:
		s.ok("good-bye, " + strconv.FormatInt(s.box.count, 10) + " messages left")
	}
}

// update removes what is to go and gives the maildrop back.
func (b *box) update() Update {
	drop := b.drop
	b.drop = nil
	defer drop.release(0)
	if drop.OnQuit == nil {
		if b.marked != nil {
			drop.commit(b.marked)
		}
		return Update{}
	}
	if b.marked == nil {
		b.marked = make([]bool, len(b.messages))
	}
	update := Update{Login: b.login, Marked: b.marked, Retrieved: b.retrieved, Remove: slices.Clone(b.marked)}
	drop.OnQuit(&update)
	drop.commit(update.Remove)
	b.count = 0
	for _, removed := range update.Remove {
		if !removed {
			b.count++
		}
	}
	return update
}

// fail ends the session.
func (s *session) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}
