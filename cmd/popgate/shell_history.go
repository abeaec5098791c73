package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// historyLines is how many lines a history keeps.
const historyLines = 1000

// history is what was typed, in a file, without secrets. It implements term.History. A history that cannot be kept is no reason to stop.
type history struct {
	file  string   // "": none
	lines []string // the oldest first
}

// openHistory reads ~/.popgate_history, and cuts it where it has grown too long.
func openHistory() *history {
	home, err := os.UserHomeDir()
	if err != nil {
		return &history{}
	}
	h := &history{file: filepath.Join(home, ".popgate_history")}
	text, err := os.ReadFile(h.file)
	if err != nil || len(text) == 0 {
		return h
	}
	h.lines = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(h.lines) > historyLines {
		h.lines = h.lines[len(h.lines)-historyLines:]
		_ = os.WriteFile(h.file, []byte(strings.Join(h.lines, "\n")+"\n"), 0o600) //nolint:gosec // the home is the user's
	}
	return h
}

// secretVerbs are the commands whose lines may hold a secret.
var secretVerbs = []string{"pass", "apop"}

// Add adds a line, unless it is blank, the last one again, or may hold a secret.
func (h *history) Add(line string) {
	words := strings.Fields(line)
	if len(words) == 0 || slices.Contains(secretVerbs, strings.ToLower(words[0])) || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	if h.file == "" {
		return
	}
	f, err := os.OpenFile(h.file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return
	}
	_, _ = f.WriteString(line + "\n")
	_ = f.Close()
}

// Len returns how many lines there are.
func (h *history) Len() int { return len(h.lines) }

// At returns a line; 0 is the newest.
func (h *history) At(i int) string { return h.lines[len(h.lines)-1-i] }
