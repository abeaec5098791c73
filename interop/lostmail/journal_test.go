package lostmail

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// record is a line of a caller's journal, which is its store as well. Each is
// one write to a file opened for appending: that outlives kill -9, which loses
// no page of the kernel's cache, so there is no fsync.
type record struct {
	What    string `json:"what"`
	Time    int64  `json:"time"` // Unix, nanoseconds
	Session int    `json:"session"`

	// Of "stored": a message is safe.
	ID       uint64 `json:"id,omitempty"`
	UniqueID string `json:"unique_id,omitempty"`
	Unique   bool   `json:"unique,omitempty"` // by id_kind
	SHA      string `json:"sha,omitempty"`    // of what came
	Octets   int64  `json:"octets,omitempty"`

	// Of "settle", which is written before the request is sent.
	IDs  []uint64 `json:"ids,omitempty"`
	Keep bool     `json:"keep,omitempty"`

	// Of "commit": the fates by delivery.
	Outcome string            `json:"outcome,omitempty"`
	Fates   map[uint64]string `json:"fates,omitempty"`

	// Of "cursor" and "keeping": unique-ids of messages that need not come
	// again, by the cursor that is stored now, or by the caller's own list.
	Seen []string `json:"seen,omitempty"`

	// Of "begin": the unique-ids mean what they meant before.
	Steady bool `json:"steady,omitempty"`

	// Of "wrong": a defect that the caller has noticed.
	Wrong string `json:"wrong,omitempty"`
}

// journal is the file of one mailbox.
type journal struct {
	file    *os.File
	session int
}

func journalFile(dir string) string { return filepath.Join(dir, "journal") }

func openJournal(dir string) (*journal, error) {
	file, err := os.OpenFile(journalFile(dir), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return &journal{file: file}, err
}

// add appends a record. A caller that cannot store has nothing to say.
func (j *journal) add(r record) {
	r.Time, r.Session = time.Now().UnixNano(), j.session
	line, err := json.Marshal(r)
	if err == nil {
		_, err = j.file.Write(append(line, '\n'))
	}
	if err != nil {
		panic(err)
	}
}

// readJournal returns the records of a mailbox. There may be none.
func readJournal(dir string) ([]record, error) {
	file, err := os.Open(journalFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var records []record
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, lines.Err()
}

// The cursor is stored whole or not at all.
func cursorFile(dir string) string { return filepath.Join(dir, "cursor") }

func storeCursor(dir string, cursor []byte) {
	next := cursorFile(dir) + ".next"
	err := os.WriteFile(next, cursor, 0o600)
	if err == nil {
		err = os.Rename(next, cursorFile(dir))
	}
	if err != nil {
		panic(err)
	}
}

func loadCursor(dir string) []byte {
	cursor, err := os.ReadFile(cursorFile(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		panic(err)
	}
	return cursor
}
