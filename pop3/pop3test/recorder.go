package pop3test

import (
	"strings"
	"sync"
)

// recorder keeps the lines that clients sent. It is safe for concurrent use.
// The lines lie in one buffer, since a benchmark sends millions of them.
type recorder struct {
	mu    sync.Mutex
	lines []byte // each line ends in LF, which no line contains
}

func (r *recorder) add(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(append(r.lines, line...), '\n')
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == 0 {
		return nil
	}
	return strings.Split(string(r.lines[:len(r.lines)-1]), "\n")
}
