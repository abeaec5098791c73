package seed

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// WriteMaildir makes the maildir dir and puts the messages into it as new
// mail. Servers number maildir messages by the time in the file name, so the
// numbers are those of [Expect].
func WriteMaildir(dir string, messages []Message) error {
	if err := makeMaildir(dir); err != nil {
		return err
	}
	for i, m := range messages {
		if _, err := AddToMaildir(dir, i, m); err != nil {
			return err
		}
	}
	return nil
}

// AddToMaildir puts a message into a maildir as new mail that arrived as the
// one of index i, and returns the name of its file.
func AddToMaildir(dir string, i int, m Message) (string, error) {
	name := filepath.Join(dir, "new", fileName(i))
	if err := os.WriteFile(name, m.Stored, 0o600); err != nil {
		return "", err
	}
	return name, os.Chtimes(name, arrival(i), arrival(i))
}

// LinkMaildir makes the maildir dir with the messages of the maildir from.
// The files are hard links: each user can delete them alone, and 20 MB are
// stored once.
func LinkMaildir(dir, from string, messages []Message) error {
	if err := makeMaildir(dir); err != nil {
		return err
	}
	for i := range messages {
		name := filepath.Join("new", fileName(i))
		if err := os.Link(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// WriteExpected stores the list of expected messages as JSON.
func WriteExpected(name string, expected []Expected) error {
	text, err := json.MarshalIndent(expected, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

func makeMaildir(dir string) error {
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	return nil
}

func arrival(i int) time.Time { return time.Unix(1704067200+int64(i), 0) }

func fileName(i int) string {
	return fmt.Sprintf("%d.M%dP1.seed", arrival(i).Unix(), i+1)
}
