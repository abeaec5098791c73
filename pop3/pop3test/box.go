package pop3test

import "strconv"

// box is a maildrop as one session sees it: the messages of the moment of login
// and the marks of DELE (RFC 1939, section 5).
type box struct {
	drop     *Maildrop // nil before login
	messages []Message // number 1 first
	marked   []bool    // nil while nothing is marked
	count    int64     // messages without a mark
	octets   int64     // and their size
}

// open takes the maildrop. It reports false where another session has it.
func (b *box) open(drop *Maildrop) bool {
	messages, ok := drop.acquire()
	if !ok {
		return false
	}
	b.drop, b.messages = drop, messages
	b.reset()
	return true
}

// close gives the maildrop back, unchanged unless commit came before.
func (b *box) close() {
	if b.drop != nil {
		b.drop.release()
		b.drop = nil
	}
}

// commit removes the marked messages.
func (b *box) commit() {
	if b.marked != nil {
		b.drop.commit(b.marked)
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
