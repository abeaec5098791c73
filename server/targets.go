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
	prefixes []netip.Prefix
	hosts    []string // host:port, lower case
	closed   bool     // nothing but hosts
}

// ParseTargets reads rules, each of which opens more: a CIDR block, whose addresses may be dialled at ports 110 and 995, or
// host:port, which may be dialled whatever its address is.
func ParseTargets(rules []string) (Targets, error) {
	var t Targets
	for _, rule := range rules {
		if prefix, err := netip.ParsePrefix(rule); err == nil {
			t.prefixes = append(t.prefixes, prefix.Masked())
			continue
		}
		host, port, err := net.SplitHostPort(rule)
		n, errPort := strconv.ParseUint(port, 10, 16)
		if err != nil || errPort != nil || n == 0 || host == "" || strings.ContainsAny(host, "*/") {
			return Targets{}, fmt.Errorf("target %q is neither a CIDR block nor host:port", rule)
		}
		t.hosts = append(t.hosts, hostPort(host, strconv.FormatUint(n, 10)))
	}
	return t, nil
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

// control decides on the address that a socket, or the proxy, is about to connect to.
func (t Targets) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !t.allowed(to.Addr()) {
		return errNotAllowed
	}
	return nil
}

func (t Targets) allowed(addr netip.Addr) bool {
	if isPublic(addr) {
		return true
	}
	for _, prefix := range t.prefixes {
		if addr.Zone() == "" && prefix.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
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
