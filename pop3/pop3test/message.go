package pop3test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"sync"
)

// Message is one message of a maildrop.
type Message struct {
	// UniqueID is what UIDL gives: 1 to 70 octets from 0x21 to 0x7E (RFC 1939,
	// section 7). Where it is empty the maildrop makes one up, once.
	UniqueID string

	// Octets is the size that STAT and LIST give. In an honest maildrop it is
	// what RETR sends before dot-stuffing, line ends counted as two octets.
	Octets int64

	// Open returns a reader of the message before dot-stuffing. It is called
	// once for each RETR and TOP, by several sessions at once perhaps, and lets
	// a test have a message that is larger than the memory. Lines should end in
	// CRLF; what Open gives is sent as it is, but for the stuffing and for a
	// CRLF at the end of a message that has none. Where the reader is an
	// io.WriterTo it saves the server a copy. A read error closes the
	// connection in the middle of the message.
	Open func() io.Reader
}

// NewMessage returns the message with the given octets, which the caller must
// not change any more. Its unique-id is taken from their SHA-256, so equal
// messages share one, as RFC 1939 section 7 allows. Its size includes the CRLF
// that the server adds where data does not end in one.
func NewMessage(data []byte) Message {
	sum := sha256.Sum256(data)
	octets := int64(len(data))
	if octets > 0 && !bytes.HasSuffix(data, crlf) {
		octets += int64(len(crlf))
	}
	plain := sync.OnceValue(func() bool { return !needsStuffing(data) })
	return Message{
		UniqueID: uniqueID(sum),
		Octets:   octets,
		Open:     func() io.Reader { return &dataReader{bytes.NewReader(data), data, plain} },
	}
}

// dataReader reads a message of NewMessage. RETR writes data as it is where no
// line begins with a dot; plain remembers that for the next time.
type dataReader struct {
	*bytes.Reader
	data  []byte
	plain func() bool
}

// numberedID returns the unique-id of a message that has none and is the
// number-th that its maildrop ever met.
func numberedID(number int) string {
	return uniqueID(sha256.Sum256([]byte("message " + strconv.Itoa(number))))
}

func uniqueID(sum [sha256.Size]byte) string {
	return hex.EncodeToString(sum[:8])
}
