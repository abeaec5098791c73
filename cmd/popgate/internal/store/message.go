package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// syncsAtOnce is how many files are synced at the same time: a file system commits them together.
const syncsAtOnce = 16

// key is what makes a message the same as another.
type key struct {
	mailbox, id string
	sha256      [sha256.Size]byte
}

// mark returns a digest of the key for a file's name.
func (k key) mark() string {
	sum := sha256.Sum256([]byte(k.mailbox + "\x00" + k.id + "\x00" + string(k.sha256[:])))
	return hex.EncodeToString(sum[:16])
}

// Message is a message on its way into the store.
type Message struct {
	// UniqueID is what Add was given.
	UniqueID string
	// File is the name of the file, once it is stored.
	File string
	// Err is why it is not stored. It is set by Sync.
	Err error

	store  *Store
	file   *os.File
	hash   hash.Hash
	octets int64
	key    key
}

// Create begins a message. The caller calls Add or Discard.
func (s *Store) Create() (*Message, error) {
	file, err := os.CreateTemp(filepath.Join(s.dir, tmpFolder), tmpPrefix+"*")
	if err != nil {
		return nil, err
	}
	return &Message{store: s, file: file, hash: sha256.New()}, nil
}

// Write implements io.Writer.
func (m *Message) Write(p []byte) (int, error) {
	n, err := m.file.Write(p)
	_, _ = m.hash.Write(p[:n]) // a hash takes everything
	m.octets += int64(n)
	return n, err
}

// Octets returns how many octets were written.
func (m *Message) Octets() int64 { return m.octets }

// SHA256 returns the digest of what was written.
func (m *Message) SHA256() []byte { return m.hash.Sum(nil) }

// Discard throws the message away.
func (m *Message) Discard() {
	_ = m.file.Close()           // nothing of it is wanted
	_ = os.Remove(m.file.Name()) // else the next Open does it
}

// Knows reports whether a message with the unique-id is in the index. Its octets may be others'.
func (s *Store) Knows(uniqueID string) bool { return s.index.ids[uniqueID] }

// Add takes a message that is written whole. duplicate says that the store has it already, on the disk, and that it was thrown away.
// Otherwise it is stored by the next Sync, in the order of Add.
func (s *Store) Add(m *Message, uniqueID string) (duplicate bool, err error) {
	m.UniqueID = uniqueID
	m.key = key{s.mailbox, uniqueID, [sha256.Size]byte(m.SHA256())}
	switch indexed := s.index.keys[m.key]; {
	case !indexed && !s.named[m.key.mark()]:
		s.pending = append(s.pending, m)
		return false, nil
	case !indexed: // who has renamed it may have died before the folder was synced
		if err = s.syncFolders(); err == nil {
			err = s.index.add([]*Message{m})
		}
	}
	m.Discard()
	return true, err
}

func (s *Store) syncFolders() error {
	var errs []error
	for _, folder := range s.folders() {
		errs = append(errs, syncFolder(folder))
	}
	return errors.Join(errs...)
}

// Pending returns how many messages wait for Sync.
func (s *Store) Pending() int { return len(s.pending) }

// Sync stores what was added, and returns it. Each message has its own error; one that fails does not hold up the others, and leaves
// no file that readers see, unless it is the folder's sync or the index that failed: then the file is there, and its name knows it.
func (s *Store) Sync() []*Message {
	batch := s.pending
	s.pending = nil
	if len(batch) == 0 {
		return nil
	}
	var group errgroup.Group
	group.SetLimit(syncsAtOnce)
	for _, m := range batch {
		group.Go(func() error {
			m.Err = errors.Join(s.syncFile(m.file), m.file.Close())
			return nil
		})
	}
	_ = group.Wait() // each message has its error
	s.publish(batch)
	return batch
}

// publish renames files to where readers look, and writes them to the index.
func (s *Store) publish(batch []*Message) {
	var there []*Message
	for _, m := range batch {
		name := s.nameOf(m.key)
		switch {
		case m.Err != nil:
		case s.named[m.key.mark()]: // twice in this batch: the first one is it
			_ = os.Remove(m.file.Name()) // else the next Open does it
			there = append(there, m)
			continue
		default:
			m.Err = os.Rename(m.file.Name(), filepath.Join(s.folders()[0], name))
		}
		if m.Err != nil {
			_ = os.Remove(m.file.Name()) // else the next Open does it
			continue
		}
		m.File, s.named[m.key.mark()] = name, true
		there = append(there, m)
	}
	if len(there) == 0 {
		return
	}
	err := syncFolder(s.folders()[0])
	if err == nil {
		err = s.index.add(there)
	}
	for _, m := range there {
		m.Err = err
	}
}
