package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// pane is a terminal of tmux, with a server of its own.
type pane struct {
	t      *testing.T
	socket string
}

// runsInTerminal runs a command of the shell in a terminal of so many columns and in the folder home. When it has ended its status
// shows, as "status 0".
func runsInTerminal(t *testing.T, home string, columns int, command string) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		missing(t, fmt.Errorf("the terminal is not tested: %w", err))
	}
	p := &pane{t: t, socket: filepath.Join(home, "tmux")}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", p.socket, "kill-server").Run() }) // it may have ended with its last pane
	p.tmux("-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(columns), "-y", "50", "-c", home,
		"env", "HOME="+home, "SHELL=/bin/sh", "POPGATE_PASSWORD="+password, "sh", "-c", "trap : INT; "+command+`; echo "status $?"; sleep 600`)
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-u", "-S", p.socket}, args...)...).CombinedOutput()
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
	p.shows(want)
}

// blanks stand at the end of a line.
var blanks = regexp.MustCompile(`(?m) +$`)

// shows waits until the screen shows what is wanted, and returns its lines. What the terminal has broken is one line.
func (p *pane) shows(want string) []string {
	p.t.Helper()
	re := regexp.MustCompile(want)
	shown := ""
	eventually(p.t, func() error {
		out, err := exec.Command("tmux", "-u", "-S", p.socket, "capture-pane", "-p", "-J", "-S", "-500").CombinedOutput()
		shown = strings.TrimRight(blanks.ReplaceAllString(string(out), ""), "\n")
		if err == nil && !re.MatchString(shown) {
			err = errors.New("it does not show")
		}
		if err != nil {
			return fmt.Errorf("%s: %w:\n%s", want, err, shown)
		}
		return nil
	})
	return strings.Split(shown, "\n")
}
