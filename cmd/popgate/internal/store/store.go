// Package store keeps messages as files: in a Maildir, or as .eml files in a folder. What it says is stored is on the disk, whole, and
// stays there whatever dies; what it has stored once, it knows.
//
// A message is written to the folder tmp, synced, and renamed to where readers look; then the folder is synced, the message is written
// to the index, and the index is synced. So a file that readers see is always whole, and the index knows nothing that is not there. A
// process that dies between the rename and the index leaves a file whose name still says which message it is, so that it is not
// written again. What is left in tmp is worth nothing, and the next Open removes it.
//
// Two messages are the same if mailbox, unique-id and SHA-256 are. The octets of a message are kept as they are, line ends too.
//
// (emersion/go-maildir has the names and flags of a Maildir, and syncs neither files nor folders.)
package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Format is how messages are kept.
type Format string

// The formats.
const (
	Maildir Format = "maildir" // a file in the folder new, and the folders cur and tmp beside it
	EML     Format = "eml"     // a file that ends in .eml, and the folder tmp beside it
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Format) UnmarshalText(text []byte) error {
	format := Format(text)
	if format != Maildir && format != EML {
		return fmt.Errorf("neither %s nor %s", Maildir, EML)
	}
	*f = format
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (f Format) MarshalText() ([]byte, error) { return []byte(f), nil }

// Files beside the messages, and what files in tmp begin with.
const (
	indexFile  = "popgate-index"
	lockFile   = "popgate-lock"
	tmpFolder  = "tmp"
	tmpPrefix  = "popgate-"
	privateDir = 0o700
	private    = 0o600
)

// ErrBusy says that another process works on the store.
var ErrBusy = errors.New("another process is at work there")

// Store is a folder of messages, and what it knows of one mailbox. It is used by one goroutine.
type Store struct {
	dir, mailbox string
	format       Format
	lock         *flock.Flock
	index        *index
	named        map[string]bool // marks in the names of files
	pending      []*Message
	host         string

	syncFile func(*os.File) error // os.File.Sync, but in tests
}

// Open opens the store in a folder, which it makes where there is none. Nobody else can open it before Close. mailbox tells the
// mailboxes apart that go into one store, such as user@host.
func Open(dir string, format Format, mailbox string) (*Store, error) {
	s := &Store{dir: dir, mailbox: mailbox, format: format, named: map[string]bool{}, syncFile: (*os.File).Sync}
	if err := s.makeFolders(); err != nil {
		return nil, err
	}
	s.host = hostName()
	s.lock = flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(private))
	locked, err := s.lock.TryLock()
	if err == nil && !locked {
		err = ErrBusy
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.lock.Unlock())
	}
	return s, nil
}

func (s *Store) load() (err error) {
	if err := s.removeLeftovers(); err != nil {
		return err
	}
	if err := s.readNames(); err != nil {
		return err
	}
	s.index, err = openIndex(filepath.Join(s.dir, indexFile), s.mailbox)
	if err != nil {
		return err
	}
	return syncFolder(s.dir)
}

// Close throws away what is not synced, and lets others open the store.
func (s *Store) Close() error {
	for _, m := range s.pending {
		m.Discard()
	}
	s.pending = nil
	return errors.Join(s.index.file.Close(), s.lock.Unlock())
}

// folders are where readers look; the first is for new messages.
func (s *Store) folders() []string {
	if s.format == Maildir {
		return []string{filepath.Join(s.dir, "new"), filepath.Join(s.dir, "cur")}
	}
	return []string{s.dir}
}

func (s *Store) makeFolders() error {
	if err := os.MkdirAll(s.dir, privateDir); err != nil {
		return err
	}
	for _, folder := range append(s.folders(), filepath.Join(s.dir, tmpFolder)) {
		if err := os.MkdirAll(folder, privateDir); err != nil {
			return err
		}
	}
	return syncFolder(filepath.Dir(filepath.Clean(s.dir)))
}

// removeLeftovers removes what a process that died has left in tmp. Other programs may deliver into a Maildir: theirs stays.
func (s *Store) removeLeftovers() error {
	names, err := readNames(filepath.Join(s.dir, tmpFolder))
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasPrefix(name, tmpPrefix) {
			if err := os.Remove(filepath.Join(s.dir, tmpFolder, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// markInName finds the mark in the name of a file, whatever a mail reader has put behind it.
var markInName = regexp.MustCompile(`^[0-9TZ]+\.popgate-([0-9a-f]{32})\.`)

// readNames reads the marks of the files that are there.
func (s *Store) readNames() error {
	for _, folder := range s.folders() {
		names, err := readNames(folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			if match := markInName.FindStringSubmatch(name); match != nil {
				s.named[match[1]] = true
			}
		}
	}
	return nil
}

// nameOf returns the name of the file for a message: a time, its mark, and in a Maildir this host.
func (s *Store) nameOf(k key) string {
	now := time.Now().UTC()
	if s.format == Maildir {
		return fmt.Sprintf("%d.popgate-%s.%s", now.Unix(), k.mark(), s.host)
	}
	return fmt.Sprintf("%s.popgate-%s.eml", now.Format("20060102T150405Z"), k.mark())
}

// hostName returns this host's name as a part of a Maildir's file name.
func hostName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "localhost"
	}
	return strings.NewReplacer("/", `\057`, ":", `\072`).Replace(host)
}

func readNames(folder string) ([]string, error) {
	f, err := os.Open(folder) //nolint:gosec // it is in the folder that the user names
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(0)
	return names, errors.Join(err, f.Close())
}

// syncFolder makes what was made, renamed or removed in a folder last.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be opened there, and need not be
	}
	f, err := os.Open(folder) //nolint:gosec // it is the folder that the user names, or in it
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
