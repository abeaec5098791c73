package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// killedVariable makes TestGatewayToKill a gateway.
const killedVariable = "POPGATE_TEST_GATEWAY_TO_KILL"

// TestGatewayToKill is the gateway of TestKill, in a process of its own. It lives until it is killed, or whoever started it is.
func TestGatewayToKill(t *testing.T) {
	if os.Getenv(killedVariable) == "" {
		t.Skip("only for TestKill")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, Config{UnsafeAllowPlaintext: true, dial: new(net.Dialer).DialContext}, listener)
	fmt.Fprintln(os.Stdout, "gateway at", listener.Addr())
	io.Copy(io.Discard, os.Stdin)
	s.Shutdown(t.Context())
}

// startGateway starts a gateway in a process of its own, and returns a caller's connection to it and what kills it.
func startGateway(t *testing.T) (conn *grpc.ClientConn, kill func()) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestGatewayToKill$")
	cmd.Env = append(os.Environ(), killedVariable+"=1")
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // says that it was killed
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	address, isAddress := strings.CutPrefix(strings.TrimSpace(line), "gateway at ")
	if err != nil || !isAddress {
		t.Fatalf("%q, %v", line, err)
	}
	conn, err = grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableServiceConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, kill
}

// witness is a POP3 server that plays lines, and then tells what comes behind them up to the end of the connection.
func witness(t *testing.T, lines string) (address string, arrived <-chan error, rest <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	played, more := make(chan error, 1), make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			defer conn.Close()
			err = recite(conn, lines)
		}
		played <- err
		if err == nil {
			all, _ := io.ReadAll(conn)
			more <- string(all)
		}
	}()
	return listener.Addr().String(), played, more
}

// TestKill kills the gateway while each command waits for its reply, and while nothing does. The caller gets UNAVAILABLE without
// ErrorInfo, and the server nothing more: no QUIT but the caller's, so that it removes nothing else (RFC 1939 section 6).
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each command")
	}
	for _, col := range columns() {
		t.Run(col.name, func(t *testing.T) { killDuring(t, col, col.begin()) })
	}
	idle := columns()[len(columns())-1] // in TRANSACTION
	idle.act.call = nil
	t.Run("idle", func(t *testing.T) { killDuring(t, idle, strings.TrimSuffix(idle.begin(), idle.asked)) })
}

func killDuring(t *testing.T, col column, lines string) {
	conn, kill := startGateway(t)
	address, arrived, rest := witness(t, lines)
	from := &caller{ctx: context.Background(), g: pb.NewPop3ServiceClient(conn), server: plain(t, address)}
	for _, a := range col.before {
		if err := a.call(from); err != nil {
			t.Fatal(err)
		}
	}
	outcome := make(chan error, 1)
	if col.act.call != nil {
		go func() { outcome <- col.act.call(from) }()
	}
	if err := <-arrived; err != nil {
		t.Fatal(err)
	}
	kill()
	lost := failure{codes.Unavailable, "", nil}
	if col.act.call != nil {
		wantFailure(t, "the call", <-outcome, lost)
	}
	wantFailure(t, "the next call", from.noop(), lost)
	if more := <-rest; more != "" {
		t.Errorf("the server got %q", more)
	}
}
