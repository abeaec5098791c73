package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/dynamicpb"
)

// play plays the cases and returns which passed. The error is one of the driver's own.
func (s *suite) play(ctx context.Context, set *settings, out io.Writer) (map[string]bool, error) {
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // only certificates are in it
	ca, err := newAuthority(dir)
	if err != nil {
		return nil, err
	}
	p := &player{ca: ca, command: set.command, timeout: set.timeout, patience: cmp.Or(set.patience, patience), out: out}
	passed := map[string]bool{}
	for _, c := range s.Cases {
		if match, err := filepath.Match(set.only, c.Name); err != nil || !match && set.only != "" {
			continue
		}
		begun := time.Now()
		err := p.playCase(ctx, c)
		passed[c.Name] = err == nil
		verdict := "ok  "
		if err != nil {
			verdict = "FAIL"
		}
		_, _ = fmt.Fprintf(out, "%s %s (%d ms)\n", verdict, c.Name, time.Since(begun).Milliseconds())
		if err != nil {
			_, _ = fmt.Fprintf(out, "     %s\n", strings.ReplaceAll(err.Error(), "\n", "\n     "))
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if p.runner != nil {
		return passed, p.runner.stop()
	}
	return passed, nil
}

// player plays cases through one runner after the other: one that has failed in its protocol is replaced.
type player struct {
	ca       *authority
	command  []string
	timeout  time.Duration
	patience time.Duration
	runner   *runner
	out      io.Writer
}

func (p *player) playCase(ctx context.Context, c *testCase) error {
	if c.Fresh && p.runner != nil {
		before := p.runner
		p.runner = nil
		if err := before.stop(); err != nil {
			return err
		}
	}
	if p.runner == nil {
		var err error
		if p.runner, err = startRunner(ctx, p.command, p.timeout); err != nil {
			return err
		}
	}
	stage, err := p.set(c)
	if err == nil {
		err = stage.play(ctx)
	}
	err = errors.Join(err, stage.end())
	if errors.Is(err, errRunner) {
		p.runner.abandon()
		p.runner = nil
	}
	return err
}

// stage is what one case plays on.
type stage struct {
	*testCase

	runner  *runner
	servers map[string]*popServer
	gateway *gateway
	front   *front
	drained func() // ends what drain has begun; nil if it has not
	vars    variables
	method  string // of the call that is open
	measure measure
	out     io.Writer // for figures

	patience time.Duration
}

// set starts the servers of a case, and the gateway. What it returns has to be ended, with an error too.
func (p *player) set(c *testCase) (*stage, error) {
	s := &stage{testCase: c, runner: p.runner, out: p.out, patience: p.patience, servers: map[string]*popServer{}, vars: variables{
		"ca_file": filepath.Join(p.ca.dir, "ca.pem"), "other_ca_file": filepath.Join(p.ca.dir, "other.pem"),
		"alice": map[string]any{"username": "alice", "password": "secret"},
	}}
	var targets []string
	for name, spec := range c.Servers {
		server, err := startServer(spec, func() { s.front.cut() }, func() { s.front.stall() })
		if err != nil {
			return s, fmt.Errorf("server %s: %w", name, err)
		}
		s.servers[name] = server
		if err := server.define(name, s.vars); err != nil {
			return s, err
		}
		if !spec.Forbidden {
			targets = append(targets, server.addr)
		}
	}
	var err error
	if s.gateway, err = startGateway(c.Gateway, targets, p.ca); err != nil {
		return s, err
	}
	s.front, err = startFront(c.Gateway.Front, s.gateway.addr, s.busy)
	return s, err
}

// end closes all, and tells what scripts complain of.
func (s *stage) end() error {
	for _, server := range s.servers {
		server.release()
	}
	if s.front != nil {
		s.front.close()
	}
	if s.drained != nil {
		s.drained()
	}
	if s.gateway != nil {
		s.gateway.close()
	}
	var found []error
	for name, server := range s.servers {
		server.close()
		for _, complaint := range server.complain() {
			found = append(found, fmt.Errorf("server %s: %s", name, complaint))
		}
	}
	return errors.Join(found...)
}

// errOver is the end of a case that needs no further step.
var errOver = errors.New("over")

func (s *stage) play(ctx context.Context) error {
	err := s.connect(ctx)
	for i := 0; err == nil && i < len(s.Steps); i++ {
		if err = s.step(ctx, &s.Steps[i]); err != nil && !errors.Is(err, errOver) {
			err = fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}

// connect has the client connect. It may fail at once only where the gateway is not to be trusted, and then the case is over.
func (s *stage) connect(ctx context.Context) error {
	request := map[string]any{"op": "connect", "target": s.front.addr}
	if s.Gateway.TLS != "" {
		request["ca_file"] = "${ca_file}"
	}
	maps.Copy(request, s.Connect)
	answer, err := s.ask(ctx, request)
	if err != nil {
		return err
	}
	if _, failed := answer["error"]; failed && s.Distrusts {
		return errOver
	}
	return match(map[string]any{"error": nil}, answer, "connect: answer")
}

func (s *stage) step(ctx context.Context, step *step) error {
	switch {
	case step.Login != "":
		return s.login(ctx, step.Login)
	case step.Driver != "":
		return s.drive(step.Driver)
	case step.Ask != nil:
		return s.request(ctx, step)
	}
	return s.look(step)
}

// drive does what no client does.
func (s *stage) drive(what string) error {
	switch what {
	case "release":
		for _, server := range s.servers {
			server.release()
		}
		return nil
	case "drain":
		s.drain()
		return nil
	case "measure":
		return s.measure.begin(s.runner.cmd.Process.Pid)
	case "measured":
		growth, took, err := s.measure.end(s.runner.cmd.Process.Pid)
		if err == nil && s.measure.peaks != nil {
			_, err = fmt.Fprintf(s.out, "     256 MiB: %.0f MiB/s, memory grew by %.1f MiB\n", 256/took.Seconds(), float64(growth)/(1<<20))
		}
		if growth > growthLimit {
			return fmt.Errorf("the memory of the runner grew by %d MiB, more than %d MiB", growth>>20, growthLimit>>20)
		}
		return err
	}
	return fmt.Errorf("the driver cannot %s", what)
}

// drain has the gateway drain until the case ends: a session that is there holds it up so long.
func (s *stage) drain() {
	ctx, cancel := context.WithCancel(context.Background())
	drained := make(chan struct{})
	s.drained = func() {
		cancel()
		<-drained
	}
	go func() {
		defer close(drained)
		s.gateway.Shutdown(ctx)
	}()
	for s.gateway.Ready() {
		time.Sleep(time.Millisecond)
	}
}

// login opens a session and logs alice in.
func (s *stage) login(ctx context.Context, server string) error {
	for _, step := range []step{
		{
			Ask:  map[string]any{"op": "call", "method": "Pop3Service/OpenSession", "request": map[string]any{"server": "${" + server + "}"}},
			Save: map[string]string{"session": "responses.0.sessionId"},
		},
		{Ask: map[string]any{"op": "call", "method": "Pop3Service/User", "request": map[string]any{"sessionId": "${session}", "username": "alice"}}},
		{Ask: map[string]any{"op": "call", "method": "Pop3Service/Pass", "request": map[string]any{"sessionId": "${session}", "password": "secret"}}},
	} {
		if err := s.request(ctx, &step); err != nil {
			return fmt.Errorf("login: %w", err)
		}
	}
	return nil
}

// request makes a request and compares the answer.
func (s *stage) request(ctx context.Context, step *step) error {
	if op := step.Ask["op"]; op == "fetch" || op == "collect" || strings.HasPrefix(fmt.Sprint(step.Ask["method"]), "MailboxService/") {
		s.awaitFree()
	}
	answer, err := s.ask(ctx, step.Ask)
	for err == nil && step.Until != "" && answer[step.Until] == nil && answer["error"] == nil {
		answer, err = s.ask(ctx, step.Ask)
	}
	if err != nil {
		return err
	}
	want := map[string]any{}
	if _, either := step.Want["$in"]; !either {
		want["error"] = nil
	}
	maps.Copy(want, step.Want)
	filled, err := s.vars.fill(want)
	if err != nil {
		return err
	}
	if err := match(filled, answer, "answer"); err != nil {
		return fmt.Errorf("%s: %w", show(step.Ask), err)
	}
	for name, path := range step.Save {
		if err := s.vars.save(name, path, answer); err != nil {
			return err
		}
	}
	return nil
}

// awaitFree waits until no session has a maildrop: a server may not have noticed yet that the job before has hung up.
func (s *stage) awaitFree() {
	for limit := time.Now().Add(s.patience); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		if !s.busy() {
			return
		}
	}
}

// busy reports whether a session has a maildrop.
func (s *stage) busy() bool {
	for _, server := range s.servers {
		if server.drop != nil && server.drop.InUse() {
			return true
		}
	}
	return false
}

// ask asks the runner, and reads the messages of the contract in its answer.
func (s *stage) ask(ctx context.Context, request map[string]any) (map[string]any, error) {
	filled, err := s.vars.fill(request)
	if err != nil {
		return nil, err
	}
	answer, err := s.runner.ask(ctx, filled.(map[string]any))
	if err != nil {
		return nil, err
	}
	op, _ := request["op"].(string)
	if method, ok := request["method"].(string); ok && op == "open" {
		s.method = method
	}
	switch op {
	case "call":
		responses, _ := answer["responses"].([]any)
		for i := range responses {
			if responses[i], err = normal(request["method"].(string), responses[i]); err != nil {
				return nil, err
			}
		}
	case "receive":
		if response, ok := answer["response"]; ok {
			answer["response"], err = normal(s.method, response)
		}
	}
	return answer, err
}

// normal reads a response as proto3 JSON and writes it anew: enumerations by name, fields in lowerCamelCase, no zeros.
func normal(method string, response any) (any, error) {
	descriptor, err := methodOf(method)
	if err != nil {
		return nil, err
	}
	message := dynamicpb.NewMessage(descriptor.Output())
	text, err := json.Marshal(response)
	if err != nil {
		return nil, err
	}
	if err := protojson.Unmarshal(text, message); err != nil {
		return nil, fmt.Errorf("a response of %s is not in proto3 JSON: %w: %.200s", method, err, text)
	}
	if text, err = protojson.Marshal(message); err != nil {
		return nil, err
	}
	return parseAnswer(text)
}

// patience is how long the driver waits for what has to be seen on a server. Only a case that fails takes so long.
const patience = time.Minute

// look compares what is on the servers, and what has come through the relay.
func (s *stage) look(step *step) error {
	var err error
	for limit := time.Now().Add(s.patience); ; time.Sleep(10 * time.Millisecond) {
		if err = s.compare(step); err == nil || time.Now().After(limit) {
			return err
		}
	}
}

func (s *stage) compare(step *step) error {
	for name, want := range step.Left {
		if got := s.servers[name].left(); !slices.Equal(got, want) {
			return fmt.Errorf("on server %s are messages %v, want %v", name, got, want)
		}
	}
	for name, commands := range step.Sent {
		for verb, want := range commands {
			if got := s.servers[name].sent(verb); got != want {
				return fmt.Errorf("server %s has got %s %d times, want %d", name, verb, got, want)
			}
		}
	}
	if step.Token != "" && !s.front.relay.authorized("Bearer "+step.Token) {
		return errors.New("a call came without the token, or with another")
	}
	for _, method := range step.Echoed {
		header := fmt.Sprint(s.vars["session"]) + routed
		if !s.front.relay.echoed(method, header) {
			return fmt.Errorf("%s came without the header %s as it was given out", method, sessionHeader)
		}
	}
	return nil
}
