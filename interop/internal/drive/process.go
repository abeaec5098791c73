package drive

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Replica is what the gateways call themselves in session ids.
const Replica = "interop"

// A Gateway is a running popgate serve.
type Gateway struct {
	Address string
	Conn    *grpc.ClientConn // for the Go stubs
	process *os.Process
	log     *processLog
	exited  chan struct{} // closed after the end, when status is set
	status  error
	killed  bool
}

// Start starts popgate serve, of the given file, on a free port of loopback,
// with more flags, and waits until it listens. No secret may stand in its log.
func Start(file string, secrets []string, flags ...string) (*Gateway, error) {
	g := &Gateway{log: &processLog{address: make(chan string, 1), secrets: secrets}, exited: make(chan struct{})}
	command := exec.Command(file, append([]string{
		"serve", "--listen", "127.0.0.1:0", "--replica", Replica, "--drain", "1s", "--log-level", "debug",
		"--failed-logins", "1000000", // wrong secrets are what many tests try
	}, flags...)...)
	command.Stderr = g.log
	command.Env = gatewayEnvironment()
	if err := command.Start(); err != nil {
		return nil, err
	}
	g.process = command.Process
	go func() {
		g.status = command.Wait()
		close(g.exited)
	}()
	if err := g.awaitAddress(); err != nil {
		return nil, errors.Join(err, g.Stop())
	}
	var err error
	g.Conn, err = grpc.NewClient(g.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, errors.Join(err, g.Stop())
	}
	return g, nil
}

// gatewayEnvironment is the environment without the variables that set flags.
// The race detector is kept from idling for a second at the end; a race that
// it has found makes the exit status 66.
func gatewayEnvironment() []string {
	rest := slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "POPGATE_") })
	return append(rest, "GORACE=atexit_sleep_ms=20")
}

func (g *Gateway) awaitAddress() error {
	select {
	case g.Address = <-g.log.address:
		return nil
	case <-g.exited:
	case <-time.After(Patience):
	}
	return fmt.Errorf("the gateway does not listen; its log:\n%s", g.log.String())
}

// Stop ends the gateway as an operator would, and returns what was wrong with
// it. A gateway that was killed has no say about its end.
func (g *Gateway) Stop() error {
	if g.Conn != nil {
		_ = g.Conn.Close()
	}
	_ = g.process.Signal(syscall.SIGTERM) // fails where it has ended
	select {
	case <-g.exited:
	case <-time.After(Patience):
		g.Kill()
		return fmt.Errorf("the gateway did not stop at SIGTERM; its log:\n%s", g.log.String())
	}
	if g.status != nil && !g.killed {
		return fmt.Errorf("the gateway ended with %w; its log:\n%s", g.status, g.log.String())
	}
	return g.log.check()
}

// Kill ends the gateway at once, without a chance to say anything to anybody.
func (g *Gateway) Kill() {
	g.killed = true
	_ = g.process.Kill()
	<-g.exited
}

// CloseSession ends a session, if it and the gateway are there.
func (g *Gateway) CloseSession(id string) error {
	select {
	case <-g.exited:
		return nil
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	_, err := pb.NewPop3ServiceClient(g.Conn).CloseSession(ctx, &pb.CloseSessionRequest{SessionId: id})
	return err
}

// processLog keeps what a gateway writes to standard error.
type processLog struct {
	mu      sync.Mutex
	text    bytes.Buffer
	secrets []string
	address chan string // gets the address, once
	found   bool
}

// listening is the line that says where a gateway listens.
var listening = regexp.MustCompile(`msg=listening address=(\S+) .*\n`)

func (l *processLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if !l.found {
		if match := listening.FindSubmatch(l.text.Bytes()); match != nil {
			l.address <- string(match[1])
			l.found = true
		}
	}
	return len(p), nil
}

func (l *processLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// check looks for what must not be in the log of any gateway: data races,
// defects, and secrets.
func (l *processLog) check() error {
	text := l.String()
	for _, word := range append(l.secrets, "DATA RACE", "panic", "ERROR_REASON_INTERNAL") {
		if strings.Contains(text, word) {
			return fmt.Errorf("%q stands in the gateway's log:\n%s", word, text)
		}
	}
	return nil
}

// SecretForms are the forms in which the secret of a user must not be told.
func SecretForms(name, secret string) []string {
	return []string{secret, base64.RawStdEncoding.EncodeToString([]byte(secret)), PlainResponse(name, secret)}
}
