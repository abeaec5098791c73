package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// auditing opens an audit log in a folder of its own.
func auditing(t *testing.T, log io.Writer) (name string, audit *auditFile) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "audit.json")
	audit, err := openAudit(name, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { audit.close() })
	return name, audit
}

func contents(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAuditLosesNothing: each of the lines that are written while the file is moved away and opened anew, again and again, is whole and
// in one of the files.
func TestAuditLosesNothing(t *testing.T) {
	const writers, moves, atLeast = 4, 20, 100
	name, audit := auditing(t, io.Discard)
	var wg sync.WaitGroup
	over, written := make(chan struct{}), make([]int, writers)
	for i := range writers {
		wg.Go(func() {
			for {
				select {
				case <-over:
					if written[i] >= atLeast {
						return
					}
				default:
				}
				if _, err := fmt.Fprintf(audit, "{\"writer\":%d,\"line\":%d}\n", i, written[i]); err != nil {
					t.Error(err)
					return
				}
				written[i]++
			}
		})
	}
	for i := range moves {
		if err := errors.Join(os.Rename(name, fmt.Sprint(name, ".", i)), audit.reopen()); err != nil {
			t.Error(err)
		}
	}
	close(over)
	wg.Wait()
	files, err := filepath.Glob(name + "*")
	if err != nil || len(files) != moves+1 {
		t.Fatal(files, err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		for line := range strings.Lines(contents(t, file)) {
			if !json.Valid([]byte(line)) || !strings.HasSuffix(line, "\n") || seen[line] {
				t.Errorf("%s has the line %q", file, line)
			}
			seen[line] = true
		}
	}
	all := 0
	for _, n := range written {
		all += n
	}
	if len(seen) != all {
		t.Errorf("%d lines were written, %d are there", all, len(seen))
	}
}

// narrow is a disk that takes so many octets more.
type narrow struct {
	text strings.Builder
	left int
}

func (d *narrow) Write(p []byte) (int, error) {
	n := min(len(p), d.left)
	d.left -= n
	d.text.Write(p[:n])
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

// TestAuditCutLine: a line that could not be written to its end does not take the next one with it.
func TestAuditCutLine(t *testing.T) {
	for room, want := range map[int]string{
		0: "2222\n3333\n", 1: "1\n2222\n3333\n", 4: "1111\n2222\n3333\n", 5: "1111\n2222\n3333\n",
	} {
		disk := &narrow{left: room}
		lines := wholeLines{w: disk}
		if err := lines.write([]byte("1111\n")); (room < 5) != errors.Is(err, syscall.ENOSPC) {
			t.Errorf("room for %d: %v", room, err)
		}
		if err := lines.write([]byte("lost\n")); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("room for nothing: %v", err)
		}
		disk.left = 100
		if err := errors.Join(lines.write([]byte("2222\n")), lines.write([]byte("3333\n"))); err != nil {
			t.Error(err)
		}
		if got := disk.text.String(); got != want {
			t.Errorf("room for %d: %q, want %q", room, got, want)
		}
	}
	// There is room for the end of the line that was cut, and for no more.
	disk := &narrow{left: 2}
	lines := wholeLines{w: disk}
	lines.write([]byte("1111\n"))
	disk.left = 1
	lines.write([]byte("lost\n"))
	disk.left = 100
	lines.write([]byte("2222\n"))
	if got := disk.text.String(); got != "11\n2222\n" {
		t.Errorf("%q", got)
	}
}

// TestAuditCutFile: a line that an earlier process could not write to its end does not take the first one of this process with it.
func TestAuditCutFile(t *testing.T) {
	for before, want := range map[string]string{"": "new\n", "old\n": "old\nnew\n", "ol": "ol\nnew\n"} {
		name := filepath.Join(t.TempDir(), "audit.json")
		if err := os.WriteFile(name, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		audit, err := openAudit(name, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(audit, "new\n")
		if err := errors.Join(err, audit.close()); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, name); got != want {
			t.Errorf("%q has become %q, want %q", before, got, want)
		}
	}
}

// TestAuditRemoved: a file that is removed is made anew, and where it cannot be, each line is an error. One that is only moved is written on.
func TestAuditRemoved(t *testing.T) {
	log := &output{}
	name, audit := auditing(t, log)
	write := func(line string) error {
		_, err := io.WriteString(audit, line)
		return err
	}
	moved := name + ".1"
	err := errors.Join(write("1\n"), os.Rename(name, moved), write("2\n"))
	if err != nil || contents(t, moved) != "1\n2\n" {
		t.Errorf("%v: %q", err, contents(t, moved))
	}
	if err := errors.Join(os.Remove(moved), write("3\n"), write("4\n")); err != nil || contents(t, name) != "3\n4\n" {
		t.Errorf("%v: %q", err, contents(t, name))
	}
	if told := strings.Count(log.String(), "level=WARN msg=\"the audit log was removed, and is made anew"); told != 1 {
		t.Errorf("told %d times:\n%s", told, log)
	}
	if err := errors.Join(os.Remove(name), os.Mkdir(name, 0o700)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := write("lost\n"); err == nil || !strings.Contains(err.Error(), "the file was removed: open ") {
			t.Error(err)
		}
	}
	if err := errors.Join(os.Remove(name), write("5\n")); err != nil || contents(t, name) != "5\n" {
		t.Errorf("%v: %q", err, contents(t, name))
	}
}

// TestAuditRotates: a gateway whose audit log is moved away writes to a new one from SIGHUP on, and where it cannot open that, to the old one.
func TestAuditRotates(t *testing.T) {
	srv := mailbox(t, pop3test.SampleMaildrop())
	name := filepath.Join(t.TempDir(), "audit.json")
	p := start(t, "popgate", append([]string{"serve", "--listen", "127.0.0.1:0", "--drain", "0s", "--admin-listen", "127.0.0.1:0", "--audit-log", name}, towards(srv)...)...)
	client := pb.NewPop3ServiceClient(connect(t, p.address()))
	counts := func(file string, want int) {
		t.Helper()
		if got := strings.Count(contents(t, file), `"event":"open"`); got != want {
			t.Errorf("%s has %d sessions, want %d:\n%s", filepath.Base(file), got, want, contents(t, file))
		}
	}
	move := func(to string) {
		t.Helper()
		if err := os.Rename(name, to); err != nil {
			t.Fatal(err)
		}
	}
	reloads := func(want string) {
		t.Helper()
		admin := p.stderr.waitFor(t, adminAt)
		eventually(t, func() error { // it is counted after it is said
			if _, metrics := page(t, admin, "/metrics"); !strings.Contains(metrics, want) {
				return fmt.Errorf("no %s in\n%s", want, metrics)
			}
			return nil
		})
	}
	first, second := name+".1", name+".2"
	open(t, client, srv)
	move(first)
	open(t, client, srv) // nothing is lost until the signal
	counts(first, 2)
	p.signal(syscall.SIGHUP)
	p.stderr.waitFor(t, `level=INFO msg="the audit log was opened anew" file=`)
	open(t, client, srv)
	counts(first, 2)
	counts(name, 1)
	info, err := os.Stat(name)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the new file: %v, %v", info, err)
	}
	reloads(`pop3_reloads_total{result="ok",what="audit_log"} 1`)

	move(second)
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.stderr.waitFor(t, `level=ERROR msg="the audit log cannot be opened anew, and the old file is written on" error=.*is a directory`)
	open(t, client, srv)
	counts(second, 2)
	reloads(`pop3_reloads_total{result="failed",what="audit_log"} 1`)
	reloads(`pop3_audit_write_errors_total 0`)
	p.signal(syscall.SIGTERM)
	if state := p.wait(); state.ExitCode() != 0 {
		t.Errorf("%s:\n%s", state, &p.stderr)
	}
}

// TestAuditNewFile: as soon as there is a new file, each event is in it, so that whoever waits for it can compress the old one.
func TestAuditNewFile(t *testing.T) {
	name, audit := auditing(t, io.Discard)
	old := name + ".1"
	for range 500 {
		if err := os.Rename(name, old); err != nil {
			t.Fatal(err)
		}
		var over atomic.Bool
		var opening sync.WaitGroup
		opening.Go(func() {
			defer over.Store(true)
			if err := audit.reopen(); err != nil {
				t.Error(err)
			}
		})
		for !exists(name) && !over.Load() {
			runtime.Gosched()
		}
		_, err := io.WriteString(audit, "new\n")
		opening.Wait()
		if got := contents(t, name); err != nil || got != "new\n" {
			t.Fatalf("%v: %q, and in the old one %q", err, got, contents(t, old))
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
