package seed

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Sizes of the messages that are made of numbered lines.
const (
	longLine    = 10_000
	mediumBytes = 1_500_000
	largeBytes  = 20 << 20
)

// dotLines are lines that dot-stuffing (RFC 1939 section 3) must carry, and
// neighbours that look like the end of the message on the wire. Some end in
// CRLF in the file itself.
const dotLines = ".\n..\n...\n.x\n. \n\n.\n\n.\r\n..\r\n\r\n.\r\n.\n.\n-\n"

// controlLines hold every control character but NUL and LF, and a CR that
// ends no line.
const controlLines = "lone CR:\rsame line\n" +
	"two CRs:\r\r\n" +
	"\x01\x02\x03\x04\x05\x06\x07\x08\t\x0b\x0c\x0e\x0f\n" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f\n" +
	"trailing blanks \t \n\n\n"

func makeMessages() []Message {
	var b builder
	b.add("plain", "", "\nGood morning,\n\nnothing is odd about this message.\n")
	b.add("dots", "", "\n"+dotLines)
	b.add("long-line", "", "\n"+letters(longLine)+"\n."+letters(longLine)+"\nshort\n")
	b.add("medium", "", "\n"+numberedLines(mediumBytes))
	b.add("large", "", "\n"+numberedLines(largeBytes))
	b.add("utf-8", "X-Greeting: Grüße, żółw, 日本語\nContent-Type: text/plain; charset=utf-8\n",
		"\nGrüße, żółw, 日本語, 🙂\n")
	b.add("not-utf-8", "X-Latin1: caf\xe9\n", "\n"+highOctets())
	b.add("empty-body", "", "\n")
	b.add("header-only", "", "")
	b.add("no-final-newline", "", "\nfirst line\nlast line")
	b.add("final-dot", "", "\nthe last line is a dot without an end\n.")
	b.add("final-cr", "", "\nthe last octet is a CR\r")
	b.add("from-lines", "Status: RO\nX-UIDL: abc\n", "\nFrom here on\n>From quoted\n\nFrom a@b Mon Jan  1\n")
	b.add("controls", "", "\n"+controlLines)
	return b.messages
}

type builder struct{ messages []Message }

// add appends a message with the usual header fields. The body begins with
// the blank line, so that a message can go without one.
func (b *builder) add(name, fields, body string) {
	n := len(b.messages) + 1
	var file strings.Builder
	fmt.Fprintf(&file, "From: Sender <sender@example.test>\nTo: reader@example.test\n")
	fmt.Fprintf(&file, "Subject: %s\nDate: Mon, 01 Jan 2024 00:00:%02d +0000\n", name, n)
	fmt.Fprintf(&file, "Message-ID: <seed-%d@example.test>\n", n)
	file.WriteString(fields)
	file.WriteString(body)
	b.messages = append(b.messages, Message{Name: name, Stored: []byte(file.String())})
}

// numberedLines returns at least size octets of lines of many lengths. The
// numbers make a piece that is lost, doubled or moved show up in the digest,
// and each ninth line begins with a dot, so that dots come to lie on the
// edges of buffers.
func numberedLines(size int) string {
	pool := letters(1 << 10)
	var out bytes.Buffer
	out.Grow(size + len(pool))
	for n := 0; out.Len() < size; n++ {
		if n%9 == 0 {
			out.WriteByte('.')
		}
		fmt.Fprintf(&out, "%07d %s\n", n, pool[:n*37%251])
	}
	return out.String()
}

// letters returns n octets that look random and are the same each time.
func letters(n int) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-."
	source := rand.New(rand.NewPCG(1939, 2449))
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[source.IntN(len(alphabet))]
	}
	return string(out)
}

// highOctets returns lines with every octet from 0x80 to 0xFF, which is not
// valid UTF-8 anywhere.
func highOctets() string {
	var out strings.Builder
	for c := 0x80; c <= 0xff; c++ {
		out.WriteByte(byte(c))
		if c%16 == 15 {
			out.WriteByte('\n')
		}
	}
	return out.String()
}
