package pop3

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/popgate/popgate/pop3/internal/wire"
)

// ErrPipelining says that a server lists PIPELINING, and that its replies to commands that were sent ahead do not match them.
var ErrPipelining = errors.New("the server cannot do PIPELINING, which it lists")

// addProbe puts LIST behind a request.
func (p *pipeline) addProbe(r Request) {
	p.probe = r.Number
	if r.Verb == "DELE" {
		p.probe = p.upcoming.Number
	}
	cmd := command{verb: "LIST", args: []string{strconv.FormatUint(uint64(p.probe), 10)}}
	p.lines = append(p.lines, cmd.verb+" "+cmd.args[0]+"\r\n"...)
	p.c.traceCommand(cmd)
}

// prove reads the answer to the probe, if there is one, and judges it.
func (p *pipeline) prove(stream bool) error {
	if p.probe == 0 {
		return nil
	}
	got, err := p.status(stream)
	if err != nil {
		return err
	}
	if got.err == nil {
		if e := parseEntry("LIST", got.text); e.Number != p.probe || e.Octets < 0 {
			broken := p.c.fail(Protocol, "", fmt.Errorf("LIST %d is answered by %q", p.probe, got.response))
			return p.blame(broken)
		}
		p.c.pipelines = true
	}
	p.probe = 0
	return nil
}

// confirm reads what shows that the current message is over: the answer to the probe, or the next reply's status line.
func (p *pipeline) confirm() error {
	if p.probe != 0 {
		return p.prove(true)
	}
	if len(p.queue) < 2 {
		return nil
	}
	p.c.running.name = p.queue[1].Verb
	got, err := p.status(true)
	if err != nil {
		return err
	}
	p.ahead = got
	return nil
}

// awaits reports whether confirm reads.
func (p *pipeline) awaits() bool { return p.probe != 0 || len(p.queue) > 1 }

// reply returns the next reply's status line.
func (p *pipeline) reply() (reply, error) {
	if got := p.ahead; got.known {
		p.ahead = reply{}
		return got, nil
	}
	return p.status(false)
}

// status reads a status line. Where stream is set, the end of the context is errInterrupted, and the line can be read again; any
// other error has made the connection dead.
func (p *pipeline) status(stream bool) (reply, error) {
	c := p.c
	c.running.expect(c.opts.Timeouts.Reply)
	c.running.stream = stream
	line, bareLF, err := c.wire.Line(wire.MaxStatusLine)
	if errors.Is(err, errInterrupted) {
		return reply{}, err
	}
	if err != nil {
		return reply{}, p.blame(c.failBy(err))
	}
	st, err := c.statusOf(line, bareLF)
	if c.dead() {
		return reply{}, p.blame(err)
	}
	return reply{st, err, true}, nil
}

// surplus fails where a server that was sent commands ahead has said more than it was asked for.
func (p *pipeline) surplus() error {
	if !p.piped || p.c.wire.Buffered() == 0 {
		return nil
	}
	return p.blame(p.c.failBy(errOutOfTurn))
}

// blame turns an error that has made the connection dead into one that is ErrPipelining, where commands were sent ahead and that may
// be its reason. A connection that is lost is that only under the probe: afterwards it is more likely an accident.
func (p *pipeline) blame(err error) error {
	broken, ok := errors.AsType[*BrokenError](err)
	if !ok || errors.Is(err, ErrPipelining) {
		return err
	}
	switch broken.Cause {
	case Protocol, Timeout:
		ok = p.piped
	case ConnectionLost:
		ok = p.probe != 0
	default:
		ok = false
	}
	if !ok {
		return err
	}
	if broken.Err == nil {
		broken.Err = ErrPipelining
	} else {
		broken.Err = fmt.Errorf("%w: %w", ErrPipelining, broken.Err)
	}
	liars.add(p.c.address)
	return err
}

// Pipelining reports whether the server can do the PIPELINING that it lists, and whether that is known: Pipeline has found it out, on
// this connection or, where the server cannot, on another one that Dial has made to the address in the last hour.
func (c *Client) Pipelining() (works, known bool) {
	if liars.has(c.address) {
		return false, true
	}
	return c.pipelines, c.pipelines
}

const (
	liarTime = time.Hour
	maxLiars = 1000
)

// liars are the addresses whose servers were caught, for this process.
var liars = addresses{until: make(map[string]time.Time)}

// addresses is a set of addresses that are forgotten after liarTime, and before where there are more than maxLiars.
type addresses struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// add remembers an address. "" is none.
func (a *addresses) add(address string) {
	if address == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for other, until := range a.until {
		if len(a.until) >= maxLiars || !now.Before(until) {
			delete(a.until, other)
		}
	}
	a.until[strings.ToLower(address)] = now.Add(liarTime)
}

func (a *addresses) has(address string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	until, ok := a.until[strings.ToLower(address)]
	return ok && time.Now().Before(until)
}
