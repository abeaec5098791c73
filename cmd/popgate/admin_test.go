package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/channelz/grpc_channelz_v1"
	"google.golang.org/grpc/encoding"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// adminAt is the line of the log that says where the admin pages are.
const adminAt = `admin pages" address=(\S+)`

// page reads an admin page.
func page(t *testing.T, address, path string) (status int, text string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(all)
}

func TestAdminPages(t *testing.T) {
	srv := mailbox(t, pop3test.SampleMaildrop())
	gateway := serves(t, append(towards(srv), "--admin-listen", "127.0.0.1:0", "--drain", "2m")...)
	admin := gateway.log.waitFor(t, adminAt)
	conn := connect(t, gateway.address)
	client := pb.NewPop3ServiceClient(conn)
	id := open(t, client, srv)
	for path, want := range map[string]string{"/livez": "ok\n", "/readyz": "ok\n", "/metrics": "\npop3_sessions{state=\"authorization\"} 1\n"} {
		if status, text := page(t, admin, path); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	for _, path := range []string{"/debug/pprof/", "/", "/nothing"} {
		if status, _ := page(t, admin, path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	channelz := grpc_channelz_v1.NewChannelzClient(connect(t, admin))
	resp, err := channelz.GetServers(t.Context(), &grpc_channelz_v1.GetServersRequest{})
	if err != nil || len(resp.GetServer()) == 0 {
		t.Errorf("channelz: %v, %v", resp, err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- gateway.stop() }()
	eventually(t, func() error {
		status, text := page(t, admin, "/readyz")
		if status != http.StatusServiceUnavailable || text != "draining\n" {
			return fmt.Errorf("while it drains: %d %s", status, text)
		}
		return nil
	})
	if status, _ := page(t, admin, "/livez"); status != http.StatusOK {
		t.Errorf("/livez while it drains: %d", status)
	}
	if _, err := channelz.GetServers(t.Context(), &grpc_channelz_v1.GetServersRequest{}); err != nil {
		t.Errorf("channelz while it drains: %v", err)
	}
	if _, err := client.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", admin); err == nil {
		conn.Close()
		t.Error("the admin pages outlive the gateway")
	}
}

func TestAdminPprof(t *testing.T) {
	admin := serves(t, "--admin-listen", "127.0.0.1:0", "--admin-pprof").log.waitFor(t, adminAt)
	if status, text := page(t, admin, "/debug/pprof/"); status != http.StatusOK || !strings.Contains(text, "goroutine") {
		t.Errorf("%d %s", status, text)
	}
}

// TestAdminStaysHere: other hosts reach the admin pages only where the operator says so.
func TestAdminStaysHere(t *testing.T) {
	for args, want := range map[string]string{
		"--admin-listen :0":                             "--admin-listen :0: only loopback",
		"--admin-listen 0.0.0.0:9112":                   "only loopback",
		"--admin-pprof":                                 "need --admin-listen",
		"--unsafe-admin-beyond-loopback":                "need --admin-listen",
		"--admin-listen " + occupied(t):                 "--admin-listen: ",
		"--audit-log /no/such/folder/audit.json":        "--audit-log: ",
		"--listen 127.0.0.1:0 --admin-listen 127.0.0.1": "only loopback",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		all := append([]string{"serve", "--listen", "127.0.0.1:0"}, strings.Fields(args)...)
		err := run(ctx, all, io.Discard, io.Discard)
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
	opened := serves(t, "--admin-listen", ":0", "--unsafe-admin-beyond-loopback").log
	opened.waitFor(t, adminAt)
	if !strings.Contains(opened.String(), `level=WARN msg="unsafe: the admin pages`) {
		t.Error("no warning")
	}
	if text := serves(t).log.String(); strings.Contains(text, "admin pages") {
		t.Error("there are admin pages unasked")
	}
}

// raw is a codec that leaves messages as they are on the wire.
type raw struct{}

func (raw) Marshal(any) ([]byte, error) { return nil, nil }
func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (raw) Name() string { return "proto" }

var _ encoding.Codec = raw{}

// collector takes traces as OpenTelemetry's collector does, and keeps what it gets.
func collector(t *testing.T) (address string, got func() string) {
	t.Helper()
	var mu sync.Mutex
	var all strings.Builder
	srv := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		var data []byte
		if err := stream.RecvMsg(&data); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		all.Write(data)
		return stream.SendMsg(nil)
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	t.Cleanup(func() {
		srv.Stop()
		<-served
	})
	return listener.Addr().String(), func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}
}

// TestNothingSecretIsTold has all dealings with a mailbox that could tell too much, with all that a gateway can tell switched on, and
// looks into the log, the audit log, the traces that a collector gets, and the admin pages.
func TestNothingSecretIsTold(t *testing.T) {
	address, traces := collector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+address)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=canary-collector")
	audit := filepath.Join(t.TempDir(), "audit.json")
	srv := indiscreet(t)
	gateway := serves(t, append(towards(srv), "--replica", "tested", "--log-level", "debug", "--audit-log", audit, "--failed-logins", "100",
		"--admin-listen", "127.0.0.1:0", "--admin-pprof")...)
	admin := gateway.log.waitFor(t, adminAt)
	conn := connect(t, gateway.address)
	secrets := append(gossip(t, pb.NewPop3ServiceClient(conn), srv), "canary-collector")
	pages := ""
	for _, path := range []string{"/metrics", "/livez", "/readyz", "/debug/pprof/goroutine?debug=2", "/debug/pprof/heap?debug=1", "/debug/pprof/cmdline"} {
		_, text := page(t, admin, path)
		pages += text
	}
	channelz := grpc_channelz_v1.NewChannelzClient(connect(t, admin))
	servers, err := channelz.GetServers(t.Context(), &grpc_channelz_v1.GetServersRequest{})
	if err != nil {
		t.Fatal(err)
	}
	pages += servers.String()
	for _, server := range servers.GetServer() {
		sockets, err := channelz.GetServerSockets(t.Context(), &grpc_channelz_v1.GetServerSocketsRequest{ServerId: server.GetRef().GetServerId()})
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range sockets.GetSocketRef() {
			socket, _ := channelz.GetSocket(t.Context(), &grpc_channelz_v1.GetSocketRequest{SocketId: ref.GetSocketId()})
			pages += socket.String()
		}
	}
	if err := gateway.stop(); err != nil {
		t.Fatal(err)
	}
	events, err := os.ReadFile(audit)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"log": gateway.log.String(), "audit log": string(events), "traces": traces(), "admin pages": pages} {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in the %s", secret, what)
			}
		}
	}
	for text, want := range map[string]string{
		traces():             "POP3 PASS",
		string(events):       `"event":"login"`,
		gateway.log.String(): `msg=dialogue .*line="PASS \*\*\*"`,
		pages:                `pop3_logins_total\{result="login_failed"\}`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %s in what is told", want)
		}
	}
}

// TestTracesAreAskedFor: without variables there are none, and a protocol that is not known is refused.
func TestTracesAreAskedFor(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, true},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, true},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}, false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_EXPORTER": "none"}, false},
	} {
		if got := tracing(func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("%v: %v", tt.env, got)
		}
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	err := run(t.Context(), []string{"serve", "--listen", "127.0.0.1:0"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "only grpc is known") {
		t.Error(err)
	}
}
