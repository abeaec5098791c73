package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// open opens a store, which is closed when the test is over.
func open(t *testing.T, dir string, format Format) *Store {
	t.Helper()
	s, err := Open(dir, format, "alice@mail.example")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// add writes a message, in two pieces.
func add(t *testing.T, s *Store, id, text string) (duplicate bool) {
	t.Helper()
	m, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{text[:len(text)/2], text[len(text)/2:]} {
		if _, err := m.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	duplicate, err = s.Add(m, id)
	if err != nil {
		t.Fatal(err)
	}
	return duplicate
}

// errs syncs and returns the errors by unique-id.
func errs(s *Store) map[string]error {
	failed := map[string]error{}
	for _, m := range s.Sync() {
		if m.Err != nil {
			failed[m.UniqueID] = m.Err
		}
	}
	return failed
}

// texts returns what readers of the store see, sorted.
func texts(t *testing.T, s *Store) []string {
	t.Helper()
	var all []string
	for _, folder := range s.folders() {
		files, err := filepath.Glob(filepath.Join(folder, "*.popgate-*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(text))
		}
	}
	slices.Sort(all)
	return all
}

func wantTexts(t *testing.T, s *Store, want ...string) {
	t.Helper()
	if got := texts(t, s); !slices.Equal(got, want) {
		t.Errorf("readers see %q, want %q", got, want)
	}
	left, _ := filepath.Glob(filepath.Join(s.dir, tmpFolder, tmpPrefix+"*"))
	if len(left) > s.Pending() {
		t.Errorf("in tmp are %q", left)
	}
}

func TestStore(t *testing.T) {
	for _, format := range []Format{Maildir, EML} {
		t.Run(string(format), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			s := open(t, dir, format)
			if add(t, s, "1", "one\r\n") || add(t, s, "2", "two\r\n") {
				t.Error("a new message is a duplicate")
			}
			wantTexts(t, s) // nothing is seen before Sync
			if s.Knows("1") || s.Pending() != 2 {
				t.Error("known before it is stored")
			}
			if failed := errs(s); len(failed) > 0 {
				t.Fatal(failed)
			}
			wantTexts(t, s, "one\r\n", "two\r\n")
			s.Close()

			s = open(t, dir, format)
			if !s.Knows("1") || !s.Knows("2") || s.Knows("3") {
				t.Error("the index does not know what is there, or knows more")
			}
			if !add(t, s, "1", "one\r\n") {
				t.Error("stored twice")
			}
			if add(t, s, "1", "another one\r\n") || add(t, s, "3", "one\r\n") {
				t.Error("another message is a duplicate")
			}
			if failed := errs(s); len(failed) > 0 {
				t.Fatal(failed)
			}
			wantTexts(t, s, "another one\r\n", "one\r\n", "one\r\n", "two\r\n")
		})
	}
}

func TestSameMessageTwiceInABatch(t *testing.T) {
	s := open(t, t.TempDir(), Maildir)
	add(t, s, "", "one\r\n")
	add(t, s, "", "one\r\n")
	stored := s.Sync()
	if len(stored) != 2 || stored[0].Err != nil || stored[1].Err != nil || stored[0].File == "" || stored[1].File != "" {
		t.Errorf("got %+v", stored)
	}
	wantTexts(t, s, "one\r\n")
}

func TestMailboxesApart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Maildir)
	add(t, s, "1", "one\r\n")
	s.Sync()
	s.Close()
	other, err := Open(dir, Maildir, "bob@mail.example")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if other.Knows("1") || add(t, other, "1", "one\r\n") {
		t.Error("another mailbox's message is known")
	}
}

func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Maildir)
	if _, err := Open(dir, Maildir, "bob@mail.example"); !errors.Is(err, ErrBusy) {
		t.Errorf("opened twice: %v", err)
	}
	s.Close()
	open(t, dir, Maildir)
}

// TestFileThatCannotBeSynced: a message that fails is not seen, and does not hold up the others.
func TestFileThatCannotBeSynced(t *testing.T) {
	s := open(t, t.TempDir(), Maildir)
	full := errors.New("disk full")
	s.syncFile = func(f *os.File) error {
		if text, _ := os.ReadFile(f.Name()); bytes.HasPrefix(text, []byte("two")) {
			return full
		}
		return f.Sync()
	}
	for _, text := range []string{"one", "two", "three"} {
		add(t, s, text, text)
	}
	if failed := errs(s); len(failed) != 1 || !errors.Is(failed["two"], full) {
		t.Errorf("failed are %v", failed)
	}
	wantTexts(t, s, "one", "three")
	if s.Knows("two") || !s.Knows("three") {
		t.Error("the index knows what is not there")
	}
	s.syncFile = (*os.File).Sync
	if add(t, s, "two", "two") || len(errs(s)) > 0 {
		t.Error("it cannot be stored later")
	}
}

func TestFileThatCannotBeRenamed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Maildir)
	add(t, s, "one", "one")
	os.Remove(filepath.Join(dir, "new"))
	if failed := errs(s); failed["one"] == nil || s.Knows("one") {
		t.Errorf("failed are %v", failed)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, indexFile)); len(text) > 0 {
		t.Errorf("the index has %q", text)
	}
}

// TestIndexThatCannotBeWritten: the message counts as not stored, and when it comes again its file is recognized.
func TestIndexThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Maildir)
	s.index.file.Close()
	add(t, s, "one", "one")
	if failed := errs(s); failed["one"] == nil || s.Knows("one") {
		t.Errorf("failed are %v", failed)
	}
	s.lock.Unlock()
	s = open(t, dir, Maildir)
	if s.Knows("one") || !add(t, s, "one", "one") || !s.Knows("one") {
		t.Error("the file that is there is not recognized")
	}
	wantTexts(t, s, "one")
}

// TestReaderMovesMessages: a mail reader renames files and moves them to cur.
func TestReaderMovesMessages(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Maildir)
	add(t, s, "one", "one")
	stored := s.Sync()
	s.Close()
	if err := os.Rename(filepath.Join(dir, "new", stored[0].File), filepath.Join(dir, "cur", stored[0].File+",S=3:2,RS")); err != nil {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(dir, indexFile))
	s = open(t, dir, Maildir)
	if !add(t, s, "one", "one") {
		t.Error("it is not recognized")
	}
}

func TestIndexOfAProcessThatDied(t *testing.T) {
	line := func(id string) string {
		sum := sha256.Sum256([]byte(id))
		return `{"mailbox":"alice@mail.example","unique_id":"` + id + `","sha256":"` + hex.EncodeToString(sum[:]) + `","octets":1}` + "\n"
	}
	whole := line("1") + line("2")
	tests := []struct {
		name, text, left string
		fail             string
	}{
		{"whole", whole, whole, ""},
		{"nothing", "", "", ""},
		{"half a line", whole + line("3")[:20], whole, ""},
		{"all but the line end", whole + strings.TrimSuffix(line("3"), "\n"), whole, ""},
		{"nulls", whole + strings.Repeat("\x00", 100), whole, ""},
		{"a line of nulls", whole + strings.Repeat("\x00", 100) + "\n", whole, ""},
		{"two lines that cannot be read", whole + "{}\n{\n" + line("3")[:20], whole, ""},
		{"a line in between", line("1") + "{\n" + line("2"), "", "line 2 is damaged"},
		{"the first line", "\n" + whole, "", "line 1 is damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, indexFile)
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(dir, EML, "alice@mail.example")
			if test.fail != "" {
				if err == nil || !strings.Contains(err.Error(), test.fail) {
					t.Errorf("got %v, want %q", err, test.fail)
				}
				if text, _ := os.ReadFile(file); string(text) != test.text {
					t.Error("the damaged index was changed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if text, _ := os.ReadFile(file); string(text) != test.left {
				t.Errorf("left is %q, want %q", text, test.left)
			}
			if got := s.Knows("2"); got != (test.left != "") || s.Knows("3") {
				t.Error("it knows what it does not have, or does not know what it has")
			}
			add(t, s, "4", "four")
			if failed := errs(s); len(failed) > 0 {
				t.Fatal(failed)
			}
			if text, _ := os.ReadFile(file); !strings.HasPrefix(string(text), test.left+`{"mailbox":"alice@mail.example","unique_id":"4",`) {
				t.Errorf("appended: %q", text)
			}
		})
	}
}

// TestIndexIsAsItWas: after a write that failed, the next one does not follow half a line.
func TestIndexIsAsItWas(t *testing.T) {
	x, err := openIndex(filepath.Join(t.TempDir(), "index"), "")
	if err != nil {
		t.Fatal(err)
	}
	m := &Message{UniqueID: "1", key: key{id: "1"}}
	if err := x.add([]*Message{m}); err != nil {
		t.Fatal(err)
	}
	good := x.file
	x.file, _ = os.Open(good.Name()) // cannot be written
	defer x.file.Close()
	if err := x.add([]*Message{{key: key{id: "2"}}}); err == nil || x.ids["2"] {
		t.Error("written to a file that cannot be")
	}
	x.file, x.err = good, nil
	defer good.Close()
	if err := x.add([]*Message{{key: key{id: "3"}}}); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(good.Name())
	if lines := strings.Count(string(text), "\n"); lines != 2 || strings.Contains(string(text), `"unique_id":"2"`) {
		t.Errorf("the index is %q", text)
	}
}

func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Maildir)
	add(t, s, "one", "one")
	s.lock.Unlock() // as a process that dies
	others := filepath.Join(dir, tmpFolder, "1700000000.1.host")
	if err := os.WriteFile(others, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Maildir)
	wantTexts(t, s)
	if _, err := os.Stat(others); err != nil {
		t.Errorf("another program's file is gone: %v", err)
	}
}
