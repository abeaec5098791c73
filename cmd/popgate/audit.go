package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
)

// auditFile is the file of the audit log. Each Write is a line.
type auditFile struct {
	name string
	log  *slog.Logger

	mu    sync.Mutex
	file  *os.File
	lines wholeLines
}

// openAudit opens the file to append to it.
func openAudit(name string, log *slog.Logger) (*auditFile, error) {
	file, err := appendTo(name, 0)
	if err != nil {
		return nil, err
	}
	a := &auditFile{name: name, log: log}
	a.useLocked(file)
	return a, nil
}

func appendTo(name string, more int) (*os.File, error) {
	return os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY|more, 0o600) //nolint:gosec // the operator names it
}

// useLocked writes to another file from now on.
func (a *auditFile) useLocked(file *os.File) {
	if a.file != nil {
		if err := a.file.Close(); err != nil {
			a.log.Error("the old file of the audit log may lack its last events", "error", err)
		}
	}
	a.file, a.lines = file, wholeLines{w: file, cut: isCut(file)}
}

// Write writes a line.
func (a *auditFile) Write(line []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.removedLocked() { // what is written there is gone, and no write fails
		file, err := appendTo(a.name, atOnce)
		if err != nil {
			return 0, fmt.Errorf("the file was removed: %w", err)
		}
		a.useLocked(file)
		a.log.Warn("the audit log was removed, and is made anew", "file", a.name)
	}
	if err := a.lines.write(line); err != nil {
		return 0, err
	}
	return len(line), nil
}

// removedLocked reports whether the file has no name any more. One that was moved away has.
func (a *auditFile) removedLocked() bool {
	own, err := a.file.Stat()
	if err != nil || !nameless(own) {
		return false
	}
	named, err := os.Stat(a.name) // some file systems count no names
	return err != nil || !os.SameFile(own, named)
}

// reopen opens the file anew, which may have been moved away. Where that fails, the old one is written on. No line is lost: each goes
// to one of them, and to the new one from the moment on at which others see it.
func (a *auditFile) reopen() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if own, err := a.file.Stat(); err == nil && !own.Mode().IsRegular() {
		return nil // nobody moves a terminal or a pipe away
	}
	file, err := appendTo(a.name, atOnce)
	if err != nil {
		a.log.Error("the audit log cannot be opened anew, and the old file is written on", "error", err)
		return err
	}
	a.useLocked(file)
	a.log.Info("the audit log was opened anew", "file", a.name)
	return nil
}

func (a *auditFile) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.file.Close()
}

// wholeLines writes lines. One that could not be written to its end, as on a full disk, stays as it is, and the next one begins anew.
type wholeLines struct {
	w   io.Writer
	cut bool // the last line lacks its end
}

func (l *wholeLines) write(line []byte) error {
	if l.cut {
		line = append([]byte{'\n'}, line...)
	}
	n, err := l.w.Write(line)
	if n > 0 {
		l.cut = line[n-1] != '\n'
	}
	return err
}

// isCut reports whether the last line of a file lacks its end, or may: an empty line too many does no harm.
func isCut(file *os.File) bool {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	read, err := os.Open(file.Name())
	if err != nil {
		return true
	}
	last := make([]byte, 1)
	_, err = read.ReadAt(last, info.Size()-1)
	return errors.Join(err, read.Close()) != nil || last[0] != '\n'
}
