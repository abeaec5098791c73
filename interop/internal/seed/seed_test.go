package seed_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/popgate/popgate/interop/internal/seed"
)

// TestMessagesAreFixed fails when the generator gives other octets than it
// used to, for example after a change of the random source.
func TestMessagesAreFixed(t *testing.T) {
	const want = "70955ed69f1b857da1f4d20b5faaa37c47fd537bbdeb3dcbeb1dd905197c31a5"
	sum := sha256.New()
	for _, m := range seed.Messages() {
		sum.Write(m.Stored)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("digest of all stored messages is %s, want %s", got, want)
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range seed.Messages() {
		if seen[m.Name] {
			t.Errorf("two messages are named %q", m.Name)
		}
		seen[m.Name] = true
	}
}

func TestWire(t *testing.T) {
	tests := []struct{ stored, wire string }{
		{"a\nb\n", "a\r\nb\r\n"},
		{"a\r\nb\n", "a\r\nb\r\n"},
		{"a\nb", "a\r\nb\r\n"},
		{"a\rb\r\r\n", "a\rb\r\r\n"},
		{"\n\n", "\r\n\r\n"},
		{"a\r", "a\r\r\n"},
		{".\n.", ".\r\n.\r\n"},
	}
	for _, test := range tests {
		got := seed.Message{Stored: []byte(test.stored)}.Wire()
		if string(got) != test.wire {
			t.Errorf("Wire of %q is %q, want %q", test.stored, got, test.wire)
		}
	}
}

func TestExpect(t *testing.T) {
	got := seed.Expect([]seed.Message{{Name: "one", Stored: []byte("a\nb")}})
	want := seed.Expected{
		Number: 1, Name: "one", Listed: 4, Octets: 6,
		SHA256: "58055bdcc73787eb88c78d36f0b4939e9c5dc1c3ad17e25cc85a6833cf1a0cab",
	}
	if len(got) != 1 || got[0] != want {
		t.Errorf("Expect gives %+v, want %+v", got, want)
	}
}

func TestMaildir(t *testing.T) {
	dir := t.TempDir()
	messages := []seed.Message{{Stored: []byte("first")}, {Stored: []byte("second")}}
	first, second := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := seed.WriteMaildir(first, messages); err != nil {
		t.Fatal(err)
	}
	if err := seed.LinkMaildir(second, first, messages); err != nil {
		t.Fatal(err)
	}
	for _, maildir := range []string{first, second} {
		files, err := filepath.Glob(filepath.Join(maildir, "new", "*"))
		if err != nil || len(files) != len(messages) {
			t.Fatalf("%d files in new, error %v", len(files), err)
		}
		for i, file := range files {
			if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, messages[i].Stored) {
				t.Errorf("message %d is %q, error %v", i+1, got, err)
			}
		}
	}
}
