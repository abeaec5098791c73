package lostmail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/popgate/popgate/pop3/pop3test"
)

// contentOf is the message with a serial number of a mailbox: no two are the
// same, and some lines begin with full stops.
func contentOf(seed uint64, mailbox, serial, octets int) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(mailbox)<<32|uint64(serial)))
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: test@example.test\r\nSubject: %d of %d\r\n\r\n", serial, mailbox)
	for b.Len() < octets {
		b.WriteString(strings.Repeat(".", max(r.IntN(8)-5, 0)))
		for range 1 + r.IntN(4) {
			fmt.Fprintf(&b, "%016x", r.Uint64())
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

// known is what is known of a message that has arrived.
type known struct {
	sha    string
	octets int64
}

func knownOf(content []byte) known {
	sum := sha256.Sum256(content)
	return known{hex.EncodeToString(sum[:]), int64(len(content))}
}

// A maildrop knows its messages by serial number. What a session sees as
// unique-ids is another thing.
func messageOf(content []byte, serial int) pop3test.Message {
	m := pop3test.NewMessage(content)
	m.UniqueID = nameOf(serial)
	return m
}

// nameOf is the unique-id that the maildrop knows a message by.
func nameOf(serial int) string { return "id-" + strconv.Itoa(serial) }

// serialOf returns the serial number behind a unique-id of the maildrop.
func serialOf(m *pop3test.Message) int {
	serial, err := strconv.Atoi(strings.TrimPrefix(m.UniqueID, "id-"))
	if err != nil {
		panic(err)
	}
	return serial
}
