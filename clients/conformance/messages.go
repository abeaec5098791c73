package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/popgate/popgate/pop3/pop3test"
)

// messageSpec is a message: a text, or the name of one that is made.
type messageSpec struct {
	// Text is the message; its lines end in CRLF where it is so written.
	Text string `yaml:"text"`
	// Make is one of makers.
	Make string `yaml:"make"`
	// Held sends nothing behind the first 300 KiB before the driver's release.
	Held bool `yaml:"held"`
}

// message is a message of a maildrop with its hash.
type message struct {
	pop3test.Message

	sha256 string // hexadecimal
}

const (
	header    = "From: alice@example.com\r\nTo: bob@example.com\r\nSubject: conformance\r\n\r\n"
	heldAfter = 300 << 10 // octets
	largeSize = 20 << 20  // octets
	hugeSize  = 256 << 20 // octets
)

// makers make the bodies of messages that are hard to write down.
var makers = map[string]func() []byte{
	// Every octet but NUL, CR and LF, and none of it UTF-8.
	"eight-bit": func() []byte {
		var body []byte
		for range 16 {
			for octet := 255; octet > 0; octet-- {
				if octet != '\r' && octet != '\n' {
					body = append(body, byte(octet))
				}
			}
			body = append(body, "\r\n"...)
		}
		return body
	},
	"nul":         func() []byte { return []byte("\x00a\x00\x00b\r\n\x00\r\n") },
	"bare-cr-lf":  func() []byte { return []byte("a\rb\nc\n\r\nd\r\r\n\n.\ne\r.\r\n") },
	"dots":        func() []byte { return []byte(".\r\n..\r\n...\r\n.a\r\n\r\n.\r\nb.\r\n") },
	"no-line-end": func() []byte { return []byte("the last line has no end") },
	"long-line":   func() []byte { return append(bytes.Repeat([]byte("popgate "), 20_000), "\r\n"...) },
	"large":       func() []byte { return lines(largeSize) },
	"half-a-mib":  func() []byte { return lines(512 << 10) },
}

// lines returns so many octets in lines of 76, always the same ones.
func lines(size int) []byte {
	random := rand.New(rand.NewPCG(19, 39)) //nolint:gosec // the same each time
	body := make([]byte, size)
	for i := range body {
		switch i % 78 {
		case 76:
			body[i] = '\r'
		case 77:
			body[i] = '\n'
		default:
			body[i] = '!' + byte(random.UintN(90)) //nolint:gosec // less than 123
		}
	}
	copy(body[size-2:], "\r\n")
	return body
}

// make makes the message with a number. released lets a held one go on.
func (spec *messageSpec) make(number int, released <-chan struct{}) (*message, error) {
	if spec.Make == "huge" {
		return huge(), nil
	}
	data := []byte(spec.Text)
	if spec.Make != "" {
		maker := makers[spec.Make]
		if maker == nil {
			return nil, fmt.Errorf("there is no message %q", spec.Make)
		}
		data = append(fmt.Appendf(nil, "X-Number: %d\r\n%s", number, header), maker()...)
	}
	made := pop3test.NewMessage(data)
	if !bytes.HasSuffix(data, []byte("\r\n")) {
		data = append(data, "\r\n"...) // the server adds it
	}
	sum := sha256.Sum256(data)
	if spec.Held {
		made.Open = func() io.Reader {
			rest := &heldReader{bytes.NewReader(data[heldAfter:]), released}
			return io.MultiReader(bytes.NewReader(data[:heldAfter]), rest)
		}
	}
	return &message{made, hex.EncodeToString(sum[:])}, nil
}

// huge is a message of 256 MiB, which is not in memory.
func huge() *message {
	block := lines(78 << 10)
	open := func() io.Reader { return &repeated{block: block, left: hugeSize - 2} }
	sum := sha256.New()
	_, _ = io.Copy(sum, open()) // neither fails
	sum.Write([]byte("\r\n"))   // the server adds it
	made := pop3test.Message{UniqueID: "huge", Octets: hugeSize, Open: open}
	return &message{made, hex.EncodeToString(sum.Sum(nil))}
}

// repeated reads a block again and again.
type repeated struct {
	block []byte
	at    int
	left  int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.left)], r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	r.left -= n
	return n, nil
}

// heldReader waits before it gives anything.
type heldReader struct {
	io.Reader

	released <-chan struct{}
}

func (r *heldReader) Read(p []byte) (int, error) {
	<-r.released
	return r.Reader.Read(p)
}
