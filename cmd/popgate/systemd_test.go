//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// notified returns the next thing that a process tells its service manager.
func notified(t *testing.T, socket *net.UnixConn) string {
	t.Helper()
	if err := socket.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	message := make([]byte, 256)
	n, err := socket.Read(message)
	if err != nil {
		t.Fatal(err)
	}
	return string(message[:n])
}

// manager is the socket of a service manager, which the processes that the test starts are to tell how far they are.
func manager(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return socket
}

// A service manager is told when popgate serves, and when it drains.
func TestNotify(t *testing.T) {
	socket := manager(t)
	p := start(t, "popgate", "serve", "--listen", "127.0.0.1:0")
	if got := notified(t, socket); got != "READY=1" {
		t.Errorf("told %q", got)
	}
	p.address() // it listens by then
	p.signal(syscall.SIGTERM)
	if got := notified(t, socket); got != "STOPPING=1" {
		t.Errorf("told %q", got)
	}
	if state := p.wait(); state.ExitCode() != 0 {
		t.Errorf("%s:\n%s", state, &p.stderr)
	}
}

// What the unit does at `systemctl reload` has a gateway that says it is ready read its settings anew, and go on.
func TestReloadOfUnit(t *testing.T) {
	unit, err := os.ReadFile(filepath.Join(checkout, "deploy", "popgate.service"))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for line := range strings.Lines(string(unit)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			settings[key] = value
		}
	}
	reload := strings.Fields(settings["ExecReload"])
	if settings["Type"] != "notify" || len(reload) == 0 {
		t.Fatalf("Type=%s, ExecReload=%q", settings["Type"], reload)
	}
	if _, err := os.Stat(reload[0]); err != nil {
		missing(t, err)
	}
	socket, file := manager(t), configFile(t, "listen: 127.0.0.1:0\n")
	p := start(t, "popgate", "serve", "--config", file)
	if got := notified(t, socket); got != "READY=1" { // systemd reloads nothing before
		t.Fatalf("told %q", got)
	}
	if err := os.WriteFile(file, []byte("listen: 127.0.0.1:0\nlog-level: debug\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range reload { // no shell is in between
		reload[i] = strings.ReplaceAll(reload[i], "$MAINPID", strconv.Itoa(p.cmd.Process.Pid))
	}
	if out, err := exec.Command(reload[0], reload[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v: %s", reload, err, out)
	}
	p.stderr.waitFor(t, `the configuration was read anew" log_level=DEBUG`)
	p.signal(syscall.SIGTERM)
	if state := p.wait(); state.ExitCode() != 0 {
		t.Errorf("%s:\n%s", state, &p.stderr)
	}
}

// popgate serves on a socket that was open before it was there: whoever connects meanwhile waits and is served.
func TestSocketActivation(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p := &process{t: t, cmd: exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec popgate serve --listen systemd --unsafe-allow-plaintext-callers`)}
	p.cmd.ExtraFiles = []*os.File{file}
	p.cmd.Stderr = &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	if got := p.address(); got != listener.Addr().String() {
		t.Errorf("listens on %s, want %s", got, listener.Addr())
	}
	eventually(t, func() error {
		out, err := exec.Command("popgate", "healthcheck", "--timeout", "1m", "--address", listener.Addr().String()).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	p.signal(syscall.SIGTERM)
	if state := p.wait(); state.ExitCode() != 0 {
		t.Errorf("%s:\n%s", state, &p.stderr)
	}
}

// Without systemd's socket, or without TLS for it, popgate does not start.
func TestNoSocket(t *testing.T) {
	for args, want := range map[string]string{
		"--listen systemd": "only loopback without TLS",
		"--listen systemd --unsafe-allow-plaintext-callers": "systemd passes 0 sockets",
	} {
		out, err := exec.Command("popgate", append([]string{"serve"}, strings.Fields(args)...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v: %s", args, err, out)
		}
	}
}
