package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/popgate/popgate/pop3/pop3test"
)

// TestShellInTerminal: what a person types, completes, and has typed before.
func TestShellInTerminal(t *testing.T) {
	drop := pop3test.NewMaildrop("", pop3test.NewMessage([]byte("Subject: \x1b[31mred\r\n\r\na\tb\r\n")))
	srv := mailbox(t, drop)
	gateway := serves(t, towards(srv)...).address
	home := t.TempDir()
	command := "popgate shell --no-login --unsafe-plaintext --gateway " + gateway + " pop://alice@" + srv.Addr
	p := runsInTerminal(t, home, 100, command)
	p.types(`(?m)^S:   \+OK popgate(.*\n)+     no TLS\npop3>$`)
	p.types(`(?m)^error COMMAND_REFUSED: (.*\n)+pop3>$`, "sta", "Tab", "Enter")
	p.types(`(?m)^utf8  user  uidl$`, "u", "Tab")
	p.types(`(?m)^S:   \+OK send PASS\npop3>$`, "ser alice", "Enter")
	p.types(`(?m)^Secret:$`, "pass", "Enter")
	p.types(`(?m)^C:   PASS \*\*\*\nS:   \+OK maildrop is open\npop3>$`, password, "Enter")
	p.types(`(?m)^Subject: \\x1b\[31mred\n\na {7}b\npop3>$`, "retr 1", "Enter")
	p.types(`(?m)^pop3> retr 1$`, "Up")
	p.types(`(?m)^26\nrpc  Retr message_number:1\nC:   RETR 1\n`, " | wc -c | tr -d ' '", "Enter")
	p.types(`(?m)^pop3> nonsense$`, "nonsense")
	p.types(`(?m)^error "two": `, "C-c", "retr two", "Enter") // else it would be nonsenseretr
	p.types(`(?m)^NOTHING_MARKED\nstatus 0$`, "quit", "Enter")
	kept, err := os.ReadFile(filepath.Join(home, ".popgate_history"))
	if want := "stat \nuser alice\nretr 1\nretr 1 | wc -c | tr -d ' '\nretr two\nquit\n"; err != nil || string(kept) != want {
		t.Errorf("the history is %q, %v, want %q", kept, err, want)
	}
	if all := p.tmux("capture-pane", "-p", "-S", "-500"); strings.Contains(all, password) {
		t.Errorf("the password shows:\n%s", all)
	}
}

// TestShellInTerminalInterrupted: Ctrl-C stops what runs, not the shell; a program that ends early, and the end of the input.
func TestShellInTerminalInterrupted(t *testing.T) {
	drop := pop3test.SampleMaildrop()
	drop.Password = password
	srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop})
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	held := make(chan struct{}, 1)
	srv.Intercept = func(line string) (string, bool) {
		if line == "NOOP" {
			held <- struct{}{}
			<-hold
		}
		return "", false
	}
	srv.Start()
	t.Cleanup(srv.Close)
	t.Cleanup(release)
	home := t.TempDir()
	p := runsInTerminal(t, home, 100, "popgate shell --direct --unsafe-plaintext pop://alice@"+srv.Addr)
	p.types(`(?m)^S:   \+OK maildrop is open\npop3>$`)
	p.tmux("send-keys", "noop", "Enter")
	<-held
	p.tmux("send-keys", "C-c")
	p.types(`(?m)^error interrupted\n(.*\n)*pop3>$`)
	release()
	p.types(`(?m)^popgate: the session has ended: |^status 0`, "exit", "Enter")
}

func TestHistory(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	h := openHistory()
	for _, line := range []string{"stat", "stat", "", " pass hunter2", "APOP alice hunter2", "user alice", "pass"} {
		h.Add(line)
	}
	h = openHistory()
	if h.Len() != 2 || h.At(0) != "user alice" || h.At(1) != "stat" {
		t.Errorf("got %q", h.lines)
	}
	for i := range historyLines {
		h.Add(fmt.Sprint("retr ", i))
	}
	if h = openHistory(); h.Len() != historyLines || h.At(historyLines-1) != "retr 0" {
		t.Errorf("%d lines, %q", h.Len(), h.At(h.Len()-1))
	}
}
