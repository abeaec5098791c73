package pop3test

import "strconv"

// Login is one login to a maildrop, of which the client knows nothing yet.
// [Maildrop.OnLogin] changes what the session sees; as it comes, it is honest.
type Login struct {
	// Number counts the maildrop's logins, from 1. A login that was refused
	// before, for a wrong password or with [IN-USE], is none.
	Number int

	// Messages are what the session sees: a copy, of which OnLogin may change
	// every element and cut off the end. QUIT removes by position. A unique-id
	// may be blank here.
	Messages []Message

	// Refusal, where not empty, is the text after "-ERR " of a login that
	// fails after all, such as "[IN-USE] another session has the maildrop".
	Refusal string
}

// ListOldest returns a [Maildrop.OnLogin] that shows a session no more than the
// first n messages; Gmail shows about 250. What a QUIT removes makes room.
func ListOldest(n int) func(*Login) {
	return func(l *Login) { l.Messages = l.Messages[:min(n, len(l.Messages))] }
}

// RenameAtLogin is a [Maildrop.OnLogin] that gives every message another
// unique-id each time, against RFC 1939, section 7.
func RenameAtLogin(l *Login) {
	for i := range l.Messages {
		l.Messages[i].UniqueID += "-" + strconv.Itoa(l.Number)
	}
}
