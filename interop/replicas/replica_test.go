// Package replicas has tests of popgate's replicas behind real proxies: HAProxy, Envoy and nginx with the files of deploy/, and grpc-go
// that chooses a replica by itself. A proxy that is missing skips its test, in CI it fails it.
package replicas

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/popgate/popgate/pop3/pop3test"
)

// TestMain fails the package where a goroutine outlives the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(built.dir)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// checkout is the root of the sources, seen from here.
const checkout = "../.."

var built struct {
	sync.Once
	dir string
	err error
}

// popgate returns the program, built once.
func popgate(t *testing.T) string {
	t.Helper()
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "popgate-replicas"); built.err != nil { //nolint:usetesting // for all tests
			return
		}
		command := exec.Command("go", "build", "-o", filepath.Join(built.dir, "popgate"), "./cmd/popgate")
		command.Dir = checkout
		if out, err := command.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "popgate")
}

// output is what a process has written.
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

// eventually waits until f returns nil.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for err := f(); err != nil; err = f() {
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// run starts a program, which is sent the signal end when the test is over: SIGTERM where it has children, SIGKILL where it would drain.
func run(t *testing.T, end syscall.Signal, program string, args ...string) (*exec.Cmd, *output) {
	t.Helper()
	out := new(output)
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = out, out
	command.WaitDelay = 10 * time.Second // nginx has children
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s says\n%s", filepath.Base(program), tail(out.String()))
		}
		if command.ProcessState == nil {
			_ = command.Process.Signal(end)
			_ = command.Wait() // by a signal
		}
	})
	return command, out
}

func tail(text string) string { return text[max(0, len(text)-4000):] }

// replica is a popgate serve with a process of its own.
type replica struct {
	name, address, admin string
	drain                time.Duration
	process              *exec.Cmd
}

// start starts the replica, anew with the addresses that it had.
func (r *replica) start(t *testing.T, target string) {
	t.Helper()
	var out *output
	r.process, out = run(t, syscall.SIGKILL, popgate(t), "serve", "--replica", r.name, "--listen", r.address, "--admin-listen", r.admin,
		"--unsafe-allow-plaintext", "--allow-target", target, "--drain", r.drain.String())
	eventually(t, func() error {
		for pattern, address := range map[*regexp.Regexp]*string{listening: &r.address, pages: &r.admin} {
			match := pattern.FindStringSubmatch(out.String())
			if match == nil {
				return fmt.Errorf("no %v in the log:\n%s", pattern, out)
			}
			*address = match[1]
		}
		return nil
	})
}

var (
	listening = regexp.MustCompile(`msg=listening address=(\S+)`)
	pages     = regexp.MustCompile(`msg="admin pages" address=(\S+)`)
)

// terminate has the replica drain.
func (r *replica) terminate(t *testing.T) {
	t.Helper()
	if err := r.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// wait waits for the end of a replica that drains. One that does not end is a failure.
func (r *replica) wait(t *testing.T) {
	t.Helper()
	hung := time.AfterFunc(time.Minute, func() { _ = r.process.Process.Kill() })
	defer hung.Stop()
	if err := r.process.Wait(); err != nil {
		t.Errorf("replica %s: %v", r.name, err)
	}
}

// farm are three replicas and the POP3 server behind them.
type farm struct {
	server   *pop3test.Server
	drops    map[string]*pop3test.Maildrop
	replicas [3]*replica
}

// longDrain is more than a test takes whose replicas are not to end by themselves.
const longDrain = 2 * time.Minute

// newFarm starts three replicas, which drain for that long. Each user has a maildrop with messages.
func newFarm(t *testing.T, users, messages int, drain time.Duration) *farm {
	t.Helper()
	drops := map[string]*pop3test.Maildrop{}
	for u := range users {
		drop := pop3test.NewMaildrop(password)
		for m := range messages {
			drop.Add(pop3test.NewMessage([]byte(mail(m, u))))
		}
		drops[user(u)] = drop
	}
	f := &farm{server: pop3test.NewServer(drops), drops: drops}
	t.Cleanup(f.server.Close)
	for i, name := range []string{"a", "b", "c"} {
		f.replicas[i] = &replica{name: name, address: "127.0.0.1:" + freePort(t), admin: "127.0.0.1:" + freePort(t), drain: drain}
		f.replicas[i].start(t, f.server.Addr)
	}
	return f
}

const password = "open sesame"

// mail is a message of a user.
func mail(n, user int) string { return fmt.Sprintf("Subject: %d of %d\r\n\r\nbody\r\n", n, user) }

func user(n int) string { return fmt.Sprintf("user%d", n) }

// connect returns a connection of a caller.
func connect(t *testing.T, target string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(target, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// freePort returns a port that nobody listens on at the moment. It is none that the system gives to outgoing connections, which could
// take it while a replica is restarted.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20000 + rand.IntN(12000))
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+port)
		if err == nil {
			listener.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}
