package pop3test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestParseScript checks what the marks and escapes mean.
func TestParseScript(t *testing.T) {
	script, err := ParseScript("# a comment\r\n\n \nS: +OK  two \r\nS:\nS: \nS| \\x2b\\r\\n\\t\\0\\\\\nC: QUIT\nC~ AUTH \nTLS\nCLOSE\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []step{
		{stepSend, "+OK  two \r\n", 4},
		{stepSend, "\r\n", 5},
		{stepSend, "\r\n", 6},
		{stepSend, "+\r\n\t\x00\\", 7},
		{stepExpect, "QUIT\r\n", 8},
		{stepExpectPrefix, "AUTH ", 9},
		{stepTLS, "", 10},
		{stepClose, "", 11},
	}
	if !slices.Equal(script.steps, want) {
		t.Errorf("got %+v", script.steps)
	}
}

// TestParseScriptErrors checks that a mistake is named with its line.
func TestParseScriptErrors(t *testing.T) {
	for text, want := range map[string]string{
		"S: a\nX: b":          `script:2: want "S: "`,
		"S:a":                 `script:1: want "S: "`,
		" S: a":               `script:1: want "S: "`,
		"S":                   `script:1: want "S: "`,
		`S: \q`:               `script:1: unknown escape \q`,
		`S: \x4`:              `script:1: unknown escape \x`,
		`S: \xGG`:             `script:1: unknown escape \x`,
		`S: a\`:               "script:1: a backslash ends the line",
		"CLOSE\n\nS: a":       "script:3: a step after the connection has ended",
		"TLS FAILS\nTLS\nS: ": "script:2: a step after the connection has ended",
	} {
		if _, err := ParseScript(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestReadScript checks that errors name the file.
func TestReadScript(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.pop3")
	if err := os.WriteFile(file, []byte("?"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadScript(file); err == nil || !strings.HasPrefix(err.Error(), "bad.pop3:1: ") {
		t.Errorf("got %v", err)
	}
	if _, err := ReadScript(file + "x"); !os.IsNotExist(err) {
		t.Errorf("got %v", err)
	}
}

// TestPlay plays one script to clients that keep to it and clients that do not.
func TestPlay(t *testing.T) {
	const text = "S: +OK\nC: STAT\nS: +OK 0 0\nC~ RETR\nS| -E\nS: RR"
	for _, test := range []struct{ client, want string }{
		{"S: +OK\nC: STAT\nS: +OK 0 0\nC: RETR 1\nS: -ERR", ""},
		{"S: +OK\nC: stat", `script:2: the client sent "stat\r\n", want "STAT\r\n"`},
		{"S: +OK\nC: STAT ", `script:2: the client sent "STAT \r\n", want "STAT\r\n"`},
		{"S: +OK", `script:2: the client sent nothing more, want "STAT\r\n": EOF`},
		{"S: +OK\nC: STAT\nS: +OK 0 0\nC: TOP 1 0", `script:4: the client sent "TOP 1 0\r\n", want "RETR"`},
		{"S: +OK\nC: STAT\nS: +OK 0 0\nC: RETR 1\nS: -ERR\nC: QUIT", `script: the client sent "QUIT\r\n" after the end of the script`},
	} {
		script, err := ParseScript(text)
		if err != nil {
			t.Fatal(err)
		}
		here, there := net.Pipe()
		done := make(chan error)
		go func() { done <- script.Play(there) }()
		talk(t, here, test.client, nil)
		here.Close()
		if err := <-done; fmt.Sprint(err) != test.want && (err != nil || test.want != "") {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

// fakeTB collects what a ScriptServer complains about.
type fakeTB struct{ errors chan string }

func (fakeTB) Helper()        {}
func (fakeTB) Cleanup(func()) {}
func (tb fakeTB) Errorf(format string, args ...any) {
	tb.errors <- fmt.Sprintf(format, args...)
}

// TestScriptServer checks the server's complaint, and its record.
func TestScriptServer(t *testing.T) {
	script, err := ParseScript("S: +OK\nC: QUIT\nS: +OK\nCLOSE")
	if err != nil {
		t.Fatal(err)
	}
	tb := fakeTB{errors: make(chan string, 10)}
	srv := NewScriptServer(tb, script, Faults{Slice: 1})
	defer srv.Close()
	talk(t, dial(t, srv.Addr), "S: +OK\nC: QUIT\nS: +OK\nCLOSE", nil)
	talk(t, dial(t, srv.Addr), "S: +OK\nC: quit", nil)
	const want = `pop3test: script:2: the client sent "quit\r\n", want "QUIT\r\n"`
	if got := <-tb.errors; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := srv.Received(); !slices.Equal(got, []string{"QUIT", "quit"}) {
		t.Errorf("got %q", got)
	}
	idle := talk(t, dial(t, srv.Addr), "S: +OK", nil)
	srv.Close()
	if _, err := idle.Read(make([]byte, 1)); err == nil || len(tb.errors) > 0 {
		t.Errorf("after Close: %v, %d complaints", err, len(tb.errors))
	}
}

// TestScriptServerTLS plays scripts inside TLS, from the start and from STLS on.
func TestScriptServerTLS(t *testing.T) {
	script, err := ParseScript("S: +OK\nC: STLS\nS: +OK\nTLS\nC: QUIT\nS: +OK\nCLOSE")
	if err != nil {
		t.Fatal(err)
	}
	srv := NewScriptServer(t, script, Faults{})
	talk(t, dial(t, srv.Addr), "S: +OK\nC: STLS\nS: +OK\nTLS\nC: QUIT\nS: +OK\nCLOSE", clientTLS(srv))

	implicit, err := ParseScript("S: +OK\nC: QUIT\nS: +OK")
	if err != nil {
		t.Fatal(err)
	}
	cut := NewUnstartedScriptServer(t, implicit, Faults{After: 7, Action: CutFIN})
	cut.StartTLS()
	conn := talk(t, dial(t, cut.Addr), "TLS\nS: +OK\nC: QUIT\nS| +O\nCLOSE", clientTLS(cut))
	conn.Close()
}

// TestTLSFails covers handshakes that must fail and those that must not.
func TestTLSFails(t *testing.T) {
	for text, want := range map[string]string{
		"S: +OK\nTLS FAILS": "",
		"S: +OK\nTLS":       "script:2: TLS handshake: ",
	} {
		script, err := ParseScript(text)
		if err != nil {
			t.Fatal(err)
		}
		here, there := net.Pipe()
		done := make(chan error)
		go func() { done <- script.Play(there) }()
		talk(t, here, "S: +OK", nil)
		io.WriteString(here, "no TLS at all\r\n") // Play shows a failure
		here.Close()
		if err := <-done; (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
