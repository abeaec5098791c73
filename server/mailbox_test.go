package server

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// password is that of alice's mailbox.
const password = "open sesame"

// mailbox is an honest POP3 server with one mailbox, alice's.
type mailbox struct {
	*pop3test.Server
	drop *pop3test.Maildrop
}

// newMailbox returns a server with small messages. It answers after Start or StartTLS, or over dialPipe.
func newMailbox(t testing.TB, messages int) *mailbox {
	t.Helper()
	drop := pop3test.NewMaildrop(password)
	for i := range messages {
		drop.Add(pop3test.NewMessage(fmt.Appendf(nil, "Subject: %d\r\n\r\nbody\r\n", i+1)))
	}
	m := &mailbox{pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop}), drop}
	t.Cleanup(m.Close)
	return m
}

// dialPipe is a dial for Config that needs no sockets, for virtual time. The address does not matter.
func (m *mailbox) dialPipe(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go m.ServeConn(server)
	return client, nil
}

// free waits until no session has alice's mailbox: the server sees the end of a connection without QUIT a little after the gateway.
func (m *mailbox) free(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); m.drop.InUse(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a session has the mailbox still")
		}
	}
}

// sent counts the commands that the server has got.
func (m *mailbox) sent(verb string) int {
	n := 0
	for _, line := range m.Commands() {
		if word, _, _ := strings.Cut(line, " "); word == verb {
			n++
		}
	}
	return n
}

// hold makes the server wait before it answers a command. arrived gets a value for each that came; release lets all go on.
func (m *mailbox) hold(t testing.TB, verb string) (arrived <-chan struct{}, release func()) {
	came, held := make(chan struct{}, 100), make(chan struct{})
	m.Intercept = func(line string) (string, bool) {
		if strings.HasPrefix(line, verb) {
			came <- struct{}{}
			<-held
		}
		return "", false
	}
	release = sync.OnceFunc(func() { close(held) })
	t.Cleanup(release)
	return came, release
}

// answer makes the server answer commands by fixed lines in place of its own.
func (m *mailbox) answer(lines map[string]string) {
	m.Intercept = func(line string) (string, bool) {
		verb, _, _ := strings.Cut(line, " ")
		reply, ok := lines[verb]
		return reply + "\r\n", ok
	}
}

// anywhere is a target for a gateway whose dial does not care.
func anywhere() *pb.Server {
	return &pb.Server{Host: "pop3.example.test", Tls: &pb.TlsOptions{Mode: pb.TlsMode_TLS_MODE_PLAINTEXT}}
}

// piped makes a gateway's configuration dial a mailbox without sockets.
func (m *mailbox) piped(c *Config) {
	c.dial = m.dialPipe
	c.UnsafeAllowPlaintext = true
}

// openMailbox opens a session with alice's mailbox.
func (g *gateway) openMailbox(t testing.TB) string {
	t.Helper()
	id := g.openSession(t, anywhere())
	g.login(t, id, "alice", password)
	return id
}

// noop tries a session.
func (g *gateway) noop(t testing.TB, id string) error {
	t.Helper()
	_, err := g.Noop(t.Context(), &pb.NoopRequest{SessionId: id})
	return err
}

// ended is what a call to a session gets that has ended without QUIT.
func ended(cause string) failure {
	return failure{codes.FailedPrecondition, "SESSION_ENDED", map[string]string{"cause": cause, "outcome": "NOT_COMMITTED"}}
}
