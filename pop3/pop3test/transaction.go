package pop3test

import (
	"bufio"
	"strconv"
)

// stat handles STAT (RFC 1939, section 5).
func (s *session) stat(string) { s.okNumbers(s.box.count, s.box.octets) }

// noop handles NOOP (RFC 1939, section 5).
func (s *session) noop(string) { s.ok("") }

// list handles LIST (RFC 1939, section 5).
func (s *session) list(arg string) {
	s.scan(arg, func(line []byte, m *Message) []byte {
		return strconv.AppendInt(line, m.Octets, 10)
	})
}

// uidl handles UIDL (RFC 1939, section 7).
func (s *session) uidl(arg string) {
	s.scan(arg, func(line []byte, m *Message) []byte {
		return append(line, m.UniqueID...)
	})
}

// scan answers LIST and UIDL: for one message or for all that are not marked.
func (s *session) scan(arg string, value func(line []byte, m *Message) []byte) {
	if arg != "" {
		i, complaint := s.box.find(arg)
		if complaint != "" {
			s.refuse(complaint)
			return
		}
		s.ok(string(entry(nil, i, &s.box.messages[i], value)))
		return
	}
	s.ok(strconv.FormatInt(s.box.count, 10) + " messages")
	w := s.writer()
	for i := range s.box.messages {
		if s.box.gone(i) {
			continue
		}
		if writeEntry(w, i, &s.box.messages[i], value) != nil {
			return // the next flush has the error
		}
	}
	s.end()
}

// writeEntry writes one line of a listing. Sessions with millions of messages
// are tested with it, so it does not allocate.
func writeEntry(w *bufio.Writer, i int, m *Message, value func([]byte, *Message) []byte) error {
	line := append(entry(w.AvailableBuffer(), i, m, value), '\r', '\n')
	_, err := w.Write(line)
	return err
}

// entry appends the number of message i and a value of it to line.
func entry(line []byte, i int, m *Message, value func([]byte, *Message) []byte) []byte {
	line = strconv.AppendInt(line, int64(i)+1, 10)
	return value(append(line, ' '), m)
}

// dele handles DELE (RFC 1939, section 5).
func (s *session) dele(arg string) {
	i, complaint := s.box.find(arg)
	if complaint != "" {
		s.refuse(complaint)
		return
	}
	s.box.mark(i)
	s.ok("message " + arg + " is deleted")
}

// rset handles RSET (RFC 1939, section 5).
func (s *session) rset(string) {
	s.box.reset()
	s.okNumbers(s.box.count, s.box.octets)
}
