package pop3test

import (
	"bytes"
	"io"
	"slices"
	"testing"
)

// TestUniqueIDs checks that names come from the content, or else are made up
// once and never again.
func TestUniqueIDs(t *testing.T) {
	same := NewMessage([]byte("same"))
	if again := NewMessage([]byte("same")); again.UniqueID != same.UniqueID || len(again.UniqueID) != 16 {
		t.Errorf("%q and %q", same.UniqueID, again.UniqueID)
	}
	drop := &Maildrop{Messages: []Message{{}, same, {}}}
	ids := drop.UniqueIDs()
	drop.commit([]bool{true})
	drop.Add(Message{})
	later := drop.UniqueIDs()
	if !slices.Equal(later[:2], ids[1:]) || slices.Contains(ids, later[2]) {
		t.Errorf("%q became %q", ids, later)
	}
}

// TestOctets checks that a size includes the CRLF that the server adds.
func TestOctets(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "a": 3, "a\r\n": 3, "a\n": 4} {
		if got := NewMessage([]byte(text)).Octets; got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestSampleMaildrop checks what the samples are for.
func TestSampleMaildrop(t *testing.T) {
	drop := SampleMaildrop()
	if n := len(drop.Messages); n != 5 {
		t.Fatalf("%d messages", n)
	}
	var all []byte
	for i, message := range drop.Messages {
		data, err := io.ReadAll(message.Open())
		if err != nil || int64(len(data)) != message.Octets {
			t.Errorf("%d: %d octets, want %d (%v)", i+1, len(data), message.Octets, err)
		}
		if bytes.Count(data, []byte("\n")) != bytes.Count(data, crlf) || !bytes.HasSuffix(data, crlf) {
			t.Errorf("%d: line ends", i+1)
		}
		all = append(all, data...)
	}
	for _, want := range []string{"Größeres", "\r\n.\r\n", "\r\n....\r\n", "multipart/mixed", string(longLine())} {
		if !bytes.Contains(all, []byte(want)) {
			t.Errorf("no %.20q", want)
		}
	}
	if !slices.Equal(drop.UniqueIDs(), SampleMaildrop().UniqueIDs()) {
		t.Error("unique-ids change")
	}
}
