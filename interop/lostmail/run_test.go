package lostmail

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// run is what the mailboxes share.
type run struct {
	plan    *plan
	dir     string
	program string // of the callers
}

// worker works on one mailbox after the other.
type worker struct {
	*run

	address string // of its POP3 servers, one after the other
	gateway *gateway
}

// freeAddress returns an address of loopback. Each worker has a host of its
// own, so that no port is taken by somebody's connection between two servers.
func freeAddress(host string) (string, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// child is a caller's process.
type child struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func (r *run) startCaller(dir string) (*child, error) {
	command := exec.Command(r.program)
	command.Env = append(os.Environ(), callerVariable+"="+dir)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &child{command, in, bufio.NewReader(out)}, command.Start()
}

// do has the caller make a call. It reports false when it was killed.
func (c *child) do(t task) (result, bool, error) {
	if err := json.NewEncoder(c.in).Encode(t); err != nil {
		return result{}, false, err
	}
	line, err := c.out.ReadBytes('\n')
	if err == io.EOF {
		_ = c.command.Wait() // it says that it was killed
		if status := c.command.ProcessState.String(); status != "signal: killed" {
			return result{}, false, fmt.Errorf("a caller ended with %s", status)
		}
		return result{}, false, nil
	}
	var r result
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	return r, true, err
}

// end ends the process, which has nothing to do any more.
func (c *child) end() {
	_ = c.in.Close()
	_ = c.command.Process.Kill()
	_ = c.command.Wait()
}

// mailbox goes through the sessions of one mailbox, and judges what is left.
func (w *worker) mailbox(p *mailboxPlan) (verdict, error) {
	dir := filepath.Join(w.dir, p.user())
	if err := os.Mkdir(dir, 0o700); err != nil {
		return verdict{}, err
	}
	s, err := newServer(w.address, w.plan.Seed, p, w.gateway)
	if err != nil {
		return verdict{}, err
	}
	defer s.Close()
	e := evidence{plan: p}
	var c *child
	defer func() {
		if c != nil {
			c.end()
		}
	}()
	call := func(session *sessionPlan) error {
		if c == nil {
			if c, err = w.startCaller(dir); err != nil {
				return err
			}
		}
		ended, err := w.session(s, c, session)
		if err == nil && ended.killed {
			c = nil
		}
		e.calls = append(e.calls, ended)
		return err
	}
	for i := range p.Sessions {
		if err := call(&p.Sessions[i]); err != nil {
			return verdict{}, err
		}
	}
	e.maildrop = s.serials()
	for again := true; again; again = e.calls[len(e.calls)-1].disturbed {
		if err := call(sweep(len(e.calls) + 1)); err != nil {
			return verdict{}, err
		}
	}
	s.mu.Lock()
	e.arrived, e.truth, e.shown = s.arrived, s.truth, s.shown
	s.mu.Unlock()
	e.left = s.serials()
	if e.records, err = readJournal(dir); err != nil {
		return verdict{}, err
	}
	v := check(e)
	for kind, n := range s.fired {
		v.counts["fault "+kind] += n
	}
	return v, nil
}

// sweep is a last session, in which nothing goes wrong.
func sweep(number int) *sessionPlan {
	return &sessionPlan{Number: number, Sweep: true, caller: caller{Mode: "all", Window: 100, Batch: 500, SettleEvery: 10}}
}

// session has a caller make one call.
func (w *worker) session(s *server, c *child, p *sessionPlan) (ending, error) {
	e := ending{sessionPlan: p}
	s.begin(p)
	address, kills, err := w.gateway.address()
	if err != nil {
		return e, err
	}
	host, port, err := net.SplitHostPort(w.address)
	if err != nil {
		return e, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return e, err
	}
	var answered bool
	e.result, answered, err = c.do(task{
		Gateway: address, Host: host, Port: uint32(number), User: s.plan.user(), Steady: s.plan.steady(p), Plan: *p,
	})
	e.killed = !answered
	e.disturbed = s.strayed() || w.gateway.killed() != kills
	for _, f := range p.Faults {
		if f.Kind == killCaller && e.killed || f.Kind == cancelled && e.Code == "Canceled" {
			s.count(f.Kind)
		}
	}
	if err != nil {
		return e, fmt.Errorf("box%d session %d: %w", s.plan.Number, p.Number, err)
	}
	return e, s.finish()
}

// serials are the messages in the maildrop.
func (s *server) serials() (serials []int) {
	messages := s.drop.Snapshot()
	for i := range messages {
		serials = append(serials, serialOf(&messages[i]))
	}
	return serials
}
