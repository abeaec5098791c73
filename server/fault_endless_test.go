package server

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

const (
	floodOctets = 64 << 20
	floodTaken  = 16 << 20 // more than the buffers of two sockets
	floodMemory = 8 << 20
)

// longLine is a server that sends lines and then an octet without end.
type longLine struct {
	lines string
	calls []act // those that go well
	call  func(*caller) error
	want  failure
}

// longLines lists the places where a line has a limit: greeting, status lines, lines of listings, challenges, and idleness.
func longLines() []longLine {
	lost := func(verb string) failure { return column{asked: "C: " + verb}.broken(codes.Aborted, "PROTOCOL_ERROR") }
	all := []longLine{{"S| +OK ", nil, (*caller).open, failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"command": ""}}}}
	for _, col := range columns() {
		broken := col.broken(codes.Aborted, "PROTOCOL_ERROR")
		all = append(all, longLine{col.begin() + "S| +OK ", col.before, col.act.call, broken})
	}
	for lines, call := range map[string]func(*caller) error{
		"C: CAPA\nS: +OK\nS| TOP":                              (*caller).capa,
		"C: LANG\nS: +OK\nS| en":                               (*caller).languages,
		"C: PASS open sesame\nS| -ERR ":                        (*caller).pass,
		"C: AUTH X-TWO aGVsbG8=\nS| + ":                        (*caller).authExchange,
		"C: LIST\nS: +OK\nS: 1 120\nS| 2 ":                     func(c *caller) error { return c.list(nil, "1 120") },
		"C: UIDL\nS: +OK\nS: 1 a\nS| 2 ":                       func(c *caller) error { return c.uidl(nil, "1 a") },
		"C: STLS\nS| +OK ":                                     (*caller).stls,
		`C: STLS` + "\n" + `S| +OK begin TLS negotiation\r\n+`: (*caller).stls,
	} {
		verb := verbOf(lines[len("C: "):])
		all = append(all, longLine{greeted.lines + "\n" + lines, []act{greeted}, call, lost(verb)})
	}
	for _, call := range []func(*caller) error{(*caller).noop, (*caller).quit} {
		idle := failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"outcome": "NOT_COMMITTED"}}
		all = append(all, longLine{greeted.lines + "\nS| +OK ", []act{greeted}, call, idle})
	}
	return all
}

// TestEndlessLine sends 64 MiB without a line end wherever a line has a limit. Neither are they read nor do they cost memory.
func TestEndlessLine(t *testing.T) {
	config, ca := certificateFor(t, "pop3.example.test", time.Time{})
	for name, mode := range clearAndTLS {
		for _, f := range longLines() {
			if mode == pb.TlsMode_TLS_MODE_IMPLICIT && strings.Contains(f.lines, "STLS") {
				continue
			}
			t.Run(name+" "+f.lines, func(t *testing.T) {
				taken, begun := 0, make(chan struct{})
				c := &cut{dialogue: &dialogue{mode: mode}, serve: func(conn net.Conn) error {
					defer conn.Close()
					secure := over(mode, conn, config)
					err := recite(secure, f.lines)
					taken = pour(secure, err, begun)
					return err
				}}
				r := newRig(t, []byte(ca), narrow(loopback(t)))
				from := r.add(t.Context(), c)
				from.server.Tls.ServerName = "pop3.example.test"
				for _, a := range f.calls {
					if err := a.call(from); err != nil {
						t.Fatal(err)
					}
				}
				if strings.Count(f.lines, "C: ") == 0 && len(f.calls) > 0 {
					<-begun
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := f.call(from)
				runtime.ReadMemStats(&after)
				wantFailure(t, "the call", err, f.want)
				from.over(t, c)
				if allocated := after.TotalAlloc - before.TotalAlloc; taken > floodTaken || allocated > floodMemory {
					t.Errorf("%d octets taken, %d octets of memory", taken, allocated)
				}
			})
		}
	}
}

// pour sends octets until nobody takes more, or enough. It returns how many were taken.
func pour(conn io.Writer, err error, begun chan<- struct{}) (taken int) {
	junk := bytes.Repeat([]byte("x"), 64<<10)
	for err == nil && taken < floodOctets {
		var n int
		n, err = conn.Write(junk)
		if taken == 0 {
			close(begun)
		}
		taken += n
	}
	return taken
}

// TestLongBodyLine: inside a message a line of 64 MiB is a line like any other.
func TestLongBodyLine(t *testing.T) {
	config, ca := certificateFor(t, "pop3.example.test", time.Time{})
	for name, mode := range clearAndTLS {
		t.Run(name, func(t *testing.T) {
			c := &cut{dialogue: &dialogue{mode: mode}, serve: func(conn net.Conn) error {
				defer conn.Close()
				secure := over(mode, conn, config)
				err := recite(secure, "S: +OK\nC: RETR 1\nS: +OK")
				pour(secure, err, make(chan struct{}))
				return recite(secure, "S:\nS: .\nC: NOOP\nS: +OK in step")
			}}
			r := newRig(t, []byte(ca), loopback(t))
			from := r.add(t.Context(), c)
			from.server.Tls.ServerName = "pop3.example.test"
			if err := from.open(); err != nil {
				t.Fatal(err)
			}
			stream, err := r.Retr(t.Context(), &pb.RetrRequest{SessionId: from.session, MessageNumber: 1, WantSha256: true})
			var last *pb.RetrResponse
			for err == nil {
				var part *pb.RetrResponse
				if part, err = stream.Recv(); err == nil {
					last = part
				}
			}
			digest := sha256.New()
			pour(digest, nil, make(chan struct{}))
			io.WriteString(digest, "\r\n")
			if err != io.EOF || last.GetOctets() != floodOctets+2 || !bytes.Equal(last.GetSha256(), digest.Sum(nil)) {
				t.Errorf("%d octets, %v", last.GetOctets(), err)
			}
			if err := from.noop(); err != nil || from.got != "+OK in step" {
				t.Errorf("Noop: %q, %v", from.got, err)
			}
			from.over(t, c)
		})
	}
}

// unread leaves what a caller gets undecoded, which takes longer than all else here.
type unread struct{ encoding.CodecV2 }

func (unread) Unmarshal(mem.BufferSlice, any) error { return nil }

// TestEndlessListing: the entry after 5 million ends the session. The entries here are as short as they can be.
func TestEndlessListing(t *testing.T) {
	if testing.Short() {
		t.Skip("5 million entries")
	}
	c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_PLAINTEXT}, serve: func(conn net.Conn) error {
		defer conn.Close()
		err := recite(conn, "S: +OK\nC: UIDL\nS: +OK")
		for lines := []byte(strings.Repeat("\n", 10_000)); err == nil; {
			_, err = conn.Write(lines)
		}
		return nil // the gateway has hung up
	}}
	r := newRig(t, nil, loopback(t))
	from := r.add(t.Context(), c)
	if err := from.open(); err != nil {
		t.Fatal(err)
	}
	undecoded := grpc.ForceCodecV2(unread{encoding.GetCodecV2("proto")})
	stream, err := r.Uidl(t.Context(), &pb.UidlRequest{SessionId: from.session}, undecoded)
	batches := -1
	for ; err == nil; batches++ {
		_, err = stream.Recv()
	}
	wantFailure(t, "Uidl", err, failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"command": "UIDL", "outcome": "NOT_COMMITTED"}})
	if most := 5_000_000 / 1000; batches > most || batches < most-1 {
		t.Errorf("%d batches of a thousand", batches)
	}
	wantFailure(t, "Noop", from.noop(), ended("PROTOCOL_ERROR"))
	from.over(t, c)
}
