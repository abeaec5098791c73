package pop3test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// ownTB is a test within a test: it keeps what it is told, and runs its clean-up functions when it is told to.
type ownTB struct {
	errors  chan string
	cleanup []func()
}

func (*ownTB) Helper()             {}
func (tb *ownTB) Cleanup(f func()) { tb.cleanup = append(tb.cleanup, f) }
func (tb *ownTB) Errorf(format string, args ...any) {
	tb.errors <- fmt.Sprintf(format, args...)
}
func (tb *ownTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// end runs the clean-up functions and returns what the test was told.
func (tb *ownTB) end() (errors []string) {
	for _, f := range slices.Backward(tb.cleanup) {
		f()
	}
	close(tb.errors)
	for e := range tb.errors {
		errors = append(errors, e)
	}
	return errors
}

// writeScript writes a script to a file.
func writeScript(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "odd.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestReplay plays a transcript as popgate watch saves it, whose secrets stand for any.
func TestReplay(t *testing.T) {
	file := writeScript(t, "# an odd server\nS: +OK\nC: USER alice\nS: +OK\nC~ PASS \nS: +OK\nC: AUTH LOGIN\nS: +\nC~ \nS: +OK\nC: QUIT\nS: +OK\nCLOSE\n")
	const login = "S: +OK\nC: USER alice\nS: +OK\nC: PASS any secret\nS: +OK\n"
	for name, test := range map[string]struct {
		clients []string
		want    []string
	}{
		"to the end":    {[]string{login + "C: AUTH LOGIN\nS: +\nC: b25l\nS: +OK\nC: QUIT\nS: +OK\nCLOSE"}, nil},
		"nobody came":   {nil, []string{"pop3test: odd.txt: no client got to its end"}},
		"still there":   {[]string{login}, []string{"pop3test: odd.txt: no client got to its end"}},
		"something new": {[]string{login + "C: NOOP"}, []string{`pop3test: odd.txt:7: the client sent "NOOP\r\n", want "AUTH LOGIN\r\n"`}},
	} {
		t.Run(name, func(t *testing.T) {
			tb := &ownTB{errors: make(chan string, 10)}
			srv := Replay(tb, file)
			for _, client := range test.clients {
				talk(t, dial(t, srv.Addr), client, nil)
			}
			for len(test.want) > 0 && strings.Contains(test.want[0], "the client sent") && len(tb.errors) == 0 {
				time.Sleep(time.Millisecond) // Close waits for it, but not as long as a busy machine may take
			}
			if got := tb.end(); !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestReplayOfNothing ends a test whose transcript is no script.
func TestReplayOfNothing(t *testing.T) {
	defer func() {
		if told, _ := recover().(string); !strings.HasPrefix(told, "pop3test: odd.txt:1: ") {
			t.Errorf("got %q", told)
		}
	}()
	Replay(&ownTB{}, writeScript(t, "+OK"))
}
