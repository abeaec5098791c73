package pop3test

import (
	"slices"
	"sync"
	"time"
)

// Maildrop is the mail of one user. One session at a time has it: the next
// login is refused with [IN-USE] (RFC 2449, section 8.1.2). The exported fields
// are set before the server starts; the methods are safe at any time.
type Maildrop struct {
	// Password is what PASS, APOP and AUTH PLAIN are compared with.
	Password string

	// Messages are the messages in the order of their numbers. A QUIT that
	// removes some replaces the slice; read it with Snapshot while the server
	// runs.
	Messages []Message

	// Refusal, where not empty, is the text after "-ERR " that a login with the
	// right password gets, such as "[LOGIN-DELAY] try again in a minute".
	Refusal string

	// OnLogin, where not nil, decides what a session sees: see [Login].
	// [ListOldest] and [RenameAtLogin] are examples.
	OnLogin func(*Login)

	// OnQuit, where not nil, decides what a QUIT in TRANSACTION does: see
	// [Update]. [RemoveRetrieved] is an example.
	OnQuit func(*Update)

	// Linger is how long the maildrop stays in use after a connection that
	// ended without QUIT, as with a server that has not noticed. The time is
	// that of the bubble where testing/synctest has one.
	Linger time.Duration

	mu     sync.Mutex
	held   bool      // a session has the maildrop
	logins int       // so far
	last   time.Time // of the last login
	freeAt time.Time // the end of Linger
	named  int       // messages that numberedID has named
}

// NewMaildrop returns a maildrop with the given password and messages. A
// message without a unique-id gets one that depends on its position only.
func NewMaildrop(password string, messages ...Message) *Maildrop {
	m := &Maildrop{Password: password, Messages: slices.Clone(messages)}
	m.nameLocked()
	return m
}

// Add delivers messages, as mail arrives in real life: a session that is open
// does not see them, the next one does (RFC 1939, section 8).
func (m *Maildrop) Add(messages ...Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Messages = append(slices.Clip(m.Messages), messages...)
	m.nameLocked()
}

// Snapshot returns a copy of the messages that are there now. Marks of a
// session that has not said QUIT yet change nothing.
func (m *Maildrop) Snapshot() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nameLocked()
	return slices.Clone(m.Messages)
}

// UniqueIDs returns the unique-ids of the messages that are there now, in the
// order of their numbers.
func (m *Maildrop) UniqueIDs() []string {
	messages := m.Snapshot()
	ids := make([]string, len(messages))
	for i := range messages {
		ids[i] = messages[i].UniqueID
	}
	return ids
}

// InUse reports whether a session has the maildrop, or had it and Linger is not
// over: whether a login would be refused with [IN-USE].
func (m *Maildrop) InUse() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.inUseLocked()
}

func (m *Maildrop) inUseLocked() bool { return m.held || time.Now().Before(m.freeAt) }

// nameLocked gives a unique-id to every message that has none. It replaces the
// slice rather than writing to it, since a session may be reading it.
func (m *Maildrop) nameLocked() {
	copied := false
	for i := range m.Messages {
		if m.Messages[i].UniqueID != "" {
			continue
		}
		if !copied {
			m.Messages = slices.Clone(m.Messages)
			copied = true
		}
		m.named++
		m.Messages[i].UniqueID = numberedID(m.named)
	}
}

// acquire takes the maildrop for one session and returns its messages, which
// nobody changes any more. Where it must not be taken, refusal says why.
func (m *Maildrop) acquire(delay time.Duration) (login Login, refusal string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.inUseLocked():
		return Login{}, inUse
	case m.logins > 0 && time.Since(m.last) < delay:
		return Login{}, tooSoon
	}
	m.held = true
	m.logins++
	m.last = time.Now()
	m.nameLocked()
	return Login{Number: m.logins, Messages: slices.Clip(m.Messages)}, ""
}

// release gives the maildrop back, after so much time.
func (m *Maildrop) release(linger time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = false
	m.freeAt = time.Now().Add(linger)
}

// commit removes messages: the UPDATE state. Only the session that has the
// maildrop calls it, so remove is right about the messages that were there at
// its login; those added since stay.
func (m *Maildrop) commit(remove []bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := make([]Message, 0, len(m.Messages))
	for i, message := range m.Messages {
		if i >= len(remove) || !remove[i] {
			kept = append(kept, message)
		}
	}
	m.Messages = kept
}
