package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// window is for how long a caller's calls are timed.
const window = 6 * time.Second

// BenchmarkNeighbour has one caller attack a gateway, and tells what another one notices: the 99th percentile of its Noop (p99-ms); the
// same with that gateway left in peace, while a process that talks to nobody uses as much of the processors as the attacker has
// (calm-p99-ms), and as much as the attacker and the gateway's work for it (busy-p99-ms); and how many times these the first is. Times
// depend on the machine, and fail nothing; an error of the other caller's does, or more calls in the gateway than one connection
// may have.
func BenchmarkNeighbour(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				n := newNeighbours(b)
				n.measure(b, name)
			}
			b.ReportMetric(0, "ns/op") // of all, which says nothing
		})
	}
}

// neighbours are two callers of a gateway, who are known to it by their certificates.
type neighbours struct {
	gateway *process
	mail    *process // the POP3 server of the attacker
	keys    string
	request string // file: the attacker's OpenSession
	client  pb.Pop3ServiceClient
	session string // of the other caller
}

func newNeighbours(b *testing.B) *neighbours {
	b.Helper()
	program, err := build(filepath.Join(checkout, "cmd/popgate"), ".", "popgate")
	if err != nil {
		b.Fatal(err)
	}
	n := &neighbours{keys: folderOfKeys(b)}
	var callers []byte
	for _, name := range []string{"attacker", "neighbour"} {
		cert, key, err := keyPairOf(name + ".example")
		if err != nil {
			b.Fatal(err)
		}
		callers = append(callers, cert...)
		n.write(b, name+"-cert.pem", cert)
		n.write(b, name+"-key.pem", key)
	}
	n.write(b, "callers.pem", callers)
	n.mail = mailserver(b, n.keys, stalledReaders, 8)
	other := mailserver(b, n.keys, 1, 1)
	file := func(name string) string { return filepath.Join(n.keys, name) }
	n.gateway = start(b, program, "serve", "--listen", "127.0.0.1:0", "--allow-target", n.mail.address(), "--allow-target", other.address(),
		"--tls-cert", file("cert.pem"), "--tls-key", file("key.pem"), "--tls-client-ca", file("callers.pem"), "--max-sessions-per-host", "2000")
	request, err := proto.Marshal(openingTLS(b, n.mail.address(), n.keys))
	if err != nil {
		b.Fatal(err)
	}
	n.request = n.write(b, "request", request)
	config, err := clientTLS(n.keys, "neighbour")
	if err != nil {
		b.Fatal(err)
	}
	conn, err := grpc.NewClient(n.gateway.address(), grpc.WithTransportCredentials(credentials.NewTLS(config)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	n.client = pb.NewPop3ServiceClient(conn)
	opened, err := n.client.OpenSession(b.Context(), openingTLS(b, other.address(), n.keys))
	if err != nil {
		b.Fatal(err)
	}
	n.session = opened.GetSessionId()
	if _, err := n.client.User(b.Context(), &pb.UserRequest{SessionId: n.session, Username: "user0"}); err != nil {
		b.Fatal(err)
	}
	if _, err := n.client.Pass(b.Context(), &pb.PassRequest{SessionId: n.session, Password: password}); err != nil {
		b.Fatal(err)
	}
	return n
}

func (n *neighbours) write(b *testing.B, name string, content []byte) string {
	b.Helper()
	file := filepath.Join(n.keys, name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// child starts a process of this benchmark's that ends with it.
func child(b *testing.B, args ...string) *process {
	b.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	if _, err := cmd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	return launch(b, cmd)
}

// attack starts an attacker, and waits until the attack is under way.
func (n *neighbours) attack(b *testing.B, name string) *process {
	b.Helper()
	p := child(b, "attacker", name, n.gateway.address(), n.request, n.keys)
	p.stderr.waitFor(b, "under way")
	return p
}

func (n *neighbours) measure(b *testing.B, name string) {
	b.Helper()
	attacker := n.attack(b, name)
	began, gateway := attacker.processor(b)+n.mail.processor(b), n.gateway.processor(b)
	attacked := n.p99(b)
	cost := attacker.processor(b) + n.mail.processor(b) - began
	gateway = n.gateway.processor(b) - gateway
	attacker.kill()
	time.Sleep(time.Second) // in which the gateway clears up
	own := n.gateway.processor(b)
	calm := n.beside(b, cost)
	own = n.gateway.processor(b) - own
	busy := n.beside(b, cost+max(0, gateway-own))
	peak := n.gateway.peak(b)

	attacker = n.attack(b, name)
	time.Sleep(time.Second)
	n.gateway.signal(syscall.SIGQUIT) // it tells of all goroutines
	n.gateway.wait()
	attacker.kill()
	stacks := n.gateway.stderr.String()
	calls := strings.Count(stacks, "grpc.(*Server).handleStream(")
	b.ReportMetric(float64(attacked)/1e6, "p99-ms")
	b.ReportMetric(float64(calm)/1e6, "calm-p99-ms")
	b.ReportMetric(float64(busy)/1e6, "busy-p99-ms")
	b.ReportMetric(float64(attacked)/float64(calm), "ratio")
	b.ReportMetric(float64(attacked)/float64(busy), "busy-ratio")
	b.ReportMetric(cost.Seconds()/window.Seconds(), "attacker-cores")
	b.ReportMetric(gateway.Seconds()/window.Seconds(), "gateway-cores")
	b.ReportMetric(float64(strings.Count(stacks, "\ngoroutine ")), "goroutines")
	b.ReportMetric(float64(calls), "calls")
	b.ReportMetric(float64(peak)/mebi, "VmHWM-MiB")
	if calls > 1000 {
		b.Errorf("%d calls in the gateway at once", calls)
	}
}

// beside is p99 while a process that talks to nobody uses so much of the processors' time.
func (n *neighbours) beside(b *testing.B, load time.Duration) time.Duration {
	b.Helper()
	burner := child(b, "burner", strconv.FormatFloat(load.Seconds()/window.Seconds(), 'f', 3, 64))
	defer burner.kill()
	return n.p99(b)
}

// p99 makes calls for a while, and returns what one of a hundred takes longer than.
func (n *neighbours) p99(b *testing.B) time.Duration {
	b.Helper()
	var took []time.Duration
	for begin := time.Now(); time.Since(begin) < window; time.Sleep(time.Millisecond) {
		call := time.Now()
		if _, err := n.client.Noop(b.Context(), &pb.NoopRequest{SessionId: n.session}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(call))
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait() // it says that it was killed
}

// processor returns how much time of processors a process has used (proc_pid_stat(5)).
func (p *process) processor(t testing.TB) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	ticks := 0
	for _, field := range strings.Fields(after)[11:13] { // utime and stime
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}
