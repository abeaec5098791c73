package pop3test

import (
	"slices"
	"strconv"
	"time"
)

// box is a maildrop as one session sees it: the messages of the moment of login
// and the marks of DELE (RFC 1939, section 5).
type box struct {
	drop      *Maildrop // nil before login
	login     int       // which of the maildrop's logins
	messages  []Message // number 1 first
	marked    []bool    // nil while nothing is marked
	retrieved []bool    // kept for OnQuit alone
	count     int64     // messages without a mark
	octets    int64     // and their size
}

// open takes the maildrop. Where it does not get it, it says why.
func (b *box) open(drop *Maildrop, delay time.Duration) (refusal string) {
	login, refusal := drop.acquire(delay)
	if refusal != "" {
		return refusal
	}
	if drop.OnLogin != nil {
		login.Messages = slices.Clone(login.Messages)
		drop.OnLogin(&login)
	}
	if login.Refusal != "" {
		drop.release(0)
		return login.Refusal
	}
	b.drop, b.login, b.messages = drop, login.Number, login.Messages
	if drop.OnQuit != nil {
		b.retrieved = make([]bool, len(b.messages))
	}
	b.reset()
	return ""
}

// close gives the maildrop back, unchanged: QUIT did not come.
func (b *box) close() {
	if b.drop != nil {
		b.drop.release(b.drop.Linger)
		b.drop = nil
	}
}

// reset takes all marks off.
func (b *box) reset() {
	b.marked = nil
	b.count, b.octets = int64(len(b.messages)), 0
	for i := range b.messages {
		b.octets += b.messages[i].Octets
	}
}

// mark marks the message with the given index.
func (b *box) mark(i int) {
	if b.marked == nil {
		b.marked = make([]bool, len(b.messages))
	}
	b.marked[i] = true
	b.count--
	b.octets -= b.messages[i].Octets
}

// gone reports whether the message with the given index is marked.
func (b *box) gone(i int) bool { return b.marked != nil && b.marked[i] }

// find returns the index of the message that a command's argument names, or
// what is wrong with it.
func (b *box) find(arg string) (index int, complaint string) {
	number, err := strconv.ParseUint(arg, 10, 32)
	switch {
	case err != nil:
		return 0, "which message?"
	case number == 0 || number > uint64(len(b.messages)):
		return 0, "no such message"
	case b.gone(int(number) - 1):
		return 0, "message " + arg + " is deleted"
	}
	return int(number) - 1, ""
}
