package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
)

// Callers says who may call, and what. LoadCallers reads it from a file. It does not change.
type Callers struct {
	roles     map[string]*role
	entries   []*callerEntry // in the order of the file
	verifier  *jwtVerifier   // nil: no JWT is accepted
	certified bool           // an entry is for a certificate
}

// role is what a caller may do. Nil may do everything.
type role struct {
	methods  map[string]bool // "*", "Service" or "Service/Method"
	targets  *Targets        // the POP3 servers within reach, of those that the gateway allows; nil: all of these
	sessions int             // in place of Limits.SessionsPerCaller; 0: as that says
}

// permits reports whether the role has a rule for a method, which is "/package.Service/Method".
func (r *role) permits(method string) bool {
	if r == nil || r.methods["*"] {
		return true
	}
	service, name := shortName(method)
	return r.methods[service] || r.methods[service+"/"+name]
}

// shortName returns the service without its package, and the method: rules need not tell version from version.
func shortName(method string) (service, name string) {
	service, name, _ = strings.Cut(strings.TrimPrefix(method, "/"), "/")
	return service[strings.LastIndexByte(service, '.')+1:], name
}

// byAuthorization finds the caller by the values of the header "authorization".
func (c *Callers) byAuthorization(values []string) (*identity, error) {
	token := bearer(values)
	if token == "" {
		return nil, unauthenticated()
	}
	if entry := c.byToken(token); entry != nil {
		return c.caller(entry, time.Time{})
	}
	if c.verifier == nil {
		return nil, unauthenticated()
	}
	subject, until, err := c.verifier.verify(token, time.Now())
	if err != nil {
		return nil, unauthenticated()
	}
	return c.find(until, func(e *callerEntry) bool { return e.JWTSubject == subject })
}

// byToken finds the entry of a token. A fast hash is enough: a token has 256 random bits, so there is no dictionary to try against its
// hash. The time that it takes tells nothing of how near a guess was.
func (c *Callers) byToken(token string) (found *callerEntry) {
	digest := sha256.Sum256([]byte(token))
	for _, e := range c.entries {
		if e.digest != nil && subtle.ConstantTimeCompare(e.digest, digest[:]) == 1 {
			found = e
		}
	}
	return found
}

// byCertificate finds the caller by the name in its certificate, which is valid until then.
func (c *Callers) byCertificate(name string, until time.Time) (*identity, error) {
	return c.find(until, func(e *callerEntry) bool { return e.Certificate == name })
}

// find returns the caller whose entry matches. One without an entry is known, and may do nothing.
func (c *Callers) find(until time.Time, match func(*callerEntry) bool) (*identity, error) {
	for _, e := range c.entries {
		if match(e) {
			return c.caller(e, until)
		}
	}
	return nil, notPermitted()
}

// caller returns the caller of an entry, whose credential ends then; zero: never.
func (c *Callers) caller(e *callerEntry, until time.Time) (*identity, error) {
	if !e.Expires.IsZero() && (until.IsZero() || e.Expires.Before(until)) {
		until = e.Expires
	}
	if !until.IsZero() && !time.Now().Before(until) {
		return nil, unauthenticated()
	}
	return &identity{name: e.Name, role: c.roles[e.Role], until: until}, nil
}

// sessions returns how many sessions a caller may have, or 0 where that is not said.
func (c *Callers) sessions(name string) int {
	if c == nil {
		return 0
	}
	for _, e := range c.entries {
		if e.Name == name {
			return c.roles[e.Role].sessions
		}
	}
	return 0
}

// check returns an error where the callers do not fit the gateway: a rule for what is no method is a rule that protects nothing.
func (p *policy) check(services map[string]grpc.ServiceInfo) error {
	if p.callers == nil {
		return nil
	}
	if p.callers.certified && p.clientCAs() == nil {
		return errors.New("callers: one is known by its certificate, which needs a CA of callers")
	}
	known := map[string]bool{"*": true}
	for service, info := range services {
		short, _ := shortName(service)
		known[short] = true
		for _, method := range info.Methods {
			known[short+"/"+method.Name] = true
		}
	}
	for name, role := range p.callers.roles {
		for rule := range role.methods {
			if !known[rule] {
				return fmt.Errorf("callers: role %s: there is no method %q: a rule is Service, Service/Method, or \"*\"", name, rule)
			}
		}
	}
	return nil
}
