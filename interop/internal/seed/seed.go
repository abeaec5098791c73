// Package seed makes the messages that real POP3 servers are filled with
// before the gateway is tested against them.
//
// The messages are the same octets on every run and every machine, so that a
// test computes what it must receive without asking the server under test.
package seed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"sync"
)

// A Message is one seeded message.
type Message struct {
	// Name says what is odd about the message.
	Name string
	// Stored is the file as it is put into the maildir. Its lines mostly end
	// in a bare LF, as a mail store on Unix has them.
	Stored []byte
}

// Expected is what a client sees of a message. It is stored as JSON beside
// the maildir for tests that do not link this package.
type Expected struct {
	// Number is the message number of RFC 1939, counted from 1.
	Number int    `json:"number"`
	Name   string `json:"name"`
	// Listed is the size that LIST gives. It lacks the two octets of the
	// final CRLF that RETR adds to a message without one.
	Listed int `json:"listed"`
	// Octets is the length of the message that RETR gives, with dot-stuffing
	// undone and without the line with the final dot.
	Octets int `json:"octets"`
	// SHA256 is the hexadecimal digest of those octets.
	SHA256 string `json:"sha256"`
}

// Messages returns the seeded messages in the order of their numbers. The
// result is shared and must not be changed.
func Messages() []Message { return all() }

var all = sync.OnceValue(makeMessages)

// Wire returns the message as a client receives it from a server that keeps
// the stored octets: every line ends in CRLF, the last one too.
func (m Message) Wire() []byte {
	wire := crlf(m.Stored)
	if !bytes.HasSuffix(wire, []byte("\n")) {
		wire = append(wire, "\r\n"...)
	}
	return wire
}

// Expect describes the messages as a client sees them.
func Expect(messages []Message) []Expected {
	expected := make([]Expected, 0, len(messages))
	for i, m := range messages {
		wire := m.Wire()
		sum := sha256.Sum256(wire)
		expected = append(expected, Expected{
			Number: i + 1,
			Name:   m.Name,
			Listed: len(crlf(m.Stored)),
			Octets: len(wire),
			SHA256: hex.EncodeToString(sum[:]),
		})
	}
	return expected
}

// crlf puts a CR before each LF that has none. A CR that is not followed by
// LF stays as it is.
func crlf(stored []byte) []byte {
	wire := make([]byte, 0, len(stored)+bytes.Count(stored, []byte("\n"))+2)
	for i, c := range stored {
		if c == '\n' && (i == 0 || stored[i-1] != '\r') {
			wire = append(wire, '\r')
		}
		wire = append(wire, c)
	}
	return wire
}
