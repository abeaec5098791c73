package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/popgate/popgate/pop3/pop3test"
)

// pane is a terminal of tmux, with a server of its own.
type pane struct {
	t      *testing.T
	socket string
}

// runsInTerminal runs a command of the shell in a terminal of 100 columns.
func runsInTerminal(t *testing.T, home, command string) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		missing(t, fmt.Errorf("the terminal is not tested: %w", err))
	}
	p := &pane{t: t, socket: filepath.Join(home, "tmux")}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", p.socket, "kill-server").Run() }) // it may have ended with its last pane
	p.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "50",
		"env", "HOME="+home, "SHELL=/bin/sh", "POPGATE_PASSWORD="+password, "sh", "-c", "trap : INT; "+command+`; echo "status $?"; sleep 60`)
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// types sends keys by tmux's names, and waits for what the screen shows then.
func (p *pane) types(want string, keys ...string) {
	p.t.Helper()
	if len(keys) > 0 {
		p.tmux(append([]string{"send-keys"}, keys...)...)
	}
	re := regexp.MustCompile(want)
	eventually(p.t, func() error {
		shown, err := exec.Command("tmux", "-S", p.socket, "capture-pane", "-p", "-S", "-500").CombinedOutput()
		if err == nil && !re.Match(shown) {
			err = errors.New("it does not show")
		}
		if err != nil {
			return fmt.Errorf("%s: %w:\n%s", want, err, shown)
		}
		return nil
	})
}

// TestShellInTerminal: what a person types, completes, and has typed before.
func TestShellInTerminal(t *testing.T) {
	drop := pop3test.NewMaildrop("", pop3test.NewMessage([]byte("Subject: \x1b[31mred\r\n\r\na\tb\r\n")))
	srv := mailbox(t, drop)
	gateway := serves(t, towards(srv)...).address
	home := t.TempDir()
	command := "popgate shell --no-login --unsafe-plaintext --gateway " + gateway + " pop://alice@" + srv.Addr
	p := runsInTerminal(t, home, command)
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
	p := runsInTerminal(t, home, "popgate shell --direct --unsafe-plaintext pop://alice@"+srv.Addr)
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
