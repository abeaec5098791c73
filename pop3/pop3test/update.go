package pop3test

import "strconv"

// quit handles QUIT. In TRANSACTION it enters the UPDATE state (RFC 1939,
// section 6): the marked messages are gone, and the maildrop is free, before
// the client reads of it.
func (s *session) quit(string) {
	text := "good-bye"
	if s.state == transaction {
		s.box.commit()
		text += ", " + strconv.FormatInt(s.box.count, 10) + " messages left"
		s.box.close()
	}
	s.ok(text)
	s.fail(errEnd)
}

// fail ends the session.
func (s *session) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}
