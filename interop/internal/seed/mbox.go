package seed

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// fromLine is a line that would begin a message of an mbox, or is already one
// that was kept from it.
var fromLine = regexp.MustCompile(`(?m)^>*From `)

// InMbox returns the message as an mbox holds it: lines that begin like a
// separator have one more ">", a message without a body has the blank line
// that ends the header, and the last line is ended.
func (m Message) InMbox() []byte {
	stored := fromLine.ReplaceAll(m.Stored, []byte(">$0"))
	if !bytes.HasSuffix(stored, []byte("\n")) {
		stored = append(stored, '\n')
	}
	if !bytes.Contains(stored, []byte("\n\n")) {
		stored = append(stored, '\n')
	}
	return stored
}

// WriteMbox makes an mbox of the messages.
func WriteMbox(name string, messages []Message) error {
	var mbox bytes.Buffer
	for i, m := range messages {
		mbox.Write(mboxEntry(i, m))
	}
	return os.WriteFile(name, mbox.Bytes(), 0o600)
}

// AddToMbox appends a message that arrived as the one of index i to an mbox.
func AddToMbox(name string, i int, m Message) error {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(mboxEntry(i, m))
	return errors.Join(err, file.Close())
}

func mboxEntry(i int, m Message) []byte {
	var entry bytes.Buffer
	fmt.Fprintf(&entry, "From sender@example.test %s\n", arrival(i).UTC().Format("Mon Jan _2 15:04:05 2006"))
	entry.Write(m.InMbox())
	entry.WriteByte('\n')
	return entry.Bytes()
}

// WriteFiles makes a directory with a file a message, whose names are in the
// order of the messages.
func WriteFiles(dir string, messages []Message) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i, m := range messages {
		if _, err := AddToFiles(dir, i, m); err != nil {
			return err
		}
	}
	return nil
}

// AddToFiles puts a message that arrived as the one of index i into such a
// directory, and returns the name of its file.
func AddToFiles(dir string, i int, m Message) (string, error) {
	name := filepath.Join(dir, fmt.Sprintf("%02d", i+1))
	return name, os.WriteFile(name, m.Stored, 0o600)
}
