package server

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// forbidden are addresses of every kind that is no public host: first, last and well-known ones of each block.
var forbidden = []string{
	"0.0.0.0", "0.1.2.3", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255",
	"127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0",
	"172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.0.255", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255",
	"198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.0", "224.0.0.251", "239.255.255.255", "240.0.0.0",
	"255.255.255.255",
	"::", "::1", "::7f00:1", "::808:808", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::7f00:1",
	"64:ff9b::808:808", "64:ff9b:1::1", "100::1", "100:0:0:1::1", "1fff::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1",
	"2001:10::1", "2001:20::1", "2001:1ff:ffff::", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "3fff:fff:ffff::", "4000::1",
	"5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fdff:ffff::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "feff::1",
	"ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:4860:4860::8888%eth0",
}

// public are neighbours of the blocks, and hosts.
var public = []string{
	"1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.254", "100.63.255.255", "100.128.0.0", "100.128.0.1", "126.255.255.255",
	"128.0.0.1", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255",
	"192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
	"198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
	"2000::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2001:4860:4860::8888", "2003::1", "2606:4700:4700::1111", "3ffe:ffff::1",
	"3fff:1000::1",
}

func TestAllowed(t *testing.T) {
	var none Targets
	for _, s := range forbidden {
		if none.allowed(netip.MustParseAddr(s), "110") {
			t.Errorf("%s is allowed", s)
		}
	}
	for _, s := range public {
		if !none.allowed(netip.MustParseAddr(s), "110") {
			t.Errorf("%s is not allowed", s)
		}
	}
	if none.allowed(netip.Addr{}, "110") {
		t.Error("no address is allowed")
	}
}

// What the operator opens is open, and nothing beside it.
func TestAllowedRules(t *testing.T) {
	targets, err := ParseTargets([]string{"10.1.0.0/16", "192.168.7.9/32", "fd00:1::/32", "10.2.0.0/16:1110", "[fd00:2::/32]:1995", "*:2110"})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{
		"10.1.0.0:110": true, "10.1.255.255:995": true, "[::ffff:10.1.2.3]:110": true, "10.0.255.255:110": false, "10.3.0.0:110": false,
		"192.168.7.9:110": true, "192.168.7.8:110": false, "192.168.7.10:110": false, "[fd00:1::5]:995": true, "[fd00:1::5%eth0]:995": false,
		"[fd00:3::]:110": false, "127.0.0.1:110": false, "8.8.8.8:110": true, "8.8.8.8:2110": true, "8.8.8.8:1110": false,
		"10.1.0.0:1110": false, "10.1.0.0:2110": false, "10.2.3.4:1110": true, "10.2.3.4:110": false, "10.2.3.4:2110": false,
		"[fd00:2::1]:1995": true, "[fd00:2::1]:995": false, "[2001:4860:4860::8888]:2110": true, "[2001:4860:4860::8888]:1995": false,
	} {
		to := netip.MustParseAddrPort(address)
		if got := targets.allowed(to.Addr(), strconv.Itoa(int(to.Port()))); got != want {
			t.Errorf("%s: %v", address, got)
		}
		if err := targets.control(t.Context(), "tcp", address, nil); (err == nil) != want {
			t.Errorf("control %s: %v", address, err)
		}
	}
}

// Names are matched whole, label by label: nothing that merely ends alike is below a domain.
func TestHostRules(t *testing.T) {
	targets, err := ParseTargets([]string{"mail.example:1110", "*.corp.example:995", "*.Isp.Example.:1110"})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]bool{
		"mail.example:1110": true, "MAIL.Example.:1110": true, "mail.example:110": false, "evil-mail.example:1110": false,
		"mail.example.evil.example:1110": false, "sub.mail.example:1110": false, "mail.example..:1110": false, "xmail.example:1110": false,
		"a.corp.example:995": true, "A.B.CORP.example.:995": true, "corp.example:995": false, ".corp.example:995": false,
		"evilcorp.example:995": false, "a.corp.example:110": false, "a.corp.example.evil:995": false, "a-corp.example:995": false,
		"x.isp.example:1110": true, "x.isp.example.:1110": true, "isp.example:1110": false, "x.isp.example:995": false,
	} {
		host, port, err := net.SplitHostPort(target)
		if err != nil {
			t.Fatal(err)
		}
		if got := targets.names(host, port); got != want {
			t.Errorf("%s: %v", target, got)
		}
	}
}

// TestOwnAddresses dials the addresses of this host, all of which a block opens. Only a rule with their very name reaches them.
func TestOwnAddresses(t *testing.T) {
	port, came := canary(t)
	targets, err := ParseTargets([]string{"0.0.0.0/0:" + port, "[::/0]:" + port})
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "localhost"}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range addrs {
		hosts = append(hosts, netip.MustParsePrefix(addr.String()).Addr().String())
	}
	for _, host := range hosts {
		if _, err := (&dialer{targets: targets}).DialContext(t.Context(), "tcp", net.JoinHostPort(host, port)); !errors.Is(err, errNotAllowed) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if n := came(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

func TestParseTargets(t *testing.T) {
	for rule, ok := range map[string]bool{
		"10.0.0.0/8": true, "10.1.2.3/8": true, "::/0": true, "10.0.0.0/8:1110": true, "[::/0]:1110": true, "*:1110": true,
		"*.example:110": true, "*.a.example.:110": true, "mail.example:110": true, "[::1]:1110": true, "127.0.0.1:1110": true,
		"mail.example:0110": true,
		"":                  false, "mail.example": false, "10.0.0.0": false, "10.0.0.0/33": false, "mail.example:0": false, "mail.example:65536": false,
		"mail.example:pop3": false, ":110": false, "*.*.example:110": false, "*.:110": false, "**:110": false, "a.*.example:110": false, "*:0": false, "10.0.0.0/8:0": false,
		"*example:110": false, "mail.example:-1": false, "mail.example/24:110": false, "::1:110": false,
	} {
		if _, err := ParseTargets([]string{rule}); (err == nil) != ok {
			t.Errorf("%q: %v", rule, err)
		}
	}
}

// TestDialRules dials: a rule opens one host at one port, whatever way its name is spelt, and nothing that only looks like it.
func TestDialRules(t *testing.T) {
	port, came := canary(t)
	open := func(rules ...string) Targets {
		targets, err := ParseTargets(rules)
		if err != nil {
			t.Fatal(err)
		}
		return targets
	}
	only, err := OnlyTargets("localhost:" + port)
	if err != nil {
		t.Fatal(err)
	}
	connections := 0
	for _, tt := range []struct {
		targets Targets
		address string
		ok      bool
	}{
		{open(), "127.0.0.1:" + port, false},
		{open(), "localhost:" + port, false},
		{open("127.0.0.1:" + port), "127.0.0.1:" + port, true},
		{open("127.0.0.1:0" + port), "127.0.0.1:" + port, true},
		{open("127.0.0.1:" + port), "localhost:" + port, false}, // another spelling is another host
		{open("localhost:" + port), "127.0.0.1:" + port, false},
		{open("LOCALHOST.:" + port), "localhost:" + port, true},
		{open("localhost:" + port), "LocalHost.:" + port, true},
		{open("localhost:" + port), "evil-localhost:" + port, false},
		{open("localhost:" + port), "localhost.evil.example:" + port, false},
		{open("localhost:" + port), "localhost..:" + port, false},
		{open("localhost:1"), "localhost:" + port, false},
		{open("127.0.0.0/8"), "127.0.0.1:" + port, false}, // a block opens 110 and 995 alone
		{only, "localhost:" + port, true},
		{only, "localhost:110", false},
		{only, "8.8.8.8:110", false},
	} {
		conn, err := (&dialer{targets: tt.targets}).DialContext(t.Context(), "tcp", tt.address)
		if err == nil {
			connections++
			conn.Close()
		}
		var dns *net.DNSError // not every resolver knows "LocalHost."
		if allowed := err == nil || errors.As(err, &dns); allowed != tt.ok || !allowed && !errors.Is(err, errNotAllowed) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	if n := came(); n != connections {
		t.Errorf("%d connections, want %d", n, connections)
	}
}

// control is asked about the address of the socket: names that resolve anew cannot slip by.
func TestControl(t *testing.T) {
	var none Targets
	for address, ok := range map[string]bool{
		"8.8.8.8:110": true, "[2001:4860:4860::8888]:995": true, "127.0.0.1:110": false, "[::1]:110": false, "[::ffff:127.0.0.1]:110": false,
		"[fe80::1%eth0]:110": false, "8.8.8.8": false, "mail.example:110": false, "": false,
	} {
		if err := none.control(t.Context(), "tcp", address, nil); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestForbiddenTargets sends every kind of forbidden target through OpenSession. The status is one and the same to the octet.
func TestForbiddenTargets(t *testing.T) {
	g := newGateway(t, func(c *Config) { c.dial = nil })
	var first []byte
	deny := func(host string, port uint32) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := g.OpenSession(ctx, &pb.OpenSessionRequest{Server: &pb.Server{Host: host, Port: &port}})
		wantFailure(t, host, err, failure{codes.PermissionDenied, "TARGET_NOT_ALLOWED", map[string]string{}})
		st, _ := proto.MarshalOptions{Deterministic: true}.Marshal(status.Convert(err).Proto())
		if first == nil {
			first = st
		}
		if !slices.Equal(st, first) {
			t.Errorf("%s:%d answers otherwise: %q, %q", host, port, st, first)
		}
	}
	for _, host := range forbidden {
		if addr := netip.MustParseAddr(host); addr.Unmap().Is4() && isPublic(addr.Unmap()) {
			continue // it is its IPv4 address, in other words
		}
		deny(host, 110)
		deny(host, 995)
	}
	for _, port := range []uint32{1, 22, 25, 109, 111, 143, 993, 994, 996, 6379, 65535} {
		deny("8.8.8.8", port)
		deny("2001:4860:4860::8888", port)
		deny("mail.example", port)
	}
	deny("localhost", 110)
	deny("LOCALHOST", 995)
}

// No variable of the environment leads a connection elsewhere.
func TestProxyVariables(t *testing.T) {
	port, came := canary(t)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SOCKS_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, "socks5://127.0.0.1:"+port)
	}
	m := newMailbox(t, 0)
	m.Start()
	g := newGateway(t, func(c *Config) {
		c.dial = nil
		var err error
		if c.Targets, err = OnlyTargets(m.Addr); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := g.Capa(t.Context(), &pb.CapaRequest{SessionId: g.openSession(t, plain(t, m.Addr))}); err != nil {
		t.Error(err)
	}
	if n := came(); n != 0 || m.sent("CAPA") != 1 {
		t.Errorf("%d connections to the proxy", n)
	}
}

// Odd spellings of 127.0.0.1 are no hosts, or that address; in no case a connection.
func TestOddSpellings(t *testing.T) {
	g := newGateway(t, func(c *Config) { c.dial = nil })
	for _, host := range []string{
		"127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.000.000.001", "[::]", "[::1]", "::1%lo", "127.0.0.1:110", "127.0.0.1%00",
		"localhost:110", "user@localhost", "http://localhost", "localhost/", "local host", "lo\u0441alhost", "127。0。0。1", "①②⑦.0.0.1",
	} {
		_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: &pb.Server{
			Host: host, Port: new(uint32(110)), IoTimeout: durationOf(2 * time.Second),
		}})
		switch reason := reasonOf(err); reason {
		case "ERROR_REASON_INVALID_ARGUMENT", "ERROR_REASON_TARGET_NOT_ALLOWED", "ERROR_REASON_CONNECT_FAILED":
		default:
			t.Errorf("%q: %v", host, err)
		}
	}
}
