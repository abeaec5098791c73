package pop3_test

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
)

// TestGoodbye: an unasked -ERR line with the close behind it is how servers take leave; it is told, and nothing else is believed.
func TestGoodbye(t *testing.T) {
	for name, tc := range map[string]struct {
		say      string
		stay     bool // no close behind it
		cause    pop3.Cause
		response string
	}{
		"timeout":           {"-ERR [SYS/TEMP] Autologout; idle for too long\r\n", false, pop3.ConnectionLost, "-ERR [SYS/TEMP] Autologout; idle for too long"},
		"bare":              {"-ERR\r\n", false, pop3.ConnectionLost, "-ERR"},
		"LF":                {"-ERR bye\n", false, pop3.ConnectionLost, "-ERR bye"},
		"silent":            {"", false, pop3.ConnectionLost, ""},
		"stays":             {"-ERR bye\r\n", true, pop3.Protocol, ""},
		"two lines":         {"-ERR bye\r\n-ERR bye\r\n", false, pop3.Protocol, ""},
		"no line end":       {"-ERR bye", false, pop3.Protocol, ""},
		"another word":      {"-ERROR bye\r\n", false, pop3.Protocol, ""},
		"+OK":               {"+OK bye\r\n", false, pop3.Protocol, ""},
		"too long":          {"-ERR " + strings.Repeat("x", 2048) + "\r\n", false, pop3.Protocol, ""},
		"of another server": {"421 timeout\r\n", false, pop3.Protocol, ""},
	} {
		eachTransport(t, name, func(t *testing.T, c *pop3.Client, p *peer) {
			p.say(tc.say)
			if !tc.stay {
				if secure, ok := p.Conn.(*tls.Conn); ok {
					_ = secure.CloseWrite()
				}
				halfClose(p.Conn)
			}
			p.await(t)
			_, err := c.Dele(t.Context(), 1)
			wantBroken(t, c, err, tc.cause)
			if dead, _ := errors.AsType[*pop3.BrokenError](err); dead.Response != tc.response {
				t.Errorf("response %q, want %q", dead.Response, tc.response)
			}
			if rest := p.rest(); rest != "" {
				t.Errorf("the client sent %q", rest)
			}
		})
	}
}

// halfClose sends a FIN, below TLS.
func halfClose(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	_ = conn.(*net.TCPConn).CloseWrite()
}

// TestGoodbyeTold: the line comes by way of the trace too, and with the running command's secret hidden.
func TestGoodbyeTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told strings.Builder
		trace := pop3.NewTrace(func(e pop3.Event) { told.WriteString(e.Line + "|") })
		trace.SetLevel(pop3.TraceLines)
		c := pipe(t, &pop3.Options{UnsafeAllowPlaintext: true, Trace: trace}, func(p *peer) {
			p.say("+OK\r\n")
			p.say("-ERR hunter2, bye\r\n")
		})
		_, err := c.Pass(t.Context(), "hunter2")
		wantBroken(t, c, err, pop3.ConnectionLost)
		if dead, _ := errors.AsType[*pop3.BrokenError](err); dead.Response != "-ERR ***, bye" {
			t.Errorf("%q", dead.Response)
		}
		if told.String() != "+OK|-ERR ***, bye|" {
			t.Errorf("%q", told.String())
		}
	})
}

// TestLost: a connection that ended while idle, in whichever way, is lost, and nothing is sent.
func TestLost(t *testing.T) {
	eachTransport(t, "reset", func(t *testing.T, c *pop3.Client, p *peer) {
		conn := p.Conn
		if secure, ok := conn.(*tls.Conn); ok {
			conn = secure.NetConn()
		}
		if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		p.await(t)
		_, err := c.Noop(t.Context())
		wantBroken(t, c, err, pop3.ConnectionLost)
	})
	eachTransport(t, "cut inside TLS", func(t *testing.T, c *pop3.Client, p *peer) {
		halfClose(p.Conn)
		p.await(t)
		outcome, _, err := c.Quit(t.Context())
		wantBroken(t, c, err, pop3.ConnectionLost)
		if outcome != pop3.NotCommitted {
			t.Error(outcome)
		}
	})
}
