package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// window is a terminal of 80 columns and 24 lines, by a tmux with a server of its own.
type window struct {
	t      *testing.T
	socket string
}

// openWindow runs lines of a shell in a new window. It shows "status 0" when they have ended well.
func openWindow(t *testing.T, lines string) *window {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		missing(t, fmt.Errorf("the terminal is not tested: %w", err))
	}
	home := t.TempDir()
	w := &window{t: t, socket: filepath.Join(home, "tmux")}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", w.socket, "kill-server").Run() }) // it may have ended with its window
	out, err := exec.Command("tmux", "-u", "-S", w.socket, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "-c", home,
		"env", "HOME="+home, "POPGATE_PASSWORD="+password, "sh", "-c", lines+"\necho \"status $?\"; sleep 60").CombinedOutput()
	if err != nil {
		t.Fatalf("tmux: %v\n%s", err, out)
	}
	return w
}

// shows waits until the window matches, and returns its lines, those that the window has broken as one, without what is
// empty at their ends.
func (w *window) shows(pattern string) []string {
	w.t.Helper()
	re := regexp.MustCompile(pattern)
	var shown []byte
	eventually(w.t, func() (err error) {
		shown, err = exec.Command("tmux", "-u", "-S", w.socket, "capture-pane", "-p", "-J").CombinedOutput()
		if err == nil && !re.Match(shown) {
			err = errors.New("it does not show")
		}
		if err != nil {
			return fmt.Errorf("%s: %w:\n%s", pattern, err, shown)
		}
		return nil
	})
	lines := strings.Split(strings.TrimRight(string(shown), " \n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}
