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
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestSlices has every dialogue come in segments of one octet, TLS records and handshakes too, and with pauses in virtual time.
func TestSlices(t *testing.T) {
	pem := certificatePEM()
	for _, d := range dialogues() {
		for name, below := range map[string]bool{"octets": false, "octets below TLS": true} {
			slices := pop3test.Faults{Slice: 1, After: int64(d.octets)}
			t.Run(d.name+" in "+name, func(t *testing.T) {
				if wrong := newRig(t, pem, loopback(t)).try(t.Context(), &cut{dialogue: d, faults: slices, below: below}); wrong != "" {
					t.Error(wrong)
				}
			})
			t.Run(d.name+" in "+name+" with pauses", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					slices.Delay = 10 * time.Millisecond
					if below { // else a handshake takes longer than it may
						slices.Delay = time.Millisecond
					}
					if wrong := newRig(t, pem, pipes).try(t.Context(), &cut{dialogue: d, faults: slices, below: below}); wrong != "" {
						t.Error(wrong)
					}
				})
			})
		}
	}
}

// drip is the pause between two octets of TestDrip.
const drip = 4900 * time.Millisecond

// dripping has what a server writes go out an octet now and then.
func dripping(conn net.Conn) net.Conn {
	time.Sleep(drip)
	return pop3test.Faults{Slice: 1, Delay: drip}.Wrap(conn)
}

// TestDrip answers each command an octet now and then. A status line has to be complete in time; in a listing or a message the time
// counts from the last octet.
func TestDrip(t *testing.T) {
	for name, mode := range clearAndTLS {
		for _, col := range columns() {
			t.Run(name+" "+col.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { dripInto(t, mode, col) })
			})
		}
	}
}

func dripInto(t *testing.T, mode pb.TlsMode, col column) {
	config, ca := certificateFor(t, "pop3.example.test", time.Time{})
	r := newRig(t, []byte(ca), pipes)
	c := &cut{dialogue: &dialogue{mode: mode}, serve: func(conn net.Conn) error {
		defer conn.Close()
		secure := over(mode, conn, config)
		err := recite(secure, col.begin())
		if err == nil && recite(dripping(secure), col.reply) == nil {
			_, err = io.Copy(io.Discard, secure)
		}
		return err
	}}
	from := r.add(t.Context(), c)
	from.server.Tls.ServerName = "pop3.example.test"
	for _, a := range col.before {
		if err := a.call(from); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	err := col.act.call(from)
	limit := place{reply: reply{verb: col.verb()}}.limit()
	if status := time.Duration(len(col.act.reply)+len("\r\n")) * drip; status < limit {
		if err != nil {
			t.Error(err)
		}
	} else if took := time.Since(begin); took < limit || took > limit+limitSlack {
		t.Errorf("failed after %v, want %v", took, limit)
	} else {
		wantFailure(t, "the call", err, col.broken(codes.DeadlineExceeded, "TIMEOUT"))
	}
	from.over(t, c)
}

// TestDripOpenSession drips where a session begins: into the greeting, the reply to STLS, and both handshakes.
func TestDripOpenSession(t *testing.T) {
	for name, tt := range map[string]struct {
		mode         pb.TlsMode
		first, drips string // an empty drip is the handshake
		limit        time.Duration
	}{
		"greeting":           {pb.TlsMode_TLS_MODE_PLAINTEXT, "", greeted.lines, 30 * time.Second},
		"greeting in TLS":    {pb.TlsMode_TLS_MODE_IMPLICIT, "", greeted.lines, 30 * time.Second},
		"STLS":               {pb.TlsMode_TLS_MODE_STLS, askedForTLS, "S: +OK begin TLS negotiation", time.Minute},
		"handshake":          {pb.TlsMode_TLS_MODE_STLS, askedForTLS + "S: +OK\n", "", 10 * time.Second},
		"implicit handshake": {pb.TlsMode_TLS_MODE_IMPLICIT, "", "", 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config, ca := certificateFor(t, "pop3.example.test", time.Time{})
				r := newRig(t, []byte(ca), pipes)
				c := &cut{dialogue: &dialogue{mode: tt.mode}, serve: func(conn net.Conn) error {
					defer conn.Close()
					if tt.drips == "" {
						err := recite(conn, tt.first)
						if tls.Server(dripping(conn), config).Handshake() == nil {
							t.Error("the handshake was completed")
						}
						return err
					}
					conn = over(tt.mode, conn, config)
					err := recite(conn, tt.first)
					if secure, ok := conn.(*tls.Conn); ok {
						err = secure.Handshake() // is not to drip
					}
					if err == nil && recite(dripping(conn), tt.drips) == nil {
						t.Error("all of it was taken")
					}
					return err
				}}
				from := r.add(t.Context(), c)
				from.server.Tls.ServerName = "pop3.example.test"
				begin := time.Now()
				err := from.open()
				if took := time.Since(begin); took < tt.limit || took > tt.limit+limitSlack {
					t.Errorf("failed after %v, want %v", took, tt.limit)
				}
				wantFailure(t, "OpenSession", err, failure{codes.DeadlineExceeded, "TIMEOUT", nil})
				from.over(t, c)
			})
		})
	}
}
