package seed

import (
	"bytes"
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
		fmt.Fprintf(&mbox, "From sender@example.test %s\n", arrival(i).UTC().Format("Mon Jan _2 15:04:05 2006"))
		mbox.Write(m.InMbox())
		mbox.WriteByte('\n')
	}
	return os.WriteFile(name, mbox.Bytes(), 0o600)
}

// WriteFiles makes a directory with a file a message, whose names are in the
// order of the messages.
func WriteFiles(dir string, messages []Message) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i, m := range messages {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d", i+1)), m.Stored, 0o600); err != nil {
			return err
		}
	}
	return nil
}
