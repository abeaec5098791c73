package server

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// stalledFlight is what lies below a server's TLS that stalls in a flight of the handshake. A flight of the server's is one write.
type stalledFlight struct {
	net.Conn
	flights int  // of the server that go out whole
	part    bool // half of the next one does, too
	deaf    bool // from then on the server does not read
	hungUp  <-chan struct{}
}

func (s *stalledFlight) Write(p []byte) (int, error) {
	if s.flights > 0 {
		s.flights--
		return s.Conn.Write(p)
	}
	if s.part {
		_, _ = s.Conn.Write(p[:len(p)/2])
	}
	_, _ = io.Copy(io.Discard, s.Conn)
	return 0, net.ErrClosed
}

func (s *stalledFlight) Read(p []byte) (int, error) {
	if s.deaf && s.flights == 0 {
		<-s.hungUp
		return 0, net.ErrClosed
	}
	return s.Conn.Read(p)
}

// TestHandshakeStalls stalls a server in each flight of the handshake, wherever TLS begins: the handshake has a limit of its own (A18).
func TestHandshakeStalls(t *testing.T) {
	for name, tt := range map[string]struct {
		stall   stalledFlight
		version uint16
	}{
		"the hello is not read":              {stalledFlight{deaf: true}, tls.VersionTLS13},
		"the hello is not answered":          {stalledFlight{}, tls.VersionTLS13},
		"half of the server's flight":        {stalledFlight{part: true}, tls.VersionTLS13},
		"the client's end is not read":       {stalledFlight{flights: 1, deaf: true}, tls.VersionTLS13},
		"1.2, half of the server's flight":   {stalledFlight{part: true}, tls.VersionTLS12},
		"1.2, the client's keys are unread":  {stalledFlight{flights: 1, deaf: true}, tls.VersionTLS12},
		"1.2, the client's keys are ignored": {stalledFlight{flights: 1}, tls.VersionTLS12},
		"1.2, half of the server's end":      {stalledFlight{flights: 1, part: true}, tls.VersionTLS12},
	} {
		for _, way := range encrypts {
			for limit, ioTimeout := range map[time.Duration]time.Duration{10 * time.Second: 0, 3 * time.Second: 3 * time.Second} {
				t.Run(name+"/"+way+"/"+limit.String(), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						stall := tt.stall
						stallHandshake(t, &stall, tt.version, way, limit, ioTimeout)
					})
				})
			}
		}
	}
}

func stallHandshake(t *testing.T, stall *stalledFlight, version uint16, way string, limit, ioTimeout time.Duration) {
	config, ca := certificateFor(t, "pop3.example.test", time.Time{})
	config.MaxVersion = version
	hungUp := make(chan struct{})
	stall.hungUp = hungUp
	mode := pb.TlsMode_TLS_MODE_PLAINTEXT
	if way != "Stls" {
		mode = pb.TlsMode(pb.TlsMode_value["TLS_MODE_"+way])
	}
	r := newRig(t, []byte(ca), pipes)
	c := &cut{dialogue: &dialogue{mode: mode}, serve: func(conn net.Conn) error {
		defer conn.Close()
		if way != "IMPLICIT" {
			if err := recite(conn, askedForTLS+"S: +OK"); err != nil {
				return err
			}
		}
		stall.Conn = conn
		if tls.Server(stall, config).Handshake() == nil {
			t.Error("the handshake was completed")
		}
		return nil
	}}
	from := r.add(t.Context(), c)
	from.server.Tls.ServerName = "pop3.example.test"
	if ioTimeout > 0 {
		from.server.IoTimeout = durationOf(ioTimeout)
	}
	call := from.open
	if way == "Stls" {
		if err := from.open(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(settling)
		call = from.stls
	}
	begin := time.Now()
	err := call()
	if took := time.Since(begin); took < limit || took > limit+limitSlack {
		t.Errorf("it took %v, want %v", took, limit)
	}
	wantFailure(t, way, err, failure{codes.DeadlineExceeded, "TIMEOUT", map[string]string{"outcome": "NOT_COMMITTED"}})
	if way == "Stls" {
		wantFailure(t, "Pass", from.pass(), ended("TIMEOUT"))
	}
	close(hungUp)
	from.over(t, c)
}

// meteredConn lets a number of octets out, and ends the server's half of the connection then.
type meteredConn struct {
	net.Conn
	left int // from limited on
	on   bool
	done bool
}

func (m *meteredConn) Write(p []byte) (int, error) {
	if !m.on {
		return m.Conn.Write(p)
	}
	if m.done {
		return 0, net.ErrClosed
	}
	if m.left > len(p) {
		m.left -= len(p)
		return m.Conn.Write(p)
	}
	_, err := m.Conn.Write(p[:m.left])
	m.end()
	return m.left, err
}

// end sends a FIN without any good-bye of TLS.
func (m *meteredConn) end() {
	m.done = true
	raw := m.Conn.(interface{ NetConn() net.Conn }).NetConn()
	_ = raw.(*net.TCPConn).CloseWrite()
}

// TestTruncation ends the connection below TLS at every octet of the records that carry a message, without a close_notify, and with one
// behind each record. What is cut short is never OK (A19).
func TestTruncation(t *testing.T) {
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		config, ca := certificateFor(t, "pop3.example.test", time.Time{})
		config.MaxVersion = version
		r := newRig(t, []byte(ca), loopback(t))
		retr := columns()[retrColumn(t)]
		t.Run(name+" FIN", func(t *testing.T) {
			whole := false
			for octets := 0; !whole && !t.Failed(); octets++ {
				whole = r.truncate(t, config, retr, 32, func(conn net.Conn, raw *meteredConn) net.Conn {
					raw.left, raw.on = octets, true
					return conn
				})
			}
		})
		t.Run(name+" close_notify", func(t *testing.T) {
			whole := false
			for octets := 0; !whole && !t.Failed(); octets++ {
				whole = r.truncate(t, config, retr, 1, func(conn net.Conn, _ *meteredConn) net.Conn {
					return &politeConn{conn.(*tls.Conn), octets}
				})
			}
		})
	}
}

// politeConn lets a number of records out and then says good-bye, as TLS has it.
type politeConn struct {
	*tls.Conn
	left int
}

func (p *politeConn) Write(b []byte) (int, error) {
	if p.left == 0 {
		_ = p.CloseWrite()
		return 0, net.ErrClosed
	}
	p.left--
	return p.Conn.Write(b)
}

// retrColumn finds RETR.
func retrColumn(t *testing.T) int {
	t.Helper()
	for i, col := range columns() {
		if col.name == "RETR 1" {
			return i
		}
	}
	t.Fatal("no RETR")
	return 0
}

// truncate retrieves a message in records of some octets over a connection that ends, and reports whether it came whole.
func (r *rig) truncate(t *testing.T, config *tls.Config, col column, record int, spoil func(net.Conn, *meteredConn) net.Conn) (whole bool) {
	t.Helper()
	sent := false // all of the message
	c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_IMPLICIT}, serve: func(conn net.Conn) error {
		raw := &meteredConn{Conn: conn}
		defer raw.Close()
		secure := tls.Server(raw, config)
		err := recite(secure, col.begin())
		spoilt := spoil(secure, raw)
		if err == nil {
			sent = recite(inRecords{spoilt, record}, col.reply) == nil
		}
		raw.end()
		_, _ = io.Copy(io.Discard, conn)
		return err
	}}
	from := r.add(t.Context(), c)
	from.server.Tls.ServerName = "pop3.example.test"
	for _, a := range col.before {
		if err := a.call(from); err != nil {
			t.Fatal(err)
		}
	}
	err := col.act.call(from)
	if err != nil {
		wantFailure(t, "Retr", err, col.broken(codes.Unavailable, "CONNECTION_LOST"))
	}
	from.over(t, c)
	if err == nil && !sent {
		t.Error("OK, though the server has not said all")
	}
	return err == nil
}

// inRecords writes a few octets at a time.
type inRecords struct {
	net.Conn
	octets int
}

func (c inRecords) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var some int
		some, err = c.Conn.Write(p[n:min(len(p), n+c.octets)])
		n += some
	}
	return n, err
}
