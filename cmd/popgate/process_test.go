package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"testing"
	"time"
)

// output is what a command has written so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// waitFor waits until the output matches, and returns the last submatch.
func (o *output) waitFor(t testing.TB, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var match []string
	eventually(t, func() error {
		if match = re.FindStringSubmatch(o.String()); match == nil {
			return fmt.Errorf("no %q in the output:\n%s", pattern, o)
		}
		return nil
	})
	return match[len(match)-1]
}

// listening is the line of the log that says where the gateway is, in both formats.
const listening = `listening"?,?\s?"?address"?[=:]"?([^" ]+)`

// process is a popgate with a process of its own.
type process struct {
	t              testing.TB
	cmd            *exec.Cmd
	stdout, stderr output
}

// start starts a program. It is killed when the test is over, if it still runs then.
func start(t testing.TB, program string, args ...string) *process {
	t.Helper()
	return launch(t, exec.Command(program, args...))
}

// launch starts a command as start does.
func launch(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd}
	p.cmd.Env = append(os.Environ(), "POPGATE_REPLICA=tested")
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
	})
	return p
}

// address waits until the process listens, and returns where.
func (p *process) address() string {
	p.t.Helper()
	return p.stderr.waitFor(p.t, listening)
}

func (p *process) signal(sig os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// repeat sends a signal again and again until the process has ended: two that come at once are one.
func (p *process) repeat(sig os.Signal) {
	for p.cmd.Process.Signal(sig) == nil {
		time.Sleep(100 * time.Millisecond)
	}
}

// wait waits for the end of the process and returns its status. One that does not end is a failure.
func (p *process) wait() *os.ProcessState {
	p.t.Helper()
	hung := time.AfterFunc(time.Minute, func() { p.cmd.Process.Kill() })
	p.cmd.Wait()
	if !hung.Stop() {
		p.t.Fatalf("the process did not end:\n%s%s", &p.stdout, &p.stderr)
	}
	return p.cmd.ProcessState
}

// runs is a popgate serve inside the test.
type runs struct {
	address string
	log     *output
	stop    func() error // ends it as a signal would
}

// serves runs popgate serve with these arguments on a free port of loopback.
func serves(t *testing.T, args ...string) runs {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := runs{log: new(output)}
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0", "--drain", "0s"}, args...), r.log, r.log)
	}()
	r.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { r.stop() })
	r.address = r.log.waitFor(t, listening)
	return r
}

// occupied returns an address of loopback where somebody listens already.
func occupied(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// vacant returns an address of loopback where nobody listens. It is that of an outgoing connection, so that nobody else gets it.
func vacant(t *testing.T) string {
	t.Helper()
	conn, err := net.Dial("tcp", occupied(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
}

// reserved returns an address of loopback for a process of the test to listen on. Its port is none that the system gives to outgoing
// connections, which could take it before that process does.
func reserved(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprint("127.0.0.1:", 20000+rand.IntN(12000))
		listener, err := net.Listen("tcp", address)
		if err == nil {
			listener.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}
