package pop3test

import (
	"crypto/md5" //nolint:gosec // APOP's digest
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

const (
	badLogin = "[AUTH] wrong user name or password"
	inUse    = "[IN-USE] another session has the maildrop"
	tooSoon  = "[LOGIN-DELAY] it is too soon after the last login"
)

// user handles USER (RFC 1939, section 7), which does not tell whether the
// name exists.
func (s *session) user(name string) {
	if name == "" {
		s.refuse("which user?")
		return
	}
	s.name = name
	s.ok("send PASS")
}

// pass handles PASS (RFC 1939, section 7). Spaces belong to the password.
func (s *session) pass(password string) {
	name := s.name
	s.name = ""
	if name == "" {
		s.refuse("USER first")
		return
	}
	s.login(name, func(want string) bool { return same(password, want) })
}

// apop handles APOP (RFC 1939, section 7).
func (s *session) apop(arg string) {
	space := strings.LastIndexByte(arg, ' ')
	if space < 0 {
		s.refuse("user name and digest, please")
		return
	}
	if s.timestamp == "" {
		s.refuse("the banner had no msg-id")
		return
	}
	s.login(arg[:space], func(password string) bool {
		sum := md5.Sum([]byte(s.timestamp + password)) //nolint:gosec // APOP's digest
		return same(arg[space+1:], hex.EncodeToString(sum[:]))
	})
}

// rpop handles RPOP (RFC 1081), which trusts the host that asks.
func (s *session) rpop(string) {
	name := s.name
	s.name = ""
	switch {
	case !s.srv.TrustRPOP:
		s.refuse("this host is not trusted")
	case name == "":
		s.refuse("USER first")
	default:
		s.login(name, func(string) bool { return true })
	}
}

// auth handles AUTH (RFC 5034); without an argument it lists the mechanisms,
// as servers have done since RFC 1734.
func (s *session) auth(arg string) {
	name, initial, hasInitial := strings.Cut(arg, " ")
	if name == "" {
		s.ok("mechanisms follow")
		for _, name := range s.srv.mechanismNames() {
			s.line(name)
		}
		s.end()
		return
	}
	mechanism := s.srv.mechanism(strings.ToUpper(name))
	if mechanism == nil {
		s.refuse("unknown mechanism")
		return
	}
	x := &Exchange{session: s, encoded: initial, hasInitial: hasInitial}
	user, err := mechanism(x)
	switch {
	case s.err != nil: // the connection is gone
	case errors.Is(err, ErrCanceled):
		s.refuse("as you wish")
	case err != nil && strings.HasPrefix(err.Error(), "["):
		s.refuse(err.Error())
	case err != nil:
		s.refuse("[AUTH] " + err.Error())
	default:
		s.login(user, func(string) bool { return true })
	}
}

// login opens the maildrop of a user whose password proves right.
func (s *session) login(name string, proves func(password string) bool) {
	drop := s.srv.Maildrops[name]
	if drop == nil || !proves(drop.Password) {
		s.refuse(badLogin)
		return
	}
	if drop.Refusal != "" {
		s.refuse(drop.Refusal)
		return
	}
	if refusal := s.box.open(drop, s.srv.LoginDelay); refusal != "" {
		s.refuse(refusal)
		return
	}
	s.state = transaction
	s.ok("maildrop is open")
}

// mechanismNames returns the names that SASL in CAPA lists, in order.
func (s *Server) mechanismNames() []string {
	names := []string{}
	if _, own := s.Mechanisms["PLAIN"]; !own {
		names = append(names, "PLAIN")
	}
	for name, mechanism := range s.Mechanisms {
		if mechanism != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// mechanism returns the mechanism with the given name, or nil.
func (s *Server) mechanism(name string) Mechanism {
	mechanism, own := s.Mechanisms[name]
	if !own && name == "PLAIN" {
		return plain
	}
	return mechanism
}

func same(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
