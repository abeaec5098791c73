package replicas

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// proxy is one that is started with a file of deploy/.
type proxy struct {
	name   string
	file   string
	header string // what callers send back as it came
	args   func(config string) []string
}

var proxies = []proxy{
	{"haproxy", "haproxy.cfg", sessionHeader, func(c string) []string { return []string{"-db", "-f", c} }},
	{"nginx", "nginx.conf", sessionHeader, func(c string) []string {
		return []string{"-e", "stderr", "-p", filepath.Dir(c), "-c", c, "-g", "daemon off; error_log stderr; pid nginx.pid; user root;"}
	}},
	{"envoy", "envoy.yaml", sessionHeader, envoyArgs},
	{"envoy", "envoy-header.yaml", "popgate-replica", envoyArgs},
}

const sessionHeader = "pop3-session"

func envoyArgs(c string) []string {
	return []string{"-c", c, "--use-dynamic-base-id", "--concurrency", "2", "--log-level", "warning"}
}

// program finds a proxy, or skips the test. In CI none may be missing.
func (p proxy) program(t *testing.T) string {
	t.Helper()
	own, _ := filepath.Abs(filepath.Join(checkout, ".tools", p.name, "bin", p.name))
	for _, place := range []string{own, p.name, "/usr/sbin/" + p.name} {
		if found, err := exec.LookPath(place); err == nil {
			return found
		}
	}
	message := fmt.Sprintf("%s is not installed: apt-get install haproxy nginx-light, tools/install envoy", p.name)
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// front starts the proxy in front of a farm and returns where callers reach it.
func (p proxy) front(t *testing.T, f *farm) string {
	t.Helper()
	program := p.program(t)
	text, err := os.ReadFile(filepath.Join(checkout, "deploy", p.file))
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	ports := []string{"9110", port}
	for i, r := range f.replicas {
		for j, address := range []string{r.address, r.admin} {
			_, port, _ := net.SplitHostPort(address)
			ports = append(ports, fmt.Sprint(9121+10*j+i), port)
		}
	}
	config := filepath.Join(t.TempDir(), p.file)
	if err := os.WriteFile(config, []byte(strings.NewReplacer(ports...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, syscall.SIGTERM, program, p.args(config)...)
	front := "127.0.0.1:" + port
	conn := connect(t, front)
	eventually(t, func() error { // its checks of the replicas have passed, too
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{}, grpc.WaitForReady(true))
		return err
	})
	return front
}
