package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Targets says which POP3 servers may be dialled. Without rules these are ports 110 and 995 of public addresses.
type Targets struct {
	blocks   []block
	ports    []string // of public addresses, beside 110 and 995
	hosts    []string // host:port, lower case
	suffixes []string // .domain:port, lower case
	closed   bool     // nothing but hosts and suffixes
}

// block is a CIDR block that is open at a port, or at ports 110 and 995 where port is empty.
type block struct {
	netip.Prefix

	port string
}

// ParseTargets reads rules, each of which opens more:
//
//   - 10.1.0.0/16, a CIDR block, at ports 110 and 995; 10.1.0.0/16:1110 and [fd00::/8]:1110 at another port;
//   - mail.example:1110, a host, whatever its address is;
//   - *.mail.example:995, the hosts below a domain, whatever their addresses are;
//   - *:1110, a port of public addresses.
//
// This host's own addresses are open as a host, or as a block of loopback addresses, not as part of a wider block.
func ParseTargets(rules []string) (Targets, error) {
	var t Targets
	for _, rule := range rules {
		var ok bool
		if t, ok = t.with(rule); !ok {
			return Targets{}, fmt.Errorf("target %q is neither a CIDR block nor host:port", rule)
		}
	}
	return t, nil
}

// with returns the targets with what a rule opens, if it is one.
func (t Targets) with(rule string) (_ Targets, ok bool) {
	if prefix, err := netip.ParsePrefix(rule); err == nil {
		t.blocks = append(t.blocks, block{Prefix: prefix.Masked()})
		return t, true
	}
	host, port, err := net.SplitHostPort(rule)
	n, errPort := strconv.ParseUint(port, 10, 16)
	if err != nil || errPort != nil || n == 0 {
		return t, false
	}
	port = strconv.FormatUint(n, 10)
	if prefix, err := netip.ParsePrefix(host); err == nil {
		t.blocks = append(t.blocks, block{prefix.Masked(), port})
		return t, true
	}
	domain, below := strings.CutPrefix(host, "*.")
	switch {
	case host == "*":
		t.ports = append(t.ports, port)
	case domain == "" || strings.ContainsAny(domain, "*/"):
		return t, false
	case below:
		t.suffixes = append(t.suffixes, "."+hostPort(domain, port))
	default:
		t.hosts = append(t.hosts, hostPort(host, port))
	}
	return t, true
}

// OnlyTargets allows one host:port and nothing else.
func OnlyTargets(target string) (Targets, error) {
	t, err := ParseTargets([]string{target})
	t.closed = true
	return t, err
}

func hostPort(host, port string) string {
	return net.JoinHostPort(strings.ToLower(strings.TrimSuffix(host, ".")), port)
}

// errNotAllowed says that a target may not be dialled. Why is not told: the answer must not map the operator's network.
var errNotAllowed = errors.New("target not allowed")

func targetNotAllowed() *fault {
	return &fault{
		code: codes.PermissionDenied, reason: pb.ErrorReason_ERROR_REASON_TARGET_NOT_ALLOWED,
		message: "this target is not allowed",
	}
}

// names reports whether a host is open by its name, whatever its address is.
func (t Targets) names(host, port string) bool {
	target := hostPort(host, port)
	return slices.Contains(t.hosts, target) ||
		slices.ContainsFunc(t.suffixes, func(suffix string) bool { return strings.HasSuffix(target, suffix) && target != suffix })
}

// opensPort reports whether a port is open at some address.
func (t Targets) opensPort(port string) bool {
	return !t.closed && (isPOP3(port) || t.rulesForPort(port))
}

// rulesForPort reports whether a rule for a block or a port opens a port at some address.
func (t Targets) rulesForPort(port string) bool {
	return slices.Contains(t.ports, port) || slices.ContainsFunc(t.blocks, func(b block) bool { return b.at(port) })
}

func isPOP3(port string) bool { return port == "110" || port == "995" }

// control decides on the address that a socket, or the proxy, is about to connect to.
func (t Targets) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !t.allowed(to.Addr(), strconv.Itoa(int(to.Port()))) {
		return errNotAllowed
	}
	return nil
}

// allowed reports whether an address may be dialled at a port.
func (t Targets) allowed(addr netip.Addr, port string) bool {
	own := isOwn(addr)
	return isPOP3(port) && isPublic(addr) && !own || t.opens(addr, own, port)
}

// opens reports whether a rule for a block or a port opens a port of an address, which may be this host's own.
func (t Targets) opens(addr netip.Addr, own bool, port string) bool {
	return slices.Contains(t.ports, port) && isPublic(addr) && !own ||
		slices.ContainsFunc(t.blocks, func(b block) bool { return b.opens(addr, port) && (!own || b.Addr().IsLoopback()) })
}

func (b block) opens(addr netip.Addr, port string) bool {
	return addr.Zone() == "" && b.Contains(addr.Unmap()) && b.at(port)
}

func (b block) at(port string) bool { return b.port == port || b.port == "" && isPOP3(port) }

// within returns a connect that refuses what no rule for a block or a port says. It allows nothing that connect does not.
func (t Targets) within(connect connectFunc) connectFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !t.opens(to.Addr(), isOwn(to.Addr()), strconv.Itoa(int(to.Port()))) {
			return nil, errNotAllowed
		}
		return connect(ctx, network, address)
	}
}

// connectFunc connects to an IP address and a port.
type connectFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// isOwn reports whether an address is one of this host: nobody is to reach its services through the gateway. Interfaces come and go,
// so they are looked up each time; where they cannot be, no address is known to be another's.
func isOwn(addr netip.Addr) bool {
	addr = addr.Unmap()
	if addr.IsLoopback() || addr.IsUnspecified() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	return err != nil || slices.ContainsFunc(addrs, func(own net.Addr) bool {
		prefix, err := netip.ParsePrefix(own.String())
		return err == nil && prefix.Addr().Unmap() == addr
	})
}

// special are the blocks inside unicast space that are no public hosts (IANA's special-purpose registries), and Azure's address for
// its own services. IPv6 is public inside 2000::/3 alone.
var special = parsePrefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

var globalIPv6 = netip.MustParsePrefix("2000::/3")

func parsePrefixes(list ...string) []netip.Prefix {
	prefixes := make([]netip.Prefix, len(list))
	for i, s := range list {
		prefixes[i] = netip.MustParsePrefix(s)
	}
	return prefixes
}

// isPublic reports whether an address belongs to a host of the public Internet.
func isPublic(addr netip.Addr) bool {
	if !addr.IsValid() || addr.Zone() != "" || addr.Is6() && !globalIPv6.Contains(addr) {
		return false // IPv4 in IPv6 clothes too
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(addr) })
}
