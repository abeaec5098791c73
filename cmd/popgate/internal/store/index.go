package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// index is the file that knows what was stored: a JSON object a line, only ever appended to. A last line that a dying process has left
// unfinished is cut off.
type index struct {
	file *os.File
	size int64 // of what is known to be whole
	ids  map[string]bool
	keys map[key]bool
	err  error // the file is not as it should be, and cannot be mended
}

// entry is a line of the index.
type entry struct {
	Mailbox  string `json:"mailbox"`
	UniqueID string `json:"unique_id"`
	SHA256   string `json:"sha256"`
	Octets   int64  `json:"octets"`
	File     string `json:"file,omitempty"`
}

// openIndex opens the index, and reads what it has of a mailbox.
func openIndex(name, mailbox string) (*index, error) {
	text, err := os.ReadFile(name) //nolint:gosec // it is in the folder that the user names
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	x := &index{ids: map[string]bool{}, keys: map[key]bool{}}
	if err := x.read(text, mailbox); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if x.file, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE, private); err != nil { //nolint:gosec // see above
		return nil, err
	}
	if x.size < int64(len(text)) {
		err = x.file.Truncate(x.size)
	}
	if err != nil {
		return nil, errors.Join(err, x.file.Close())
	}
	return x, nil
}

// read reads the lines. What cannot be read at the end was never finished; before the end it is damage.
func (x *index) read(text []byte, mailbox string) error {
	bad := 0 // the line that cannot be read
	for number := 1; len(text) > 0; number++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		k, err := parseEntry(line)
		switch {
		case !whole || err != nil:
			bad = number
			if !whole {
				return nil
			}
		case bad > 0:
			return fmt.Errorf("line %d is damaged: remove it, and its message is fetched again and recognized", bad)
		default:
			x.size += int64(len(line)) + 1
			if k.mailbox == mailbox {
				x.keys[k], x.ids[k.id] = true, true
			}
		}
		text = rest
	}
	return nil
}

func parseEntry(line []byte) (key, error) {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return key{}, err
	}
	sum, err := hex.DecodeString(e.SHA256)
	if err != nil || len(sum) != sha256.Size {
		return key{}, errors.New("no SHA-256")
	}
	return key{e.Mailbox, e.UniqueID, [sha256.Size]byte(sum)}, nil
}

// add appends messages and syncs the file. Where it fails, the file is as it was.
func (x *index) add(messages []*Message) error {
	if x.err != nil {
		return x.err
	}
	var lines []byte
	for _, m := range messages {
		line, err := json.Marshal(entry{m.key.mailbox, m.key.id, hex.EncodeToString(m.key.sha256[:]), m.octets, m.File})
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	_, err := x.file.WriteAt(lines, x.size)
	if err == nil {
		err = x.file.Sync()
	}
	if err != nil {
		x.err = x.file.Truncate(x.size)
		return err
	}
	x.size += int64(len(lines))
	for _, m := range messages {
		x.keys[m.key], x.ids[m.key.id] = true, true
	}
	return nil
}
