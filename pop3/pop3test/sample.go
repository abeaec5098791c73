package pop3test

import (
	"bytes"
	"embed"
	"io/fs"
	"strings"
)

// sampleFiles are the messages of SampleMaildrop with LF as line ends, whatever
// git made of them.
//
//go:embed sample/*.eml
var sampleFiles embed.FS

// sampleLine is the length of the line that is added to the last sample, which
// nobody wants to see in an editor.
const sampleLine = 10_000 // octets

// SampleMaildrop returns a maildrop for a demonstration: a welcome, a text
// beyond ASCII, one that is all dots, one with an attachment and one with a
// line of 10,000 octets. Each call returns a maildrop of its own, with the same
// unique-ids. The caller sets Password.
func SampleMaildrop() *Maildrop {
	names, err := fs.Glob(sampleFiles, "sample/*.eml")
	if err != nil {
		panic("pop3test: " + err.Error())
	}
	messages := make([]Message, 0, len(names))
	for _, name := range names {
		data, err := sampleFiles.ReadFile(name)
		if err != nil {
			panic("pop3test: " + err.Error())
		}
		if strings.Contains(name, "longline") {
			data = append(append(data, longLine()...), '\n')
		}
		messages = append(messages, NewMessage(withCRLF(data)))
	}
	return NewMaildrop("", messages...)
}

// withCRLF returns text with its line ends, LF or CRLF, as CRLF.
func withCRLF(text []byte) []byte {
	text = bytes.ReplaceAll(text, crlf, []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\n"), crlf)
}

// longLine returns a line of sampleLine octets in words of ten.
func longLine() []byte {
	return bytes.Repeat([]byte("popgate-5 "), sampleLine/10)
}
