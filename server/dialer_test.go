package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// reached returns the addresses to which an error, or a connection, says that a connection was attempted.
func reached(t *testing.T, conn net.Conn, err error) (addrs []string) {
	t.Helper()
	if conn != nil {
		defer conn.Close()
		return []string{conn.RemoteAddr().String()}
	}
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range all.Unwrap() {
			addrs = append(addrs, reached(t, nil, err)...)
		}
		return addrs
	}
	if failed, ok := errors.AsType[*net.OpError](err); ok && !errors.Is(err, errNotAllowed) && failed.Addr != nil {
		addrs = append(addrs, failed.Addr.String())
	}
	return addrs
}

// A name that has a public address on one look and a private one on the next is judged by the one that is connected to (D2). The
// resolver here is a server of DNS that flips, and 127.9.0.1 is as public as a test may be.
func TestRebinding(t *testing.T) {
	if testing.Short() {
		t.Skip("asks a resolver many times")
	}
	var asked atomic.Int32
	flips := flippingDNS(t, func() netip.Addr {
		if asked.Add(1)%2 == 0 {
			return netip.MustParseAddr("127.0.0.1")
		}
		return netip.MustParseAddr("127.9.0.1")
	})
	targets, err := ParseTargets([]string{"127.9.0.0/16"})
	if err != nil {
		t.Fatal(err)
	}
	d := &dialer{targets: targets, lookup: flips.LookupNetIP}
	refused, allowed := 0, 0
	for range 1000 {
		conn, err := d.DialContext(t.Context(), "tcp", "rebind.example.:110")
		if errors.Is(err, errNotAllowed) {
			refused++
		}
		for _, addr := range reached(t, conn, err) {
			if allowed++; addr != "127.9.0.1:110" {
				t.Errorf("connects to %s", addr)
			}
		}
	}
	if refused < 400 || allowed < 400 {
		t.Errorf("refused %d times, allowed %d times, asked %d times", refused, allowed, asked.Load())
	}
}

// Of a name with 1,000 addresses (B24) some are forbidden (D1): 8 are tried, and none of those is connected to.
func TestThousandAddresses(t *testing.T) {
	targets, err := ParseTargets([]string{"127.9.0.0/16"})
	if err != nil {
		t.Fatal(err)
	}
	for name, forbidden := range map[string]int{"none": 0, "each second": 2, "each third": 3, "all": 1} {
		t.Run(name, func(t *testing.T) {
			tried := 0
			d := &dialer{targets: targets, lookup: func(_ context.Context, network, _ string) (addrs []netip.Addr, _ error) {
				for i := range 1000 {
					switch {
					case network == "ip6":
					case forbidden > 0 && i%forbidden == 0:
						addrs = append(addrs, netip.AddrFrom4([4]byte{127, 0, byte(i / 250), byte(i%250 + 1)}))
					default:
						addrs = append(addrs, netip.AddrFrom4([4]byte{127, 9, byte(i / 250), byte(i%250 + 1)}))
					}
				}
				return addrs, nil
			}}
			conn, err := d.DialContext(t.Context(), "tcp", "mail.example.test:110")
			for _, addr := range reached(t, conn, err) {
				if tried++; !strings.HasPrefix(addr, "127.9.") {
					t.Errorf("connects to %s", addr)
				}
			}
			if want := map[int]int{0: 8, 1: 0, 2: 4, 3: 5}[forbidden]; conn == nil && tried != want {
				t.Errorf("%d attempts, want %d", tried, want)
			}
			if conn == nil && errors.Is(err, errNotAllowed) != (forbidden > 0) {
				t.Error(err)
			}
		})
	}
}

// TestLookup has names that are not found, slow or flip, and addresses that refuse or are silent, through OpenSession (the fault
// matrix' rows of DNS and of connecting; B24).
func TestLookup(t *testing.T) {
	none := &net.DNSError{Err: "no such host", IsNotFound: true}
	found := func(addrs ...string) func(context.Context) ([]netip.Addr, error) {
		return func(context.Context) (found []netip.Addr, _ error) {
			for _, s := range addrs {
				found = append(found, netip.MustParseAddr(s))
			}
			return found, nil
		}
	}
	fails := func(err error) func(context.Context) ([]netip.Addr, error) {
		return func(context.Context) ([]netip.Addr, error) { return nil, err }
	}
	slow := func(ctx context.Context) ([]netip.Addr, error) {
		<-ctx.Done()
		return nil, &net.DNSError{Err: ctx.Err().Error(), IsTimeout: true}
	}
	refuses := func(context.Context) error { return &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED} }
	noRoute := func(context.Context) error { return &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH} }
	silent := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	thousand := func(context.Context) (addrs []netip.Addr, _ error) {
		for i := range 1000 {
			addrs = append(addrs, netip.AddrFrom4([4]byte{192, 0, byte(i / 250), byte(i%250 + 1)}))
		}
		return addrs, nil
	}
	for name, tt := range map[string]struct {
		lookup  func(context.Context) ([]netip.Addr, error)
		connect func(context.Context) error
		timeout time.Duration // 0 for none
		code    codes.Code
		cause   string
		after   time.Duration
	}{
		"no such name":                 {fails(none), refuses, 0, codes.FailedPrecondition, "NAME_NOT_FOUND", 0},
		"resolver fails":               {fails(&net.DNSError{Err: "server misbehaving", IsTemporary: true}), refuses, 0, codes.Unavailable, "UNREACHABLE", 0},
		"resolver is slow":             {slow, refuses, 0, codes.Unavailable, "TIMEOUT", 5 * time.Second},
		"the caller has less time":     {slow, refuses, 2 * time.Second, codes.Unavailable, "TIMEOUT", 2 * time.Second},
		"and more":                     {slow, refuses, 20 * time.Second, codes.Unavailable, "TIMEOUT", 5 * time.Second},
		"1,000 addresses":              {thousand, refuses, 0, codes.FailedPrecondition, "REFUSED", 0},
		"1,000 silent addresses":       {thousand, silent, 0, codes.Unavailable, "TIMEOUT", 10 * time.Second},
		"refused":                      {found("192.0.2.1"), refuses, 0, codes.FailedPrecondition, "REFUSED", 0},
		"unreachable":                  {found("192.0.2.1", "2001:db8::1"), noRoute, 0, codes.Unavailable, "UNREACHABLE", 0},
		"silent":                       {found("2001:db8::1"), silent, 0, codes.Unavailable, "TIMEOUT", 10 * time.Second},
		"silent, as the caller has it": {found("2001:db8::1"), silent, time.Second, codes.Unavailable, "TIMEOUT", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var attempts atomic.Int32
				d := &pop3.Dialer{
					Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) { return tt.lookup(ctx) },
					Connect: func(ctx context.Context, _, _ string) (net.Conn, error) {
						attempts.Add(1)
						return nil, tt.connect(ctx)
					},
				}
				g := newGateway(t, func(c *Config) { c.dial = d.DialContext })
				target := anywhere()
				if tt.timeout > 0 {
					target.IoTimeout = durationOf(tt.timeout)
				}
				begin := time.Now()
				_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: target})
				wantFailure(t, "OpenSession", err, failure{tt.code, "CONNECT_FAILED", map[string]string{"cause": tt.cause}})
				if took := time.Since(begin); took != tt.after {
					t.Errorf("it took %v, want %v", took, tt.after)
				}
				if n := attempts.Load(); n > 8 {
					t.Errorf("%d attempts", n)
				}
			})
		})
	}
}

// A name that is there on one look and not on the next is judged anew each time (B24).
func TestNameFlips(t *testing.T) {
	m := newMailbox(t, 0)
	m.Start()
	_, port, _ := net.SplitHostPort(m.Addr)
	targets, err := OnlyTargets("flips.example.test:" + port)
	if err != nil {
		t.Fatal(err)
	}
	there := false
	d := &dialer{targets: targets, lookup: func(_ context.Context, network, host string) ([]netip.Addr, error) {
		if network == "ip6" || !there {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}}
	g := newGateway(t, func(c *Config) { c.dial = d.DialContext })
	for i := range 10 {
		there = i%2 == 1
		_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: plain(t, "flips.example.test:"+port)})
		if there && err != nil {
			t.Error(err)
		}
		if !there {
			wantFailure(t, "OpenSession", err, failure{
				codes.FailedPrecondition, "CONNECT_FAILED", map[string]string{"cause": "NAME_NOT_FOUND"},
			})
		}
	}
}

// TestSources: connections come from the address of their family, with and without a proxy, and those of the other family from any.
func TestSources(t *testing.T) {
	sources, err := ParseSources([]string{"127.0.0.2"})
	if err != nil {
		t.Fatal(err)
	}
	for network, address := range map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"} {
		listener, err := net.Listen(network, address)
		if err != nil {
			t.Logf("%s: %v", network, err)
			continue
		}
		defer listener.Close()
		came := make(chan string)
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
				io.Copy(io.Discard, conn)
				conn.Close()
				came <- host
			}
		}()
		want := map[string]string{"tcp4": "127.0.0.2", "tcp6": "::1"}[network]
		targets, err := OnlyTargets(listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := (&dialer{targets: targets, sources: sources}).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if from := <-came; from != want {
			t.Errorf("came from %s, want %s", from, want)
		}
		p := newProxyServer(t, "socks5", proxyUser+":"+proxyPassword)
		d := &dialer{targets: targets, sources: sources, proxy: p.Proxy}
		if conn, err = d.DialContext(t.Context(), "tcp", listener.Addr().String()); err != nil {
			t.Fatal(err)
		}
		conn.Close()
		<-came
		if _, peers := p.seen(); fmt.Sprint(peers) != "[127.0.0.2]" {
			t.Errorf("%s came to the proxy, want 127.0.0.2", peers)
		}
	}
}

func TestParseSources(t *testing.T) {
	for list, want := range map[string]string{
		"": "invalid IP, invalid IP", "192.0.2.9": "192.0.2.9, invalid IP", "2001:db8::9": "invalid IP, 2001:db8::9",
		"2001:db8::9 192.0.2.9": "192.0.2.9, 2001:db8::9", "::ffff:192.0.2.9": "192.0.2.9, invalid IP",
		"192.0.2.9 192.0.2.10": "", "2001:db8::9 2001:db8::9": "", "mail.example": "", "192.0.2.0/24": "", "192.0.2.9:110": "",
	} {
		sources, err := ParseSources(strings.Fields(list))
		if got := fmt.Sprintf("%s, %s", sources.v4, sources.v6); err == nil && got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %s, %v", list, got, err)
		}
	}
}
