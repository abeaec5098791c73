package account

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
)

// LookupSRV is how DNS is asked, as net.Resolver.LookupSRV does it: by priority and weight, best first.
type LookupSRV func(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)

// Discover finds the host of an account that has only a domain (RFC 6186 sections 3.3 and 3.4). TLS from the first octet comes
// before STLS (RFC 8314 section 5.1). Where DNS names nothing, the domain itself is the host, and TLS begins with the first octet.
//
// A host outside of the domain is an error: DNS is not authenticated, and RFC 6186 section 6 wants a person to agree.
func (a Account) Discover(ctx context.Context, lookup LookupSRV) (Account, error) {
	if a.Domain == "" {
		return a, nil
	}
	denied := false
	for _, kind := range []struct {
		service, scheme string
		tls             TLS
	}{{"pop3s", "pops", Implicit}, {"pop3", "pop", STLS}} {
		_, records, err := lookup(ctx, kind.service, "tcp", a.Domain)
		var dns *net.DNSError
		switch {
		case err != nil && (!errors.As(err, &dns) || !dns.IsNotFound):
			return a, fmt.Errorf("%s: cannot ask DNS for the host: %w; name the host by pops://user@host", a.Domain, err)
		case len(records) == 0:
			continue
		}
		target := strings.TrimSuffix(records[0].Target, ".")
		if target == "" { // "not available" (RFC 2782)
			denied = true
			continue
		}
		if !within(target, a.Domain) {
			return a, fmt.Errorf("DNS says that the mailboxes of %s are at %s:%d, which is outside of that domain; if that is right, write %s://user@%s:%d with the user's name",
				a.Domain, target, records[0].Port, kind.scheme, target, records[0].Port)
		}
		a.Host, a.Port, a.TLS = target, records[0].Port, kind.tls
		return a, nil
	}
	if denied {
		return a, fmt.Errorf("DNS says that %s has no POP3", a.Domain)
	}
	a.Host, a.TLS = a.Domain, Implicit
	return a, nil
}

// within reports whether a host is the domain or belongs to it.
func within(host, domain string) bool {
	host, domain = strings.ToLower(host), strings.ToLower(strings.TrimSuffix(domain, "."))
	return host == domain || strings.HasSuffix(host, "."+domain)
}
