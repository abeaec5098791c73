package servers_test

import (
	"bytes"
	"regexp"

	"github.com/popgate/popgate/interop/internal/seed"
)

// A rewriting is what a server sends of a seeded message, nil where that is
// its own affair.
type rewriting func(m seed.Message) []byte

// asSeeded is every octet, each line ended by CRLF.
func asSeeded(m seed.Message) []byte { return m.Wire() }

// withEveryCR has a CR before each LF, also where one stands already, and the
// last line ended.
func withEveryCR(m seed.Message) []byte { return everyCR(m.Stored) }

func everyCR(stored []byte) []byte {
	stored = bytes.TrimSuffix(stored, []byte("\n"))
	return append(bytes.ReplaceAll(stored, []byte("\n"), []byte("\r\n")), "\r\n"...)
}

// ifASCII is a rewriting for messages without octets above 127 alone.
func ifASCII(rewritten rewriting) rewriting {
	return func(m seed.Message) []byte {
		if bytes.ContainsFunc(m.Stored, func(r rune) bool { return r > 127 }) {
			return nil
		}
		return rewritten(m)
	}
}

// boundary is one of Courier's own, made of its process and the time.
var boundary = regexp.MustCompile(`=_\d+-\d+`)

func withoutBoundaries(message []byte) []byte { return boundary.ReplaceAll(message, []byte("=_")) }

// withBlank has a blank line behind the message, where that has ended its last
// line.
func withBlank(m seed.Message) []byte {
	wire := withEveryCR(m)
	if bytes.HasSuffix(m.Stored, []byte("\n")) {
		wire = append(wire, "\r\n"...)
	}
	return wire
}

// fromMbox is the message as an mbox holds it.
func fromMbox(m seed.Message) []byte { return everyCR(m.InMbox()) }

// fromMboxAndBlank has the blank line behind it that ends a message of an mbox.
func fromMboxAndBlank(m seed.Message) []byte { return append(fromMbox(m), "\r\n"...) }

// unquoted is what an mbox holds with ">From " read as it was before. Where
// there is no body, the blank line that ends the message of an mbox is one.
func unquoted(m seed.Message) []byte {
	wire := everyCR(quoted.ReplaceAll(m.InMbox(), []byte("$1")))
	if bytes.HasSuffix(m.InMbox(), []byte("\n\n")) && !bytes.Contains(bytes.TrimSpace(m.Stored), []byte("\n\n")) {
		wire = append(wire, "\r\n"...)
	}
	return wire
}

// quoted is a line that an mbox keeps from being a separator.
var quoted = regexp.MustCompile(`(?m)^>(>*From )`)

// mailutilsFields are the header fields that Mailutils keeps its state in.
var mailutilsFields = regexp.MustCompile(`(?m)^(X-UID|Status|X-UIDL|X-IMAPbase): .*\r\n`)

func withoutMailutilsFields(message []byte) []byte {
	header, body, found := bytes.Cut(message, []byte("\r\n\r\n"))
	if !found {
		return message
	}
	header = mailutilsFields.ReplaceAll(append(bytes.Clone(header), "\r\n"...), nil)
	return append(append(header, "\r\n"...), body...)
}
