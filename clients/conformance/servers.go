package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/popgate/popgate/pop3/pop3test"
)

// serverSpec is a POP3 server: an honest one with alice's mailbox, unless Script or Closed says otherwise.
type serverSpec struct {
	Messages []messageSpec `yaml:"messages"`
	// TLS is TLS from the first octet, else there is STLS.
	TLS bool `yaml:"tls"`
	// Script is a dialogue that is played on each connection, as package pop3test has it.
	Script string `yaml:"script"`
	// Closed is a port at which nobody listens, Forbidden a server that the gateway may not dial.
	Closed    bool `yaml:"closed"`
	Forbidden bool `yaml:"forbidden"`
	// Banner is the greeting; Answers are fixed answers by command; Hold is a command that is not answered before release.
	Banner  string            `yaml:"banner"`
	Answers map[string]string `yaml:"answers"`
	Hold    string            `yaml:"hold"`
	// CutAt is a command at which the connections between client and gateway are cut, the first time it comes; at StallAt they stall,
	// each time.
	CutAt   string `yaml:"cut_at"`
	StallAt string `yaml:"stall_at"`
	// Refusal is what a login gets, Busy has another session hold the maildrop, Delay is the LOGIN-DELAY in seconds.
	Refusal string `yaml:"refusal"`
	Delay   int    `yaml:"delay"`
	// Rename gives new unique-ids at each login; QuitReply and QuitSilent are what QUIT gets, after it removed what was marked.
	Rename     bool   `yaml:"rename"`
	QuitReply  string `yaml:"quit_reply"`
	QuitSilent bool   `yaml:"quit_silent"`
}

// popServer is a POP3 server that runs.
type popServer struct {
	spec     serverSpec
	addr     string
	messages []*message
	drop     *pop3test.Maildrop
	released chan struct{}
	release  func() // what is held
	commands func() []string
	close    func()
	complain func() []string // of the client, by a script
	ca       string          // PEM
}

// startServer starts one. cut cuts the connections between client and gateway, stall has them stall.
func startServer(spec serverSpec, cut, stall func()) (*popServer, error) {
	held := make(chan struct{})
	s := &popServer{spec: spec, released: held, release: sync.OnceFunc(func() { close(held) })}
	s.commands, s.complain = func() []string { return nil }, func() []string { return nil }
	switch {
	case spec.Closed:
		s.startClosed()
		return s, nil
	case spec.Script != "":
		return s, s.startScript()
	}
	return s, s.startHonest(cut, stall)
}

// startClosed starts nothing. A port that was free a moment ago may be somebody else's by now; nobody is given this one.
func (s *popServer) startClosed() {
	s.addr, s.close = "127.0.0.1:1", func() {}
}

func (s *popServer) startScript() error {
	script, err := pop3test.ParseScript(s.spec.Script)
	if err != nil {
		return err
	}
	var tb complaints
	server := pop3test.NewUnstartedScriptServer(&tb, script, pop3test.Faults{})
	if s.spec.TLS {
		server.StartTLS()
	} else {
		server.Start()
	}
	s.addr, s.close, s.complain, s.commands = server.Addr, server.Close, tb.all, server.Received
	s.ca = string(server.CertificatePEM())
	return nil
}

func (s *popServer) startHonest(cut, stall func()) error {
	s.drop = pop3test.NewMaildrop("secret")
	for i, spec := range s.spec.Messages {
		m, err := spec.make(i+1, s.released)
		if err != nil {
			return err
		}
		s.messages = append(s.messages, m)
		s.drop.Add(m.Message)
	}
	s.drop.Refusal = s.spec.Refusal
	if s.spec.Rename {
		s.drop.OnLogin = pop3test.RenameAtLogin
	}
	if s.spec.QuitReply != "" || s.spec.QuitSilent {
		s.drop.OnQuit = func(u *pop3test.Update) { u.Reply, u.NoReply = s.spec.QuitReply, s.spec.QuitSilent }
	}
	server := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": s.drop})
	server.TrustRPOP = true
	server.Banner = s.spec.Banner
	server.LoginDelay = time.Duration(s.spec.Delay) * time.Second
	server.Intercept = s.intercept(sync.OnceFunc(cut), stall)
	if s.spec.TLS {
		server.StartTLS()
	} else {
		server.Start()
	}
	s.addr, s.commands, s.ca = server.Addr, server.Commands, string(server.CertificatePEM())
	s.close = func() {
		s.release()
		server.Close()
	}
	return nil
}

// intercept sees each command first.
func (s *popServer) intercept(cut, stall func()) func(string) (string, bool) {
	return func(line string) (string, bool) {
		verb, _, _ := strings.Cut(line, " ")
		switch verb {
		case s.spec.Hold:
			<-s.released
		case s.spec.CutAt:
			cut()
		case s.spec.StallAt:
			stall()
		}
		answer, ok := s.spec.Answers[verb]
		return answer + "\r\n", ok
	}
}

// sent counts the commands of a kind that have come.
func (s *popServer) sent(verb string) int {
	n := 0
	for _, line := range s.commands() {
		if first, _, _ := strings.Cut(line, " "); first == verb {
			n++
		}
	}
	return n
}

// left returns which messages are there, by their first numbers.
func (s *popServer) left() []int {
	numbers := []int{}
	for _, id := range s.drop.UniqueIDs() {
		for i, m := range s.messages {
			if m.UniqueID == id {
				numbers = append(numbers, i+1)
			}
		}
	}
	return numbers
}

// define makes variables of the server: NAME is a Server of the contract, NAME.1.octets a message's octets, and so on.
func (s *popServer) define(name string, v variables) error {
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	tls := map[string]any{"mode": "TLS_MODE_PLAINTEXT"}
	if s.spec.TLS {
		tls = map[string]any{"mode": "TLS_MODE_IMPLICIT", "caBundlePem": s.ca}
	}
	v[name] = map[string]any{"host": host, "port": number, "tls": tls}
	v[name+".host"], v[name+".port"], v[name+".ca"] = host, number, s.ca
	for i, m := range s.messages {
		n := strconv.Itoa(i + 1)
		v[name+"."+n+".octets"], v[name+"."+n+".sha256"], v[name+"."+n+".id"] = m.Octets, m.sha256, m.UniqueID
		v[name+"."+n] = map[string]any{"number": i + 1, "unique_id": m.UniqueID, "octets": m.Octets, "sha256": m.sha256}
	}
	return nil
}

// complaints is a pop3test.TB that keeps what a script has against the client.
type complaints struct {
	mu    sync.Mutex
	lines []string
}

// Helper implements pop3test.TB.
func (*complaints) Helper() {}

// Cleanup implements pop3test.TB; the case closes its servers itself.
func (*complaints) Cleanup(func()) {}

// Errorf implements pop3test.TB.
func (c *complaints) Errorf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

func (c *complaints) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lines
}
