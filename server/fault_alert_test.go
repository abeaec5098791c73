package server

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// spoiledTLS is what lies below a server's TLS, and can be spoiled.
type spoiledTLS struct {
	net.Conn
	flip  atomic.Bool // the next record goes out with one bit changed
	alert atomic.Bool // what is read next is no record, to which TLS answers by an alert
	sent  atomic.Int64
}

func (s *spoiledTLS) Write(p []byte) (int, error) {
	if s.flip.Swap(false) {
		p = append([]byte(nil), p...)
		p[len(p)-1] ^= 1
	}
	n, err := s.Conn.Write(p)
	s.sent.Add(int64(n))
	return n, err
}

func (s *spoiledTLS) Read(p []byte) (int, error) {
	if s.alert.Load() {
		return copy(p, "this is no TLS record"), nil
	}
	return s.Conn.Read(p)
}

// tlsFaults are ways to break TLS in the middle of a connection.
var tlsFaults = map[string]func(raw *spoiledTLS, secure *tls.Conn){
	"plaintext": func(raw *spoiledTLS, _ *tls.Conn) { io.WriteString(raw, "+OK this is no TLS record\r\n") },
	"plaintext alert": func(raw *spoiledTLS, _ *tls.Conn) {
		io.WriteString(raw, "\x15\x03\x03\x00\x02\x02\x50") // fatal, internal_error
	},
	"alert": func(raw *spoiledTLS, secure *tls.Conn) {
		raw.alert.Store(true)
		secure.Read(make([]byte, 1))
		raw.alert.Store(false)
	},
	"changed record": func(raw *spoiledTLS, secure *tls.Conn) {
		raw.flip.Store(true)
		io.WriteString(secure, "+OK\r\n")
	},
	"close_notify": func(_ *spoiledTLS, secure *tls.Conn) { secure.CloseWrite() },
}

// breakTLS plays lines in TLS, breaks it, and reads on until the gateway hangs up: unread octets would reset the connection.
//
// To broken goes the number of octets that it has sent.
func breakTLS(conn net.Conn, config *tls.Config, lines string, fault func(*spoiledTLS, *tls.Conn), broken chan<- int64) error {
	raw := &spoiledTLS{Conn: conn}
	defer raw.Close()
	secure := tls.Server(raw, config)
	err := recite(secure, lines)
	fault(raw, secure)
	broken <- raw.sent.Load()
	io.Copy(io.Discard, conn)
	return err
}

// TestBrokenTLS breaks TLS where a command waits for its reply, and before each command: then QUIT has not been sent.
func TestBrokenTLS(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config, ca := certificateFor(t, "pop3.example.test", time.Time{})
		config.MaxVersion = version
		r := newRig(t, []byte(ca), loopback(t))
		for name, fault := range tlsFaults {
			for _, col := range columns() {
				t.Run(tls.VersionName(version)+", "+name+", in reply to "+col.name, func(t *testing.T) {
					err := r.breakAt(t, config, col, col.begin(), fault)
					wantFailure(t, "the call", err, col.broken(codes.Unavailable, "CONNECTION_LOST"))
				})
				t.Run(tls.VersionName(version)+", "+name+", before "+col.name, func(t *testing.T) {
					err := r.breakAt(t, config, col, strings.TrimSuffix(col.begin(), col.asked), fault)
					wantFailure(t, "the call", err, failure{codes.Unavailable, "CONNECTION_LOST", map[string]string{"outcome": "NOT_COMMITTED"}})
				})
			}
		}
	}
}

// breakAt breaks TLS behind lines, and returns what the column's call comes to.
func (r *rig) breakAt(t *testing.T, config *tls.Config, col column, lines string, fault func(*spoiledTLS, *tls.Conn)) error {
	t.Helper()
	broken := make(chan int64, 1)
	c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_IMPLICIT}, serve: func(conn net.Conn) error {
		return breakTLS(conn, config, lines, fault, broken)
	}}
	from := r.add(t.Context(), c)
	from.server.Tls.ServerName = "pop3.example.test"
	for _, a := range col.before {
		if err := a.call(from); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.HasPrefix(lines, col.begin()) { // idle
		c.wire.await(t, <-broken)
	}
	err := col.act.call(from)
	wantFailure(t, "Noop", from.noop(), failure{codes.FailedPrecondition, "SESSION_ENDED", nil})
	from.over(t, c)
	return err
}

// TestBrokenTLSInside breaks TLS in the middle of a message and of a listing: what came is the beginning of it, and it is not OK.
func TestBrokenTLSInside(t *testing.T) {
	config, ca := certificateFor(t, "pop3.example.test", time.Time{})
	r := newRig(t, []byte(ca), loopback(t))
	for name, fault := range tlsFaults {
		for _, col := range columns() {
			reply, isLong := strings.CutSuffix(col.reply, "\nS: .")
			if !isLong {
				continue
			}
			t.Run(name+", "+col.name, func(t *testing.T) {
				err := r.breakAt(t, config, col, col.begin()+reply, fault)
				if errors.Is(err, errWrong) {
					t.Error(err)
				}
				wantFailure(t, "the call", err, col.broken(codes.Unavailable, "CONNECTION_LOST"))
			})
		}
	}
}
