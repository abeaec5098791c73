package lostmail

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/popgate/popgate/pop3/pop3test"
)

// oldest is how many messages a server of the kind gmail lists.
const oldest = 20

// update is a QUIT in TRANSACTION, as it was carried out.
type update struct {
	time      int64 // Unix, nanoseconds, before it
	session   int   // whose credentials had logged in
	retrieved []int // serial numbers
	removed   []int
}

// login is what one login has seen.
type login struct {
	session int
	serials []int // by position
	turned  int   // by so many positions the list is rotated
}

// server is a POP3 server with one mailbox.
type server struct {
	*pop3test.Server

	plan    *mailboxPlan
	seed    uint64
	drop    *pop3test.Maildrop
	gateway *gateway

	mu       sync.Mutex
	session  *sessionPlan
	conns    int            // of the session
	logins   int            // of the session
	quits    int            // of the session
	refused  map[string]int // commands of the session, by verb
	token    int            // the session of the credentials that came last
	open     int            // connections
	over     int            // the last session that has ended
	stray    bool           // a login of such a session has come since
	shown    map[name]int   // serial numbers, or several
	seen     map[int]login  // by the maildrop's number of the login
	coming   []int          // octets of the messages that are yet to arrive
	arrived  []known        // by serial number
	truth    []update
	fired    map[string]int  // faults that have happened
	happened map[string]bool // in this session
}

// name is a unique-id in a session.
type name struct {
	session  int
	uniqueID string
}

// several stands for the serial numbers of messages that had one name.
const several = -1

// newServer starts a server on an address of loopback.
func newServer(address string, seed uint64, p *mailboxPlan, g *gateway) (*server, error) {
	s := &server{
		plan: p, seed: seed, gateway: g, drop: pop3test.NewMaildrop("unused"),
		session: &sessionPlan{}, seen: map[int]login{}, shown: map[name]int{}, fired: map[string]int{},
	}
	s.drop.OnLogin, s.drop.OnQuit = s.onLogin, s.onQuit
	listener, err := listen(address)
	if err != nil {
		return nil, err
	}
	s.Server = &pop3test.Server{
		Listener: watchedListener{listener, s}, Maildrops: map[string]*pop3test.Maildrop{p.user(): s.drop}, DiscardCommands: true,
		Mechanisms: map[string]pop3test.Mechanism{"PLAIN": nil, "XOAUTH2": pop3test.XOAUTH2(s.accepts)}, Intercept: s.intercept,
	}
	switch p.Kind {
	case expire0:
		s.MoreCapabilities = []string{"EXPIRE 0"}
	case noUIDL:
		s.Capabilities = []string{"TOP", "PIPELINING", "SASL XOAUTH2"}
	}
	s.Start()
	return s, nil
}

// begin begins a session: half of its messages arrive, and its faults lie in
// wait. The others arrive one by one at its QUITs, or at its end.
func (s *server) begin(p *sessionPlan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session, s.conns, s.logins, s.quits, s.refused, s.happened = p, 0, 0, 0, map[string]int{}, map[string]bool{}
	s.coming = p.Arrive
	s.arriveLocked(len(s.coming) / 2)
}

// arriveLocked has so many messages arrive, or what there is.
func (s *server) arriveLocked(n int) {
	n = min(n, len(s.coming))
	for _, octets := range s.coming[:n] {
		serial := len(s.arrived)
		content := contentOf(s.seed, s.plan.Number, serial, octets)
		s.arrived = append(s.arrived, knownOf(content))
		s.drop.Add(messageOf(content, serial))
	}
	s.coming = s.coming[n:]
}

// finish ends a session, when there is no connection any more. A gateway that
// has not seen yet that the caller is gone may make another one even so.
func (s *server) finish() error {
	s.mu.Lock()
	s.over = s.session.Number
	s.mu.Unlock()
	for deadline := time.Now().Add(time.Minute); s.connected(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("box%d: a session has not left the maildrop", s.plan.Number)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arriveLocked(len(s.coming))
	return nil
}

// connected reports whether a session has a connection.
func (s *server) connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open > 0
}

// strayed reports whether a session that was over has logged in since the
// last time it was asked.
func (s *server) strayed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	stray := s.stray
	s.stray = false
	return stray
}

// count counts a fault that has happened, once a session.
func (s *server) count(kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countLocked(kind)
}

func (s *server) countLocked(kind string) {
	if !s.happened[kind] {
		s.happened[kind] = true
		s.fired[kind]++
	}
}

// faultLocked returns a fault of the session, if it is to happen, and counts it.
func (s *server) faultLocked(happens func(f fault) bool) (fault, bool) {
	for _, f := range s.session.Faults {
		if happens(f) {
			s.countLocked(f.Kind)
			return f, true
		}
	}
	return fault{}, false
}

// accepts says whether a token opens the mailbox.
func (s *server) accepts(user, token string) bool {
	session, generation, err := parseToken(token)
	if err != nil || user != s.plan.user() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = session
	s.stray = s.stray || session <= s.over
	_, bad := s.faultLocked(func(f fault) bool { return f.Kind == expired && s.logins+1 >= f.Login && generation < 2 })
	return !bad
}

// onLogin decides what a session sees.
func (s *server) onLogin(l *pop3test.Login) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins++
	for _, f := range s.session.Faults {
		switch {
		case f.Kind == inUse && s.logins >= f.Login && s.logins < f.Login+f.Count:
			l.Refusal = "[IN-USE] another session has the maildrop"
		case f.Kind == temporary && s.logins == f.Login:
			l.Refusal = "[SYS/TEMP] later"
		default:
			continue
		}
		s.countLocked(f.Kind)
		return
	}
	if s.plan.Kind == gmail {
		l.Messages = l.Messages[:min(oldest, len(l.Messages))]
	}
	in := login{session: s.token}
	if _, turn := s.faultLocked(func(f fault) bool { return f.Kind == renumbered && s.logins >= f.Login }); turn && len(l.Messages) > 0 {
		in.turned = s.logins % len(l.Messages)
		l.Messages = slices.Concat(l.Messages[in.turned:], l.Messages[:in.turned])
	}
	for i := range l.Messages {
		in.serials = append(in.serials, serialOf(&l.Messages[i]))
	}
	s.seen[l.Number] = in
	for i := range l.Messages {
		l.Messages[i].UniqueID = s.nameLocked(in.serials[i])
		shown := name{in.session, l.Messages[i].UniqueID}
		if other, again := s.shown[shown]; again && other != in.serials[i] {
			s.shown[shown] = several
		} else {
			s.shown[shown] = in.serials[i]
		}
	}
}

// nameLocked is the unique-id by which the session knows a message.
func (s *server) nameLocked(serial int) string {
	name, twin := nameOf(serial), nameOf(max(serial-1, 0))
	if s.plan.Kind == twins && serial%5 == 4 {
		name = twin
	}
	f, odd := s.faultLocked(func(f fault) bool { return f.Kind == duplicateIDs || f.Kind == blankIDs || f.Kind == changingIDs })
	switch {
	case !odd:
	case f.Kind == duplicateIDs && serial%3 == 1:
		name = twin
	case f.Kind == blankIDs && serial%3 == 1:
		name = ""
	case f.Kind == changingIDs && s.logins >= f.Login:
		name += "-" + strconv.Itoa(s.logins)
	}
	return name
}

// onQuit decides what a QUIT does, and writes it down.
func (s *server) onQuit(u *pop3test.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quits++
	if s.plan.Kind == gmail || s.plan.Kind == expire0 {
		pop3test.RemoveRetrieved(u)
	}
	f, _ := s.faultLocked(func(f fault) bool {
		return f.Login == s.quits && strings.Contains(f.Kind, "QUIT")
	})
	switch f.Kind {
	case quitLost:
		u.NoReply = true
	case quitDropped:
		u.NoReply, u.Remove = true, nil
	case quitAll:
		u.Reply = "-ERR some deleted messages not removed"
	case quitSome:
		u.Reply = "-ERR some deleted messages not removed"
		for i := range u.Remove {
			u.Remove[i] = u.Remove[i] && i%2 == 0
		}
	case quitNone:
		u.Reply, u.Remove = "-ERR some deleted messages not removed", nil
	}
	s.arriveLocked(1)
	in := s.seen[u.Login]
	s.truth = append(s.truth, update{
		time: time.Now().UnixNano(), session: in.session, retrieved: in.which(u.Retrieved), removed: in.which(u.Remove),
	})
	if n := len(u.Remove); n > 0 { // the maildrop goes by its own positions
		u.Remove = slices.Concat(u.Remove[n-in.turned:], u.Remove[:n-in.turned])
	}
}

// which returns the serial numbers of the messages that are set.
func (l *login) which(set []bool) (serials []int) {
	for i, yes := range set {
		if yes {
			serials = append(serials, l.serials[i])
		}
	}
	return serials
}

// intercept refuses commands.
func (s *server) intercept(line string) (reply string, ok bool) {
	verb, _, _ := strings.Cut(line, " ")
	if s.plan.Kind == noUIDL && verb == "UIDL" {
		return "-ERR unknown command\r\n", true
	}
	if verb != "RETR" && verb != "DELE" {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[verb]++
	_, refuse := s.faultLocked(func(f fault) bool {
		return f.Count == s.refused[verb] && (f.Kind == refusedRETR && verb == "RETR" || f.Kind == refusedDELE && verb == "DELE")
	})
	if refuse {
		return "-ERR not this one\r\n", true
	}
	return "", false
}
