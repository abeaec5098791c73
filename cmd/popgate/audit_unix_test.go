//go:build unix

package main

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
)

// TestAuditPipe: a named pipe in the place of the file that was moved away is taken where somebody reads it, and holds up nobody else.
func TestAuditPipe(t *testing.T) {
	name, audit := auditing(t, io.Discard)
	moved := name + ".1"
	if err := errors.Join(os.Rename(name, moved), syscall.Mkfifo(name, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := audit.reopen(); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("nobody reads: %v", err)
	}
	if _, err := io.WriteString(audit, "1\n"); err != nil || contents(t, moved) != "1\n" {
		t.Errorf("%v: %q", err, contents(t, moved))
	}
	if err := os.Remove(moved); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(audit, "lost\n"); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("nobody reads, and the old file is gone: %v", err)
	}
	reader, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := audit.reopen(); err != nil {
		t.Error(err)
	}
	got := make([]byte, 2)
	if _, err := io.WriteString(audit, "2\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(reader, got); err != nil || string(got) != "2\n" {
		t.Errorf("%v: %q", err, got)
	}
}
