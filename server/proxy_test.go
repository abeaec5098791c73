package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Credentials of a proxyServer.
const proxyUser, proxyPassword = "gateway", "open:sesame"

// proxyServer is a proxy on loopback that asks for credentials.
type proxyServer struct {
	*Proxy
	listener net.Listener
	deaf     bool // connects to nothing

	mu      sync.Mutex
	targets []string // what it was asked to connect to
	peers   []string // whose connections it got
}

// newProxyServer starts a proxy: socks5, http or https.
func newProxyServer(t *testing.T, scheme, credentials string) *proxyServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxyServer{listener: listener}
	if p.Proxy, err = ParseProxy(scheme + "://" + listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if credentials != "" {
		if err := p.SetCredentials(credentials); err != nil {
			t.Fatal(err)
		}
	}
	if scheme == "https" {
		ca := newAuthority(t)
		pair := ca.issue(t, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
		p.listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
		p.tls.RootCAs = ca.pool()
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := p.listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() { listener.Close(); running.Wait() })
	return p
}

// serve does what one client asks for.
func (p *proxyServer) serve(client net.Conn) {
	defer client.Close()
	from, _, _ := net.SplitHostPort(client.RemoteAddr().String())
	p.mu.Lock()
	p.peers = append(p.peers, from)
	p.mu.Unlock()
	r := bufio.NewReader(client)
	negotiate, yes, no := askedBySOCKS, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"
	if p.scheme != "socks5" {
		negotiate, yes, no = askedByCONNECT, "HTTP/1.1 200 Connected\r\nVia: a test\r\n\r\n", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
	}
	target, err := negotiate(r, client)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.targets = append(p.targets, target)
	p.mu.Unlock()
	var server net.Conn
	if !p.deaf {
		server, _ = net.Dial("tcp", target)
	}
	if server == nil {
		io.WriteString(client, no)
		return
	}
	defer server.Close()
	io.WriteString(client, yes)
	done := make(chan struct{})
	go func() { io.Copy(server, r); server.(*net.TCPConn).CloseWrite(); close(done) }()
	io.Copy(client, server)
	client.Close()
	<-done
}

// seen returns what was asked for, and by whom.
func (p *proxyServer) seen() (targets, peers []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.targets, p.peers
}

// errAsked says that a client did not ask as it should have.
var errAsked = errors.New("not what the proxy expects")

// askedBySOCKS returns what a client asks for (RFC 1928) who has the credentials (RFC 1929).
func askedBySOCKS(r *bufio.Reader, client net.Conn) (target string, _ error) {
	b := make([]byte, 2)
	if _, err := io.ReadFull(r, b); err != nil || b[0] != 5 {
		return "", errAsked
	}
	methods := make([]byte, b[1])
	io.ReadFull(r, methods)
	if !slices.Contains(methods, 2) {
		io.WriteString(client, "\x05\xff")
		return "", errAsked
	}
	io.WriteString(client, "\x05\x02")
	want := fmt.Sprintf("\x01%c%s%c%s", len(proxyUser), proxyUser, len(proxyPassword), proxyPassword)
	got := make([]byte, len(want))
	if io.ReadFull(r, got); string(got) != want {
		io.WriteString(client, "\x01\x01")
		return "", errAsked
	}
	io.WriteString(client, "\x01\x00")
	head := make([]byte, 4)
	io.ReadFull(r, head)
	size := map[byte]int{1: 4, 4: 16}[head[3]] // a name is not answered
	address := make([]byte, size+2)
	io.ReadFull(r, address)
	ip, ok := netip.AddrFromSlice(address[:size])
	if !ok {
		return "", errAsked
	}
	return netip.AddrPortFrom(ip, uint16(address[size])<<8|uint16(address[size+1])).String(), nil
}

// askedByCONNECT returns what a client asks for (RFC 9110 section 9.3.6) who has the credentials (RFC 7617).
func askedByCONNECT(r *bufio.Reader, client net.Conn) (target string, _ error) {
	request, err := http.ReadRequest(r)
	if err != nil || request.Method != http.MethodConnect || request.Host != request.RequestURI {
		return "", errAsked
	}
	basic := base64.StdEncoding.EncodeToString([]byte(proxyUser + ":" + proxyPassword))
	if request.Header.Get("Proxy-Authorization") != "Basic "+basic {
		io.WriteString(client, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n")
		return "", errAsked
	}
	return request.RequestURI, nil
}

var proxySchemes = []string{"socks5", "http", "https"}

// TestProxy reads a mailbox through a proxy of each kind, in plaintext and in TLS. The proxy is told an IP address, and nothing
// reaches the mailbox by another way.
func TestProxy(t *testing.T) {
	for _, scheme := range proxySchemes {
		for _, mode := range []pb.TlsMode{pb.TlsMode_TLS_MODE_PLAINTEXT, pb.TlsMode_TLS_MODE_STLS, pb.TlsMode_TLS_MODE_IMPLICIT} {
			t.Run(scheme+" "+mode.String(), func(t *testing.T) {
				p := newProxyServer(t, scheme, proxyUser+":"+proxyPassword)
				m := newMailbox(t, 3)
				if mode == pb.TlsMode_TLS_MODE_IMPLICIT {
					m.StartTLS()
				} else {
					m.Start()
				}
				_, port, _ := net.SplitHostPort(m.Addr)
				g := newGateway(t, func(c *Config) {
					c.dial, c.Proxy, c.UnsafeAllowPlaintext = nil, p.Proxy, true
					c.Targets, _ = OnlyTargets("localhost:" + port)
				})
				id := g.openSession(t, target(t, "localhost:"+port, mode, m.CertificatePEM()))
				g.login(t, id, "alice", password)
				stat, err := g.Stat(t.Context(), &pb.StatRequest{SessionId: id})
				if err != nil || stat.GetMessageCount() != 3 {
					t.Errorf("Stat: %v, %v", stat, err)
				}
				targets, _ := p.seen()
				if !slices.Contains(targets, "127.0.0.1:"+port) {
					t.Errorf("the proxy was asked for %q", targets)
				}
				for _, asked := range targets { // ::1 may be among them, before it or behind
					if to, err := netip.ParseAddrPort(asked); err != nil || !to.Addr().IsLoopback() {
						t.Errorf("the proxy was asked for %q", asked)
					}
				}
			})
		}
	}
}

// TestProxyTLS: TLS with the proxy is none with the POP3 server.
func TestProxyTLS(t *testing.T) {
	p := newProxyServer(t, "https", proxyUser+":"+proxyPassword)
	m := newMailbox(t, 0)
	m.Start()
	g := newGateway(t, func(c *Config) {
		c.dial, c.Proxy = nil, p.Proxy
		c.Targets, _ = OnlyTargets(m.Addr)
	})
	session, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: plain(t, m.Addr)})
	if err != nil || session.GetTls() != nil {
		t.Fatalf("%v, %v", session.GetTls(), err)
	}
	_, err = g.Pass(t.Context(), &pb.PassRequest{SessionId: session.GetSessionId(), Password: password})
	wantFailure(t, "Pass", err, failure{codes.FailedPrecondition, "TLS_REQUIRED", nil})
}

// TestProxyRefuses: a proxy that does not let the gateway in, is not there, cannot connect or is an impostor. That is no statement
// on the target.
func TestProxyRefuses(t *testing.T) {
	unreachable := failure{codes.Unavailable, "CONNECT_FAILED", map[string]string{"cause": "UNREACHABLE"}}
	for _, scheme := range proxySchemes {
		for name, tt := range map[string]struct {
			credentials string
			spoil       func(p *proxyServer)
			asked       int
		}{
			"no credentials":     {"", nil, 0},
			"wrong credentials":  {proxyUser + ":open barley", nil, 0},
			"target refuses":     {proxyUser + ":" + proxyPassword, nil, 1},
			"proxy is not there": {"", func(p *proxyServer) { p.listener.Close() }, 0},
			"proxy has no name":  {"", func(p *proxyServer) { p.address = "proxy..example:1080" }, 0},
			"unknown issuer":     {proxyUser + ":" + proxyPassword, func(p *proxyServer) { p.tls.RootCAs = nil }, 1},
		} {
			if name == "unknown issuer" && scheme != "https" {
				continue
			}
			t.Run(scheme+" "+name, func(t *testing.T) {
				p := newProxyServer(t, scheme, tt.credentials)
				if p.deaf = true; tt.spoil != nil {
					tt.spoil(p)
				}
				g := newGateway(t, func(c *Config) { c.dial, c.Proxy = nil, p.Proxy })
				_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: &pb.Server{Host: "8.8.8.8"}})
				wantFailure(t, "OpenSession", err, unreachable)
				asked := tt.asked
				if name == "unknown issuer" {
					asked = 0
				}
				if targets, _ := p.seen(); len(targets) != asked {
					t.Errorf("the proxy was asked for %q", targets)
				}
			})
		}
	}
}

// TestProxyTargets: what is forbidden is forbidden through a proxy too, and the proxy does not hear of it. Of a name with both
// kinds of addresses it hears the allowed ones.
func TestProxyTargets(t *testing.T) {
	p := newProxyServer(t, "http", proxyUser+":"+proxyPassword)
	p.deaf = true
	g := newGateway(t, func(c *Config) { c.dial, c.Proxy = nil, p.Proxy })
	for _, host := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "localhost"} {
		_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: &pb.Server{Host: host}})
		wantFailure(t, host, err, failure{codes.PermissionDenied, "TARGET_NOT_ALLOWED", nil})
	}
	if targets, peers := p.seen(); len(targets)+len(peers) > 0 {
		t.Errorf("the proxy was asked for %q", targets)
	}
	d := &dialer{proxy: p.Proxy, lookup: func(_ context.Context, network, _ string) ([]netip.Addr, error) {
		if network == "ip6" {
			return []netip.Addr{netip.MustParseAddr("fd00::1"), netip.MustParseAddr("2001:4860:4860::8888")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("8.8.8.8")}, nil
	}}
	if _, err := d.DialContext(t.Context(), "tcp", "mail.example.test:110"); !errors.Is(err, errNotAllowed) {
		t.Error(err)
	}
	targets, _ := p.seen()
	slices.Sort(targets)
	if !slices.Equal(targets, []string{"8.8.8.8:110", "[2001:4860:4860::8888]:110"}) {
		t.Errorf("the proxy was asked for %q", targets)
	}
}

func TestParseProxy(t *testing.T) {
	for address, ok := range map[string]bool{
		"socks5://proxy.example:1080": true, "http://10.0.0.1:3128": true, "https://[::1]:443/": true,
		"": false, "proxy.example:1080": false, "socks5://proxy.example": false, "socks4://proxy.example:1080": false,
		"socks5h://proxy.example:1080": false, "http://:3128": false, "http://proxy.example:0": false, "http://proxy.example:65536": false,
		"http://proxy.example:3128/path": false, "http://proxy.example:3128?query": false, "http://hunter2@proxy.example:3128": false,
		"http://user:hunter2@proxy.example:3128": false, "http://user:hunter2/@proxy.example:3128": false, "http://user:%hunter2@x:1": false,
	} {
		p, err := ParseProxy(address)
		if (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
		if p != nil && p.SetCredentials("user:hunter2") != nil {
			t.Errorf("%q takes no credentials", address)
		}
		if shown := fmt.Sprintf("%v %+v", err, p); strings.Contains(shown, "hunter2") {
			t.Errorf("%q shows the password: %s", address, shown)
		}
		if ok && p.String() != strings.TrimSuffix(address, "/") {
			t.Errorf("%q is %q", address, p)
		}
	}
	for credentials, ok := range map[string]bool{
		"": false, "user:hunter2": true, "user:hunter2:hunter2": true, "hunter2": false, ":hunter2": false, "hunter2:": false,
		"user:hunter2" + strings.Repeat("x", 249): false, strings.Repeat("x", 256) + ":hunter2": false,
	} {
		err := new(Proxy).SetCredentials(credentials)
		if (err == nil) != ok {
			t.Errorf("%q: %v", credentials, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q shows the password: %v", credentials, err)
		}
	}
}
