package pop3test

import (
	"slices"
	"sync"
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

	mu    sync.Mutex
	held  bool // a session has the maildrop
	named int  // messages that numberedID has named
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

// InUse reports whether a session has the maildrop.
func (m *Maildrop) InUse() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held
}

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
// nobody changes any more. It reports false where another session has it.
func (m *Maildrop) acquire() ([]Message, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held {
		return nil, false
	}
	m.held = true
	m.nameLocked()
	return slices.Clip(m.Messages), true
}

func (m *Maildrop) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = false
}

// commit removes the marked messages: the UPDATE state. Only the session that
// has the maildrop calls it, so marked is right about the messages that were
// there at its login; those added since stay.
func (m *Maildrop) commit(marked []bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := make([]Message, 0, len(m.Messages))
	for i, message := range m.Messages {
		if i >= len(marked) || !marked[i] {
			kept = append(kept, message)
		}
	}
	m.Messages = kept
}
