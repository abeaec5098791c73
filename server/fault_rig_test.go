package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// rig is a gateway whose connections lead to dialogues that are cut. The port that it dials says which.
type rig struct {
	*gateway
	pem  []byte
	pair func() (client, server net.Conn, err error)

	mu   sync.Mutex
	cuts []*cut // by port, from 1

	failed atomic.Int32
}

// cut is a dialogue that is cut at one place.
type cut struct {
	*dialogue
	serve  func(net.Conn) error // in place of the dialogue's script
	faults pop3test.Faults
	below  bool // octets are counted below TLS
	last   *lastWrite
	wire   *tap
	played chan error
}

// tap keeps what a gateway writes, and counts what it reads.
type tap struct {
	net.Conn
	last   *lastWrite
	read   atomic.Int64
	mu     sync.Mutex
	sent   []byte
	closed bool
}

// lastWrite is a line that does not go out, or not the whole of it.
type lastWrite struct {
	line string
	part int // octets that go out
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.read.Add(int64(n))
	return n, err
}

func (t *tap) Write(p []byte) (int, error) {
	failing := t.last != nil && string(p) == t.last.line
	if failing {
		p = p[:t.last.part]
	}
	n, err := t.Conn.Write(p)
	if err == nil && failing {
		err = syscall.EPIPE
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = append(t.sent, p[:n]...)
	return n, err
}

func (t *tap) Close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	return t.Conn.Close()
}

// state returns what was written, and whether the gateway has closed the connection.
func (t *tap) state() (sent string, closed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.sent), t.closed
}

// socket is a tap that pop3 can ask for its file descriptor.
type socket struct {
	*tap
	syscall.Conn
}

// newRig starts a gateway over pairs of connections. It allows logins over plaintext, unless configure has it otherwise.
func newRig(t testing.TB, pem []byte, pair func() (client, server net.Conn, err error), configure ...func(*Config)) *rig {
	r := &rig{pem: pem, pair: pair}
	r.gateway = newGateway(t, func(c *Config) {
		c.UnsafeAllowPlaintext = true
		c.dial = r.dial
		for _, change := range configure {
			change(c)
		}
	})
	return r
}

// loopback returns a source of TCP connections.
func loopback(t testing.TB) func() (client, server net.Conn, err error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var mu sync.Mutex // whoever dials accepts it, too
	return func() (client, server net.Conn, err error) {
		mu.Lock()
		defer mu.Unlock()
		if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
			return nil, nil, err
		}
		server, err = listener.Accept()
		return client, server, err
	}
}

// narrow gives connections buffers that do not grow: how much a server gets rid of is not to be the kernel's affair.
func narrow(pair func() (client, server net.Conn, err error)) func() (client, server net.Conn, err error) {
	return func() (client, server net.Conn, err error) {
		if client, server, err = pair(); err == nil {
			err = errors.Join(client.(*net.TCPConn).SetReadBuffer(1<<20), server.(*net.TCPConn).SetWriteBuffer(1<<20))
		}
		return client, server, err
	}
}

// pipes are connections for virtual time.
func pipes() (client, server net.Conn, err error) {
	client, server = net.Pipe()
	return client, server, nil
}

func (r *rig) dial(_ context.Context, _, address string) (net.Conn, error) {
	_, port, _ := net.SplitHostPort(address)
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	c := r.cuts[n-1]
	r.mu.Unlock()
	client, server, err := r.pair()
	if err != nil {
		return nil, err
	}
	spoiled := c.faults.Wrap(server)
	if c.below {
		spoiled = struct{ net.Conn }{spoiled}
	}
	serve := c.serve
	if serve == nil {
		serve = c.script.Play
	}
	go func() { c.played <- serve(spoiled) }()
	c.wire = &tap{Conn: client, last: c.last}
	if tcp, ok := client.(*net.TCPConn); ok {
		return socket{c.wire, tcp}, nil
	}
	return c.wire, nil
}

// add makes a cut known, and returns a caller whose session meets it.
func (r *rig) add(ctx context.Context, c *cut) *caller {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.played = make(chan error, 1)
	r.cuts = append(r.cuts, c)
	server := &pb.Server{
		Host: "127.0.0.1", Port: new(uint32(len(r.cuts))), Tls: &pb.TlsOptions{Mode: c.mode, CaBundlePem: string(r.pem)},
	}
	return &caller{ctx: ctx, g: r, server: server}
}

// play makes the calls of a dialogue until one fails. It returns that one's number and error, or the number of calls.
func (c *cut) play(from *caller) (int, error) {
	for i, a := range c.acts {
		begin := time.Now()
		err := a.call(from)
		from.took = time.Since(begin)
		if err == nil && from.got != a.reply {
			err = fmt.Errorf("%w: %q", errWrong, from.got)
		}
		if err != nil {
			return i, err
		}
	}
	return len(c.acts), nil
}

// try plays a dialogue that is cut, and returns what is wrong about it, or "".
func (r *rig) try(ctx context.Context, c *cut) (wrong string) {
	from := r.add(ctx, c)
	at, isCut := c.place()
	done, err := c.play(from)
	switch {
	case errors.Is(err, errWrong):
		wrong = fmt.Sprintf("call %d: %v", done, err)
	case !isCut && err != nil:
		wrong = fmt.Sprintf("call %d: %v, though nothing is missing", done, err)
	case isCut && done != at.act:
		wrong = fmt.Sprintf("%d calls went well, want %d; %v", done, at.act, err)
	case isCut:
		wrong = c.after(from, at, err)
	}
	if wrong == "" {
		wrong = c.ended(at)
	}
	return wrong
}

// after checks the error of the call that was cut, and what comes after it.
func (c *cut) after(from *caller, at place, err error) (wrong string) {
	var found failure
	for _, found = range at.outcomes(c.faults.Action) {
		if wrong = found.check(err); wrong == "" {
			break
		}
	}
	if limit := at.limit(); c.faults.Action == pop3test.Stall && (from.took < limit || from.took > limit+limitSlack) {
		return fmt.Sprintf("%v after %v, want %v", err, from.took, limit)
	}
	if wrong != "" || at.act == 0 {
		return wrong
	}
	sent, _ := c.wire.state()
	if written := strings.HasSuffix(sent, "QUIT\r\n"); c.inTheClear() && written != (found.reason == "COMMIT_UNKNOWN") {
		return fmt.Sprintf("%s, but QUIT was written: %v", found.reason, written)
	}
	ended := failure{codes.FailedPrecondition, "SESSION_ENDED", map[string]string{"cause": found.reason, "outcome": "NOT_COMMITTED"}}
	again := ended
	if at.verb == "QUIT" {
		ended.meta = map[string]string{"cause": "QUIT", "outcome": found.meta["outcome"]}
		again = found
		again.meta["replayed"] = "true"
	}
	if wrong := again.check(from.quit()); wrong != "" {
		return "the next Quit: " + wrong
	}
	if wrong := ended.check(from.noop()); wrong != "" {
		return "the next Noop: " + wrong
	}
	if now, _ := c.wire.state(); now != sent {
		return fmt.Sprintf("calls after the end sent %q", now[len(sent):])
	}
	return ""
}

// ended checks what is left behind.
func (c *cut) ended(at place) string {
	sent, closed := c.wire.state()
	if !closed {
		return "the gateway has not closed the connection"
	}
	if err := <-c.played; err != nil && !errors.Is(err, pop3test.ErrFault) {
		return err.Error()
	}
	if !c.inTheClear() || sent == at.sent {
		return ""
	}
	// At the start of a reply its command may not be there yet, save that a stall lets it come.
	if at.start && c.faults.Action != pop3test.Stall && sent == withoutLastLine(at.sent) {
		return ""
	}
	return fmt.Sprintf("sent %q, want %q", sent, at.sent)
}

func withoutLastLine(lines string) string {
	return lines[:strings.LastIndexByte(strings.TrimSuffix(lines, "\n"), '\n')+1]
}

// inTheClear reports whether all that the client sends can be read on the wire.
func (d *dialogue) inTheClear() bool {
	return d.mode == pb.TlsMode_TLS_MODE_PLAINTEXT && !slices.ContainsFunc(d.replies, func(r reply) bool { return r.tls })
}
