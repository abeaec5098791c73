package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// network is a network in virtual time: what a resolver answers, what an address does, and what was tried when.
type network struct {
	v6, v4    any                      // of a lookup: addresses in a string, an error, or nil for no answer at all
	lag6      time.Duration            // of the lookup
	lag4      time.Duration            //
	addresses map[string]time.Duration // those that connect, and after how long; negative for those that refuse; the others are silent

	begin time.Time
	mu    sync.Mutex
	tried []string // address@milliseconds
	open  int      // connections
}

func (n *network) lookup(ctx context.Context, family, host string) ([]netip.Addr, error) {
	answer, lag := n.v6, n.lag6
	if family == "ip4" {
		answer, lag = n.v4, n.lag4
	}
	if answer == nil {
		lag = time.Hour
	}
	if err := sleep(ctx, lag); err != nil {
		return nil, &net.DNSError{Err: err.Error(), Name: host, IsTimeout: true}
	}
	if err, failed := answer.(error); failed {
		return nil, err
	}
	var addrs []netip.Addr
	for s := range strings.FieldsSeq(answer.(string)) {
		addr := netip.MustParseAddr(s)
		if family == "ip4" {
			addr = netip.AddrFrom16(addr.As16()) // as a net.Resolver has it
		}
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

func (n *network) connect(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, _ := net.SplitHostPort(address)
	n.mu.Lock()
	n.tried = append(n.tried, fmt.Sprintf("%s@%d", host, time.Since(n.begin).Milliseconds()))
	n.mu.Unlock()
	lag, answers := n.addresses[host]
	failed := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)), Err: err}
	}
	if port != "995" {
		return nil, failed(errors.New("port " + port))
	}
	if !answers {
		lag = time.Hour
	}
	if err := sleep(ctx, max(lag, -lag)); err != nil {
		return nil, failed(os.ErrDeadlineExceeded)
	}
	if lag < 0 {
		return nil, failed(syscall.ECONNREFUSED)
	}
	client, server := net.Pipe()
	_ = server.Close()
	n.mu.Lock()
	n.open++
	n.mu.Unlock()
	return &counted{Conn: client, n: n, host: host}, nil
}

func (n *network) dial(ctx context.Context) (net.Conn, error) {
	n.begin = time.Now()
	return (&pop3.Dialer{Lookup: n.lookup, Connect: n.connect}).DialContext(ctx, "tcp", "mail.example.test:995")
}

// state returns what was tried and how many connections are open.
func (n *network) state() (tried []string, open int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.tried, n.open
}

// counted is a connection of a network.
type counted struct {
	net.Conn
	n    *network
	host string
}

func (c *counted) Close() error {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	c.n.open--
	return c.Conn.Close()
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// many returns 1,000 addresses.
func many(format string) string {
	var s strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&s, format+" ", i/250, i%250+1)
	}
	return s.String()
}

var (
	errNoHost = &net.DNSError{Err: "no such host", IsNotFound: true}
	errServer = &net.DNSError{Err: "server misbehaving", IsTemporary: true}
)

// TestDialer: which address is tried when, and which one wins (RFC 8305).
func TestDialer(t *testing.T) {
	const ms = time.Millisecond
	for name, tc := range map[string]struct {
		network *network
		wins    string
		after   time.Duration
		tried   string
	}{
		"IPv6 first": {
			&network{v6: "2001:db8::1", v4: "192.0.2.1", addresses: map[string]time.Duration{"2001:db8::1": 20 * ms, "192.0.2.1": ms}},
			"2001:db8::1", 20 * ms, "2001:db8::1@0",
		},
		"IPv6 refused, IPv4 used at once": {
			&network{v6: "2001:db8::1", v4: "192.0.2.1", addresses: map[string]time.Duration{"2001:db8::1": -10 * ms, "192.0.2.1": 5 * ms}},
			"192.0.2.1", 15 * ms, "2001:db8::1@0 192.0.2.1@10",
		},
		"IPv6 silent": {
			&network{v6: "2001:db8::1", v4: "192.0.2.1", addresses: map[string]time.Duration{"192.0.2.1": 5 * ms}},
			"192.0.2.1", 255 * ms, "2001:db8::1@0 192.0.2.1@250",
		},
		"the families take turns": {
			&network{
				v6: "2001:db8::1 2001:db8::2 2001:db8::3", v4: "192.0.2.1 192.0.2.2", addresses: map[string]time.Duration{"2001:db8::3": ms},
			},
			"2001:db8::3", 1001 * ms, "2001:db8::1@0 192.0.2.1@250 2001:db8::2@500 192.0.2.2@750 2001:db8::3@1000",
		},
		"a silent address does not hold up its family": {
			&network{v6: errNoHost, v4: "192.0.2.1 192.0.2.2 192.0.2.3", addresses: map[string]time.Duration{"192.0.2.3": ms}},
			"192.0.2.3", 501 * ms, "192.0.2.1@0 192.0.2.2@250 192.0.2.3@500",
		},
		"a slow one may still win": {
			&network{v4: "192.0.2.1 192.0.2.2", v6: errNoHost, addresses: map[string]time.Duration{"192.0.2.1": 400 * ms, "192.0.2.2": 300 * ms}},
			"192.0.2.1", 400 * ms, "192.0.2.1@0 192.0.2.2@250",
		},
		"both connect in the same moment": {
			&network{v6: "2001:db8::1", v4: "192.0.2.1", addresses: map[string]time.Duration{"2001:db8::1": 300 * ms, "192.0.2.1": 50 * ms}},
			"", 300 * ms, "2001:db8::1@0 192.0.2.1@250",
		},
		"IPv4 waits for IPv6": {
			&network{v6: "2001:db8::1", lag6: 40 * ms, v4: "192.0.2.1", addresses: map[string]time.Duration{"2001:db8::1": ms, "192.0.2.1": ms}},
			"2001:db8::1", 41 * ms, "2001:db8::1@40",
		},
		"and no longer": {
			&network{v6: "2001:db8::1", lag6: 60 * ms, v4: "192.0.2.1", addresses: map[string]time.Duration{"2001:db8::1": ms, "192.0.2.1": ms}},
			"192.0.2.1", 51 * ms, "192.0.2.1@50",
		},
		"IPv6 comes late, but in time": {
			&network{v6: "2001:db8::1", lag6: 400 * ms, v4: "192.0.2.1", addresses: map[string]time.Duration{"2001:db8::1": ms}},
			"2001:db8::1", 401 * ms, "192.0.2.1@50 2001:db8::1@400",
		},
		"IPv4 comes late": {
			&network{v6: "2001:db8::1", v4: "192.0.2.1", lag4: 100 * ms, addresses: map[string]time.Duration{"2001:db8::1": -ms, "192.0.2.1": ms}},
			"192.0.2.1", 101 * ms, "2001:db8::1@0 192.0.2.1@100",
		},
		"questions for IPv6 are lost": {
			&network{v4: "192.0.2.1", addresses: map[string]time.Duration{"192.0.2.1": ms}}, "192.0.2.1", 51 * ms, "192.0.2.1@50",
		},
		"IPv6 has no address": {
			&network{v6: errNoHost, v4: "192.0.2.1", lag4: 30 * ms, addresses: map[string]time.Duration{"192.0.2.1": ms}},
			"192.0.2.1", 31 * ms, "192.0.2.1@30",
		},
		"IPv4 has no address": {
			&network{v6: "2001:db8::1", lag6: 30 * ms, v4: "", addresses: map[string]time.Duration{"2001:db8::1": ms}},
			"2001:db8::1", 31 * ms, "2001:db8::1@30",
		},
		"the eighth of 1,000 (B24)": {
			&network{v6: many("2001:db8:%x::%x"), v4: many("192.0.%d.%d"), addresses: map[string]time.Duration{"192.0.0.4": ms}},
			"192.0.0.4", 1751 * ms, "2001:db8::1@0 192.0.0.1@250 2001:db8::2@500 192.0.0.2@750 2001:db8::3@1000 192.0.0.3@1250 " +
				"2001:db8::4@1500 192.0.0.4@1750",
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			n := tc.network
			conn, err := n.dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			took(t, n.begin, tc.after)
			if host := conn.(*counted).host; tc.wins != "" && host != tc.wins {
				t.Errorf("connected to %s, want %s", host, tc.wins)
			}
			time.Sleep(time.Second) // whoever has lost is closed by then
			tried, open := n.state()
			if tried := strings.Join(tried, " "); tried != tc.tried || open != 1 {
				t.Errorf("tried %s, want %s; %d connections are open", tried, tc.tried, open)
			}
			_ = conn.Close()
		})
	}
}

// TestDialerFails: what Dial returns, and when, where no address can be found or connected to (B24).
func TestDialerFails(t *testing.T) {
	const ms = time.Millisecond
	refuses := func(hosts ...string) map[string]time.Duration {
		m := map[string]time.Duration{}
		for _, host := range hosts {
			m[host] = -ms
		}
		return m
	}
	silent := func(err *pop3.DialError) bool { return err.Timeout() }
	refused := func(err *pop3.DialError) bool { return errors.Is(err, syscall.ECONNREFUSED) && !err.Timeout() }
	notFound := func(err *pop3.DialError) bool {
		dns, ok := errors.AsType[*net.DNSError](err)
		return ok && dns.IsNotFound
	}
	temporary := func(err *pop3.DialError) bool { return errors.Is(err, errServer) && !notFound(err) }
	thousand := &network{v6: errNoHost, v4: many("192.0.%d.%d"), addresses: refuses(strings.Fields(many("192.0.%d.%d"))...)}
	for name, tc := range map[string]struct {
		network *network
		is      func(*pop3.DialError) bool
		after   time.Duration
		tried   int
	}{
		"no such name":              {&network{v6: errNoHost, v4: errNoHost}, notFound, 0, 0},
		"no addresses":              {&network{v6: "", v4: ""}, notFound, 0, 0},
		"neither server answers":    {&network{}, silent, 5 * time.Second, 0},
		"only IPv6 answers: none":   {&network{v6: errNoHost}, silent, 5 * time.Second, 0},
		"only IPv4 answers: none":   {&network{v4: errNoHost}, silent, 5 * time.Second, 0},
		"IPv6 fails, IPv4 has none": {&network{v6: errServer, v4: errNoHost}, temporary, 0, 0},
		"IPv4 fails, IPv6 has none": {&network{v4: errServer, v6: errNoHost}, temporary, 0, 0},
		"refused": {
			&network{v6: "2001:db8::1", v4: "192.0.2.1", addresses: refuses("2001:db8::1", "192.0.2.1")}, refused, 2 * ms, 2,
		},
		"refused, and the other lookup failed": {
			&network{v6: errServer, v4: "192.0.2.1", addresses: refuses("192.0.2.1")}, refused, ms, 1,
		},
		"refused, and the other lookup is silent": {
			&network{v4: "192.0.2.1", addresses: refuses("192.0.2.1")}, refused, 5 * time.Second, 1,
		},
		"1,000 that refuse":     {thousand, refused, 8 * ms, 8},
		"1,000 that are silent": {&network{v6: many("2001:db8:%x::%x"), v4: many("192.0.%d.%d")}, silent, 10 * time.Second, 8},
		"one refuses, one is silent": {
			&network{v6: "2001:db8::1", v4: "192.0.2.1", addresses: refuses("2001:db8::1")}, silent, 10 * time.Second, 2,
		},
		"found after 4 s, and silent": {
			&network{v6: errNoHost, v4: "192.0.2.1", lag4: 4 * time.Second}, silent, 10 * time.Second, 1,
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			n := tc.network
			n.begin = time.Now()
			dialer := &pop3.Dialer{Lookup: n.lookup, Connect: n.connect}
			_, err := pop3.Dial(t.Context(), "mail.example.test", &pop3.Options{DialContext: dialer.DialContext})
			failed, ok := errors.AsType[*pop3.DialError](err)
			if !ok || !tc.is(failed) {
				t.Errorf("%v (%T)", err, err)
			}
			took(t, n.begin, tc.after)
			if tried, _ := n.state(); len(tried) != tc.tried {
				t.Errorf("tried %v", tried)
			}
		})
	}
}

// TestDialerCancelled: a caller who goes ends the lookups and the attempts at once.
func TestDialerCancelled(t *testing.T) {
	for name, n := range map[string]*network{"lookup": {}, "attempt": {v6: "2001:db8::1", v4: "192.0.2.1"}} {
		inBubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(300*time.Millisecond, cancel)
			if _, err := n.dial(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%v (%T)", err, err)
			}
			took(t, n.begin, 300*time.Millisecond)
		})
	}
}

// TestDialerDefaults: without hooks the system's resolver and sockets serve, and an IP address is not looked up.
func TestDialerDefaults(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	none := func(context.Context, string, string) ([]netip.Addr, error) { return nil, errors.ErrUnsupported }
	for host, dialer := range map[string]*pop3.Dialer{"localhost": {}, "127.0.0.1": {Lookup: none}, "::ffff:127.0.0.1": {Lookup: none}} {
		conn, err := dialer.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		_ = conn.Close()
	}
	if _, err := new(pop3.Dialer).DialContext(t.Context(), "tcp", "localhost"); err == nil {
		t.Error("connected without a port")
	}
	// Each address of a name is looked up, and both families are asked for.
	var asked []string
	var mu sync.Mutex
	dialer := &pop3.Dialer{Lookup: func(_ context.Context, network, host string) ([]netip.Addr, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, network+" "+host)
		return nil, nil
	}}
	_, err = dialer.DialContext(t.Context(), "tcp", "127.1:110")
	slices.Sort(asked)
	if dns, ok := errors.AsType[*net.DNSError](err); !ok || dns.Name != "127.1" || !slices.Equal(asked, []string{"ip4 127.1", "ip6 127.1"}) {
		t.Errorf("asked for %q: %v", asked, err)
	}
}
