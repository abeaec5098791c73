package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// told collects what Options.Observe is told: a word a command.
type told struct {
	list           []string
	sent, received int64
}

func (o *told) observe(ctx context.Context, d pop3.Done) {
	result := "ok"
	if broken, ok := errors.AsType[*pop3.BrokenError](d.Err); ok {
		result = broken.Cause.String()
	} else if _, ok := errors.AsType[*pop3.RefusedError](d.Err); ok {
		result = "refused"
	} else if d.Err != nil {
		result = d.Err.Error()
	}
	if d.Command == "QUIT" {
		result = d.Outcome.String()
	}
	if d.Ended.Before(d.Begun) || ctx == nil {
		result += " in no time"
	}
	if d.Number > 0 {
		result = fmt.Sprint(d.Number, " ", result)
	}
	o.list = append(o.list, d.Command+" "+result)
	o.sent += d.Sent
	o.received += d.Received
}

// wire counts what goes over a connection.
type wire struct {
	net.Conn
	sent, received int64
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.received += int64(n)
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.sent += int64(n)
	return n, err
}

// TestObserve: each command is told once, with the message that it names and how it ended, and the octets of the connection are told in sum.
func TestObserve(t *testing.T) {
	drop := pop3test.NewMaildrop("secret")
	for i := range 5 {
		drop.Messages = append(drop.Messages, pop3test.NewMessage(fmt.Appendf(nil, "%d\r\n", i+1)))
	}
	srv := pop3test.NewServer(map[string]*pop3test.Maildrop{"alice": drop})
	defer srv.Close()
	o, counted := &told{}, &wire{}
	opts := *plaintext
	opts.Observe = o.observe
	opts.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		counted.Conn = conn
		return counted, err
	}
	ctx := t.Context()
	c, err := pop3.Dial(ctx, srv.Addr, &opts)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	must := func(_ string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.User(ctx, "alice"))
	if _, err := c.Pass(ctx, "wrong"); err == nil {
		t.Fatal("a wrong password is right")
	}
	must(c.User(ctx, "alice"))
	must(c.Pass(ctx, "secret"))
	if _, _, err := c.Capa(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Dele(ctx, 0); err == nil { // not sent, not told
		t.Fatal("message 0 is deleted")
	}
	m, err := c.Retr(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, m); err != nil {
		t.Fatal(err)
	}
	requests := []pop3.Request{{Verb: "DELE", Number: 1}, {Verb: "RETR", Number: 2}, {Verb: "RETR", Number: 9}, {Verb: "RETR", Number: 3}}
	next := func() (pop3.Request, bool) {
		if len(requests) == 0 {
			return pop3.Request{}, false
		}
		r := requests[0]
		requests = requests[1:]
		return r, true
	}
	for _, err := range c.Pipeline(ctx, next) {
		if _, refused := errors.AsType[*pop3.RefusedError](err); err != nil && !refused {
			t.Fatal(err)
		}
	}
	if _, _, err := c.UidlOne(ctx, 4); err != nil {
		t.Fatal(err)
	}
	must(c.Dele(ctx, 5))
	must(c.Noop(ctx))
	if outcome, _, err := c.Quit(ctx); err != nil || outcome != pop3.Committed {
		t.Fatal(outcome, err)
	}
	want := []string{
		" ok", "USER ok", "PASS refused", "USER ok", "PASS ok", "CAPA ok", "RETR 1 ok",
		"DELE 1 ok", "RETR 2 ok", "RETR 9 refused", "RETR 3 ok", "UIDL 4 ok", "DELE 5 ok", "NOOP ok", "QUIT COMMITTED",
	}
	if !slices.Equal(o.list, want) {
		t.Errorf("got %q, want %q", o.list, want)
	}
	if o.sent != counted.sent || o.received != counted.received || o.sent == 0 {
		t.Errorf("told %d octets sent and %d received, it is %d and %d", o.sent, o.received, counted.sent, counted.received)
	}
}

// TestObserveTLS: a handshake is told beside its command, and a failure once.
func TestObserveTLS(t *testing.T) {
	for _, tt := range []struct {
		name   string
		mode   pop3.Mode
		start  func(*pop3test.Server)
		trust  bool
		wanted []string
	}{
		{"STLS", pop3.STLS, (*pop3test.Server).Start, true, []string{" ok", "TLS ok", "STLS ok"}},
		{"implicit", pop3.Implicit, (*pop3test.Server).StartTLS, true, []string{"TLS ok", " ok"}},
		{"STLS, bad certificate", pop3.STLS, (*pop3test.Server).Start, false, []string{" ok", "TLS certificate refused", "STLS certificate refused"}},
		{"implicit, bad certificate", pop3.Implicit, (*pop3test.Server).StartTLS, false, []string{"TLS certificate refused"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := pop3test.NewUnstartedServer(nil)
			tt.start(srv)
			defer srv.Close()
			o := &told{}
			opts := &pop3.Options{Mode: tt.mode, Observe: o.observe}
			if tt.trust {
				opts.TLS = clientTLS(srv)
			}
			c, err := pop3.Dial(t.Context(), srv.Addr, opts)
			if err == nil {
				_ = c.Close()
			}
			if (err == nil) != tt.trust || !slices.Equal(o.list, tt.wanted) {
				t.Errorf("got %q, %v, want %q", o.list, err, tt.wanted)
			}
		})
	}
}

// TestObserveBroken: a command whose reply is cut off is told once, also where others were sent behind it.
func TestObserveBroken(t *testing.T) {
	inBubble(t, "one", func(t *testing.T) {
		o := &told{}
		c := greeted(t, &pop3.Options{Observe: o.observe}, func(p *peer) { p.hear() })
		for range 2 {
			if _, err := c.Noop(t.Context()); err == nil {
				t.Error("no error")
			}
		}
		if want := []string{" ok", "NOOP connection lost"}; !slices.Equal(o.list, want) {
			t.Errorf("got %q, want %q", o.list, want)
		}
	})
	inBubble(t, "pipeline", func(t *testing.T) {
		o := &told{}
		c := greeted(t, &pop3.Options{Observe: o.observe}, func(p *peer) {
			p.answer("+OK\r\n1\r\n.\r\n")
			p.answer("+OK\r\n2")
		})
		for m, err := range c.RetrEach(t.Context(), []uint32{1, 2, 3}) {
			if err == nil {
				_, _ = io.ReadAll(m)
			}
		}
		if want := []string{" ok", "RETR 1 ok", "RETR 2 connection lost"}; !slices.Equal(o.list, want) {
			t.Errorf("got %q, want %q", o.list, want)
		}
	})
}
