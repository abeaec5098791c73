package pop3test

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// capa handles CAPA (RFC 2449, section 5).
func (s *session) capa(string) {
	s.ok("what I can do")
	lines := s.srv.Capabilities
	if lines == nil {
		lines = s.capabilities()
	}
	for _, line := range slices.Concat(lines, s.srv.MoreCapabilities) {
		s.line(line)
	}
	s.end()
}

// capabilities returns what the server can do now.
func (s *session) capabilities() []string {
	lines := []string{"TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "USER"}
	if names := s.srv.mechanismNames(); len(names) > 0 {
		lines = append(lines, "SASL "+strings.Join(names, " "))
	}
	if !s.srv.NoUTF8 {
		lines = append(lines, "UTF8 USER", "LANG")
	}
	if s.state == authorization && !s.secure && !s.srv.NoSTLS {
		lines = append(lines, "STLS")
	}
	if delay := s.srv.LoginDelay; delay > 0 {
		lines = append(lines, "LOGIN-DELAY "+strconv.FormatInt(int64(delay/time.Second), 10))
	}
	return append(lines, "IMPLEMENTATION popgate-pop3test")
}

// stls handles STLS (RFC 2595, section 4). What the client sent in plaintext
// behind the command would be taken as said in private, so it ends the session.
func (s *session) stls(string) {
	switch {
	case s.secure:
		s.refuse("TLS is on already")
		return
	case s.inUTF8:
		s.refuse("not after UTF8") // RFC 6856, section 2.1
		return
	case s.r.Buffered() > 0:
		s.refuse("nothing may follow STLS in plaintext")
		s.fail(errEnd)
		return
	}
	s.ok("begin TLS")
	s.flush()
	if s.err != nil {
		return
	}
	if err := s.conn.startTLS(serverTLS(s.srv.TLS)); err != nil {
		s.fail(err)
		return
	}
	s.secure = true
	s.name = ""
}

// utf8 handles UTF8 (RFC 6856, section 2.1). Messages are sent as they are,
// with it or without.
func (s *session) utf8(arg string) {
	if arg != "" {
		s.refuse("UTF8 has no argument")
		return
	}
	s.inUTF8 = true
	s.ok("UTF-8 it is")
}

// languages are the tags and names that LANG lists (RFC 6856, section 3.2),
// the preferred one first, and what it says when one is chosen.
var languages = []struct{ tag, name, chosen string }{
	{"en", "English", "We speak English now"},
	{"de", "Deutsch", "Wir sprechen jetzt Deutsch"},
}

// lang handles LANG (RFC 6856, section 3). A range matches a tag that it
// begins with (RFC 4647, section 3.3.1): "de" and "*" do, "de-CH" does not.
func (s *session) lang(arg string) {
	if arg == "" {
		s.ok("languages follow")
		for _, language := range languages {
			s.line(language.tag + " " + language.name)
		}
		s.end()
		return
	}
	for _, language := range languages {
		if arg == "*" || strings.EqualFold(arg, language.tag) {
			s.ok(language.tag + " " + language.chosen)
			return
		}
	}
	s.refuse("no such language")
}
