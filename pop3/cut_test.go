package pop3_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// The session that is cut at every octet: each command once.
var (
	cutTop      = "Subject: one\r\n\r\n.dot\r\n" // the header and one line
	cutMessages = []string{cutTop + "..\r\n", "a\r\n", "\r\n\r\nb\r\n"}
	cutBanner   = "+OK ready <1@example.test>"
	cutCAPA     = []string{"SASL PLAIN", "PIPELINING"}
	stlsReply   = "+OK begin TLS\r\n"
)

type cutStep struct {
	name string
	do   func(ctx context.Context, s *cutSession) error
}

// cutSession is one run of the steps.
type cutSession struct {
	c       *pop3.Client
	outcome pop3.Outcome
	wrong   string // what came but was never sent
}

// message reads a message and compares it, as far as it comes, with the one that the server has.
func (s *cutSession) message(m *pop3.Message, err error, want string) error {
	if err != nil {
		return err
	}
	got, err := io.ReadAll(m)
	if !strings.HasPrefix(want, string(got)) || err == nil && string(got) != want {
		s.wrong = fmt.Sprintf("message %d: %q, %v", m.Number, got, err)
	}
	return err
}

var cutSteps = []cutStep{
	{"greeting", func(ctx context.Context, s *cutSession) error { _, err := s.c.Welcome(ctx); return err }},
	{"CAPA", func(ctx context.Context, s *cutSession) error { _, _, err := s.c.Capa(ctx); return err }},
	{"UTF8", func(ctx context.Context, s *cutSession) error { _, err := s.c.Utf8(ctx); return err }},
	{"AUTH", func(ctx context.Context, s *cutSession) error {
		// Without an initial response, so that there is a challenge to cut.
		_, err := s.c.AuthExchange(ctx, "PLAIN", nil, func(pop3.Challenge) ([]byte, error) { return []byte("\x00alice\x00secret"), nil })
		return err
	}},
	{"STAT", func(ctx context.Context, s *cutSession) error { _, _, _, err := s.c.Stat(ctx); return err }},
	{"LIST", func(ctx context.Context, s *cutSession) error { return readListing(s.c.List(ctx)) }},
	{"UIDL", func(ctx context.Context, s *cutSession) error { return readListing(s.c.Uidl(ctx)) }},
	{"LIST 1", func(ctx context.Context, s *cutSession) error { _, _, err := s.c.ListOne(ctx, 1); return err }},
	{"RETR", func(ctx context.Context, s *cutSession) error {
		m, err := s.c.Retr(ctx, 1)
		return s.message(m, err, cutMessages[0])
	}},
	{"TOP", func(ctx context.Context, s *cutSession) error {
		m, err := s.c.Top(ctx, 1, 1)
		return s.message(m, err, cutTop)
	}},
	{"DELE", func(ctx context.Context, s *cutSession) error { _, err := s.c.Dele(ctx, 1); return err }},
	{"RSET", func(ctx context.Context, s *cutSession) error { _, err := s.c.Rset(ctx); return err }},
	{"RETR of many", func(ctx context.Context, s *cutSession) (err error) {
		for m, each := range s.c.RetrEach(ctx, []uint32{2, 3}) {
			if m == nil {
				return each
			}
			if err = s.message(m, each, cutMessages[m.Number-1]); err != nil {
				return err
			}
		}
		return nil
	}},
	{"DELE again", func(ctx context.Context, s *cutSession) error { _, err := s.c.Dele(ctx, 2); return err }},
	{"NOOP", func(ctx context.Context, s *cutSession) error { _, err := s.c.Noop(ctx); return err }},
	{"QUIT", func(ctx context.Context, s *cutSession) (err error) { s.outcome, _, err = s.c.Quit(ctx); return err }},
}

// countingConn counts what is read.
type countingConn struct {
	net.Conn
	n int
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n += n
	return n, err
}

// cutServer is the server of one run.
func cutServer(faults pop3test.Faults) (*pop3test.Server, *pop3test.Maildrop) {
	drop := pop3test.NewMaildrop("secret")
	for i, text := range cutMessages {
		m := pop3test.NewMessage([]byte(text))
		m.UniqueID = fmt.Sprintf("id-%d", i)
		drop.Messages = append(drop.Messages, m)
	}
	return &pop3test.Server{
		Maildrops: map[string]*pop3test.Maildrop{"alice": drop}, Banner: cutBanner, Capabilities: cutCAPA, Faults: faults,
	}, drop
}

// cutEnds returns how many octets the server has sent at the end of each step.
func cutEnds(t *testing.T) (ends []int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		counting := &countingConn{Conn: client}
		srv, _ := cutServer(pop3test.Faults{})
		go srv.ServeConn(server)
		s := &cutSession{c: pop3.New(counting, plaintext)}
		for _, step := range cutSteps {
			if err := step.do(t.Context(), s); err != nil || s.wrong != "" {
				t.Fatal(step.name, err, s.wrong)
			}
			ends = append(ends, counting.n)
		}
		if s.outcome != pop3.Committed {
			t.Fatal(s.outcome)
		}
	})
	return ends
}

// cutTLS are the configurations of both ends.
type cutTLS struct{ client, server *tls.Config }

// newCutTLS returns configurations whose handshake costs as little as can be, for there are many.
func newCutTLS(t *testing.T) cutTLS {
	t.Helper()
	curves := []tls.CurveID{tls.X25519}
	return cutTLS{
		&tls.Config{RootCAs: roots(t), ServerName: "mail.example.test", MinVersion: tls.VersionTLS13, CurvePreferences: curves},
		&tls.Config{Certificates: []tls.Certificate{issue(t, nil)}, MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true, CurvePreferences: curves},
	}
}

// runCut runs the steps over a connection whose server has faults, and checks what each says. tlsMode is "", "implicit" or "STLS".
func runCut(t *testing.T, client, server net.Conn, tlsMode string, config cutTLS, ends []int, faults pop3test.Faults) {
	t.Helper()
	srv, drop := cutServer(faults)
	srv.TLS = config.server
	if tlsMode == "implicit" {
		client, server = tls.Client(client, config.client), tls.Server(server, config.server)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.ServeConn(server)
	}()
	s := &cutSession{c: pop3.New(client, plaintext)}
	defer func() {
		_ = s.c.Close()
		<-done
	}()
	steps := cutSteps
	if tlsMode == "STLS" {
		steps, ends = withSTLS(config.client, ends)
	}
	for i, step := range steps {
		err := step.do(t.Context(), s)
		where := fmt.Sprintf("%s, cut after %d octets of %d to %d", step.name, faults.After, ends[max(i-1, 0)], ends[i])
		handshake := step.name == "STLS" && int(faults.After) == ends[i] // the cut is in it
		if int(faults.After) >= ends[i] && !handshake && faults.Action != pop3test.NoFault || faults.Action == pop3test.NoFault {
			if err != nil || s.wrong != "" {
				t.Errorf("%s: %v, %s", where, err, s.wrong)
			}
			continue
		}
		checkCut(t, s, where, err, faults.Action)
		if step.name == "QUIT" && s.outcome != pop3.Unknown && (int(faults.After) != ends[i-1] || s.outcome != pop3.NotCommitted) {
			t.Errorf("%s: outcome %v", where, s.outcome)
		}
		if step.name != "QUIT" && len(drop.Snapshot()) != len(cutMessages) {
			t.Errorf("%s: messages are gone", where)
		}
		return
	}
	if s.outcome != pop3.Committed {
		t.Errorf("outcome %v", s.outcome)
	}
}

// checkCut checks the error of the step that was cut, and that it is the last word.
func checkCut(t *testing.T, s *cutSession, where string, err error, action pop3test.FaultAction) {
	t.Helper()
	cause := pop3.ConnectionLost
	if action == pop3test.Stall {
		cause = pop3.Timeout
	}
	dead, ok := errors.AsType[*pop3.BrokenError](err)
	if !ok || dead.Cause != cause || s.wrong != "" {
		t.Errorf("%s: %v, want %q; %s", where, err, cause, s.wrong)
	}
	if errors.Is(err, io.EOF) || err != nil && strings.Contains(err.Error(), "secret") { // EOF is the end of a message
		t.Errorf("%s: %v", where, err)
	}
	if _, again := s.c.Noop(t.Context()); !errors.Is(again, err) {
		t.Errorf("%s: %v, then %v", where, err, again)
	}
}

// withSTLS puts STLS behind the greeting.
func withSTLS(config *tls.Config, ends []int) ([]cutStep, []int) {
	stls := cutStep{"STLS", func(ctx context.Context, s *cutSession) error { _, err := s.c.Stls(ctx, config); return err }}
	steps := append([]cutStep{cutSteps[0], stls}, cutSteps[1:]...)
	shifted := []int{ends[0]}
	for _, end := range ends {
		shifted = append(shifted, end+len(stlsReply))
	}
	return steps, shifted
}

// TestCutEverywhere ends the connection at every octet of a session, or stalls it there: every step before is whole, the one that is
// cut says so, and nothing hangs (fault matrix, A19, H2, H6).
func TestCutEverywhere(t *testing.T) {
	t.Parallel()
	ends := cutEnds(t)
	config := newCutTLS(t)
	last := ends[len(ends)-1]
	for _, tc := range []struct {
		mode   string
		action pop3test.FaultAction
		most   int // octets, where others have been through the rest
	}{
		{"", pop3test.CutFIN, last}, {"", pop3test.CutRST, last}, {"", pop3test.Stall, last},
		{"implicit", pop3test.CutFIN, last}, {"implicit", pop3test.CutRST, last},
		{"implicit", pop3test.Stall, last},
		{"STLS", pop3test.CutFIN, ends[1]}, {"STLS", pop3test.CutRST, ends[1]}, {"STLS", pop3test.Stall, ends[1]},
	} {
		t.Run(fmt.Sprintf("%s/%d", tc.mode, tc.action), func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var wg sync.WaitGroup
			defer wg.Wait()
			atOnce := make(chan struct{}, 32) // a reset waits for the client's kernel, most of the time
			for after := range tc.most + 1 {
				faults := pop3test.Faults{After: int64(after), Action: tc.action}
				if tc.action == pop3test.Stall {
					synctest.Test(t, func(t *testing.T) {
						client, server := net.Pipe()
						runCut(t, client, server, tc.mode, config, ends, faults)
					})
					continue
				}
				client, server := tcpPair(t, l)
				atOnce <- struct{}{}
				wg.Go(func() {
					runCut(t, client, server, tc.mode, config, ends, faults)
					<-atOnce
				})
			}
		})
	}
}

func tcpPair(t *testing.T, l net.Listener) (client, server net.Conn) {
	t.Helper()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}

// TestSliced: the same session in slices of one octet, with pauses between them, in each mode.
func TestSliced(t *testing.T) {
	ends := cutEnds(t)
	config := newCutTLS(t)
	for _, mode := range []string{"", "implicit", "STLS"} {
		for slice := 1; slice < 4; slice++ {
			inBubble(t, fmt.Sprintf("%s/%d", mode, slice), func(t *testing.T) {
				client, server := net.Pipe()
				runCut(t, client, server, mode, config, ends, pop3test.Faults{Slice: slice, Delay: 10 * time.Millisecond})
			})
		}
	}
}
