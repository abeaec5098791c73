package pop3

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

const (
	// attemptDelay is the head start of an attempt to connect (RFC 8305 section 5).
	attemptDelay = 250 * time.Millisecond
	// resolutionDelay is how long IPv4 addresses wait for those of IPv6 (RFC 8305 section 3).
	resolutionDelay = 50 * time.Millisecond
	// lookupLimit is for finding the addresses of a name.
	lookupLimit = 5 * time.Second
	// maxAttempts is how many addresses of a name are tried.
	maxAttempts = 8
)

// Dialer makes TCP connections by RFC 8305, Happy Eyeballs: the addresses of IPv6 and of IPv4 take turns, IPv6 first; each
// attempt begins 250 ms after the one before, or at once when one has failed; the first connection wins, and the others are
// closed. A name is looked up for at most 5 s, and at most 8 of its addresses are tried. The whole has the limit of its context,
// which Dial sets to Timeouts.Connect. The zero value is ready to use. (A net.Dialer has the addresses of one family wait for each
// other, so that a few that do not answer use up the time, and asks for both families together.) WithAttempts tells what was tried.
type Dialer struct {
	// Lookup finds the addresses of a host in a network, "ip6" or "ip4", the best first. Nil means that of net.DefaultResolver.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// Connect connects to one address, IP:port. Nil means that of a net.Dialer.
	Connect func(ctx context.Context, network, address string) (net.Conn, error)
}

// DialContext connects to host:port; network is "tcp".
//
// Errors: a *net.DNSError where no address was found, which says whether there is none; a time-out, where the context's or that
// of an attempt; else the errors of all attempts, joined.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	tell, _ := ctx.Value(attemptsKey{}).(func([]Attempt))
	ctx, cancel := context.WithCancel(context.WithValue(ctx, attemptsKey{}, nil)) // what Connect dials is its own affair
	defer cancel()                                                                // ends the attempts that have lost
	r := &race{Dialer: *d, ctx: ctx, network: network, port: port, events: make(chan event), begun: time.Now()}
	if r.Lookup == nil {
		r.Lookup = net.DefaultResolver.LookupNetIP
	}
	if r.Connect == nil {
		r.Connect = new(net.Dialer).DialContext
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		r.queues[0] = []netip.Addr{addr}
	} else {
		r.asked = len(r.queues)
		go r.resolve(0, "ip6", host)
		go r.resolve(1, "ip4", host)
	}
	conn, err := r.run()
	if tell != nil {
		tell(r.told())
	}
	return conn, err
}

// race is one DialContext.
type race struct {
	Dialer
	ctx           context.Context //nolint:containedctx // of this one call
	network, port string
	events        chan event
	begun         time.Time

	asked      int             // lookups that have not answered
	queues     [2][]netip.Addr // what is to be tried of IPv6 and of IPv4
	turn       int             // which of them has the next attempt
	attempts   []Attempt       // that were started
	running    int             // of them
	unresolved []error         // of lookups
	failed     []error         // of attempts
}

// event is the end of a lookup or of an attempt.
type event struct {
	lookup  bool
	family  int
	addrs   []netip.Addr
	attempt int // which
	conn    net.Conn
	err     error
}

// post hands an event to run, if that still listens.
func (r *race) post(e event) bool {
	select {
	case r.events <- e:
		return true
	case <-r.ctx.Done():
		return false
	}
}

func (r *race) resolve(family int, network, host string) {
	ctx, cancel := context.WithTimeout(r.ctx, lookupLimit)
	defer cancel()
	addrs, err := r.Lookup(ctx, network, host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	r.post(event{lookup: true, family: family, addrs: addrs, err: err})
}

func (r *race) attempt(which int, address string) {
	conn, err := r.Connect(r.ctx, r.network, address)
	if !r.post(event{attempt: which, conn: conn, err: err}) && err == nil {
		_ = conn.Close() // another one has won, or it is too late
	}
}

// run starts attempts until one has succeeded, all have failed, or the context ends.
func (r *race) run() (net.Conn, error) {
	next := time.NewTimer(0) // for the next attempt
	defer next.Stop()
	late := false // the timer has fired, but there was no address
	for !r.lost() {
		select {
		case e := <-r.events:
			if !e.lookup {
				r.over(e.attempt, e.err)
			}
			switch {
			case e.conn != nil:
				return e.conn, nil
			case !e.lookup:
				r.running--
				r.failed = append(r.failed, e.err)
				next.Reset(0)
			default:
				r.asked--
				r.queues[e.family] = e.addrs
				if e.err != nil {
					r.unresolved = append(r.unresolved, e.err)
				}
				if len(r.attempts) == 0 && len(r.queues[0]) == 0 && r.asked > 0 { // IPv6 is to have the first turn
					next.Reset(resolutionDelay)
				} else if len(r.attempts) == 0 || late {
					next.Reset(0)
				}
			}
		case <-next.C:
			if late = !r.start(); !late {
				next.Reset(attemptDelay)
			}
		case <-r.ctx.Done():
			return nil, r.err()
		}
	}
	return nil, r.err()
}

// lost reports whether nothing is left that could succeed.
func (r *race) lost() bool {
	rest := r.asked + len(r.queues[0]) + len(r.queues[1])
	return r.running == 0 && (len(r.attempts) == maxAttempts || rest == 0)
}

// start begins an attempt with the next address, if there is one.
func (r *race) start() bool {
	family := r.turn
	if len(r.queues[family]) == 0 {
		family = 1 - family
	}
	queue := r.queues[family]
	if len(queue) == 0 || len(r.attempts) == maxAttempts {
		return false
	}
	r.queues[family] = queue[1:]
	r.turn = 1 - family
	r.running++
	address := net.JoinHostPort(queue[0].Unmap().String(), r.port)
	r.attempts = append(r.attempts, Attempt{Address: address, Begun: time.Since(r.begun), Took: -1})
	go r.attempt(len(r.attempts)-1, address)
	return true
}

// err says why the race is lost, whatever order the failures came in.
func (r *race) err() error {
	if err := r.ctx.Err(); err != nil {
		return &net.OpError{Op: "dial", Net: r.network, Err: err}
	}
	for _, err := range r.failed {
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			return err
		}
	}
	if len(r.failed) > 0 {
		return errors.Join(r.failed...)
	}
	for _, err := range r.unresolved {
		if dns, ok := errors.AsType[*net.DNSError](err); !ok || !dns.IsNotFound {
			return err // that the other family has no address does not mean that there is none
		}
	}
	return r.unresolved[0]
}
