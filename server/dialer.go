package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/popgate/popgate/pop3"
)

// Sources are the addresses that outgoing connections come from. The zero value leaves them to the system.
type Sources struct{ v4, v6 netip.Addr }

// ParseSources reads IP addresses of this host, at most one of each family. The other family is left to the system.
func ParseSources(list []string) (Sources, error) {
	var s Sources
	for _, text := range list {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return Sources{}, fmt.Errorf("source %q is no IP address", text)
		}
		addr = addr.Unmap()
		place := &s.v6
		if addr.Is4() {
			place = &s.v4
		}
		if place.IsValid() {
			return Sources{}, errors.New("more than one source of the same family")
		}
		*place = addr
	}
	return s, nil
}

// socket returns what connects to address, IP:port, from the source of the same family.
func (s Sources) socket(address string) *net.Dialer {
	source := s.v6
	if to, err := netip.ParseAddrPort(address); err == nil && to.Addr().Unmap().Is4() {
		source = s.v4
	}
	if !source.IsValid() {
		return &net.Dialer{}
	}
	return &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))}
}

// dialer connects to POP3 servers as the operator wants it.
type dialer struct {
	targets Targets
	sources Sources
	proxy   *Proxy // nil: none
	// lookup is for names of POP3 servers, as in pop3.Dialer, in tests.
	lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// DialContext connects to an address as the caller gave it, if that is allowed.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	connect := d.connect
	if !d.targets.names(host, port) {
		if !d.targets.opensPort(port) {
			return nil, errNotAllowed
		}
		connect = d.connectAllowed
	}
	if r := roleOf(ctx); r != nil && r.targets != nil && !r.targets.names(host, port) {
		if !r.targets.rulesForPort(port) {
			return nil, errNotAllowed // without a look at the name
		}
		connect = r.targets.within(connect)
	}
	return (&pop3.Dialer{Lookup: d.lookup, Connect: connect}).DialContext(ctx, network, address)
}

// connectAllowed connects to an IP address and a port, if the address is allowed. It is the last to see the address: no name that
// resolves anew can slip by here.
func (d *dialer) connectAllowed(ctx context.Context, network, address string) (net.Conn, error) {
	if d.proxy != nil {
		if err := d.targets.control(ctx, network, address, nil); err != nil {
			return nil, err
		}
		return d.connect(ctx, network, address)
	}
	socket := d.sources.socket(address)
	socket.ControlContext = d.targets.control
	return socket.DialContext(ctx, network, address)
}

// connect connects to an IP address and a port.
func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if d.proxy != nil {
		return d.proxy.connect(ctx, d.sources, address)
	}
	return d.sources.socket(address).DialContext(ctx, network, address)
}
