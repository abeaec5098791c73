package pop3test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestFaults cuts the greeting after each of its octets, in every way.
func TestFaults(t *testing.T) {
	const greeting = "+OK\r\n"
	for _, test := range []struct {
		name   string
		action FaultAction
		tls    bool
		want   error
	}{
		{"FIN", CutFIN, false, nil},
		{"RST", CutRST, false, syscall.ECONNRESET},
		{"stall", Stall, false, os.ErrDeadlineExceeded},
		{"FIN in TLS", CutFIN, true, nil},
		{"RST in TLS", CutRST, true, syscall.ECONNRESET},
		{"stall in TLS", Stall, true, os.ErrDeadlineExceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			for after := int64(len(greeting)); after > 0; after-- {
				got, err := cutGreeting(t, Faults{After: after, Action: test.action}, test.tls)
				if string(got) != greeting[:after] || !errors.Is(err, test.want) {
					t.Errorf("after %d: %q, %v, want %v", after, got, err, test.want)
				}
			}
		})
	}
}

// cutGreeting returns all that a server with faults sends, and how it ends.
func cutGreeting(t *testing.T, faults Faults, secure bool) ([]byte, error) {
	t.Helper()
	srv := NewUnstartedServer(nil)
	srv.Banner = "+OK"
	srv.Faults = faults
	defer srv.Close()
	start := srv.Start
	if secure {
		start = srv.StartTLS
	}
	start()
	conn := dial(t, srv.Addr)
	defer conn.Close()
	if secure {
		conn = tls.Client(conn, clientTLS(srv))
	}
	got := make([]byte, 0, 64)
	if faults.Action == Stall { // what comes may take its time, only the silence after it is waited for
		conn.SetDeadline(time.Now().Add(time.Minute))
		got = got[:faults.After]
		if n, err := io.ReadFull(conn, got); err != nil {
			return got[:n], err
		}
		conn.SetDeadline(time.Now().Add(20 * time.Millisecond))
	}
	rest, err := io.ReadAll(conn)
	return append(got, rest...), err
}

// TestFaultsAtOnce sends nothing. (A client that is reset so early may fail in
// other ways.)
func TestFaultsAtOnce(t *testing.T) {
	for action, want := range map[FaultAction]error{CutFIN: nil, Stall: os.ErrDeadlineExceeded} {
		got, err := cutGreeting(t, Faults{Action: action}, false)
		if len(got) > 0 || !errors.Is(err, want) {
			t.Errorf("%d: %q, %v, want %v", action, got, err, want)
		}
	}
}

// TestFaultsLarge resets a connection after much data to a client that is slow.
func TestFaultsLarge(t *testing.T) {
	const after = 3<<20 + 17
	srv := newTestServer(t, func(s *Server) {
		s.Faults = Faults{After: after, Action: CutRST}
		s.Maildrops["alice"].Messages[0] = NewMessage(bytes.Repeat([]byte("x"), 4<<20))
	})
	conn := talk(t, dial(t, srv.Addr), login+"C: RETR 1", nil)
	read := int64(len("+OK ready <1@example.test>\r\n+OK send PASS\r\n+OK maildrop is open\r\n"))
	time.Sleep(20 * time.Millisecond)
	n, err := io.Copy(io.Discard, conn)
	if read+n != after || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%d octets and %v, want %d", read+n, err, after)
	}
}

// TestFaultsNever checks that a negative After does nothing.
func TestFaultsNever(t *testing.T) {
	srv := newTestServer(t, func(s *Server) { s.Faults = Faults{After: -1, Action: CutRST, Slice: 1} })
	talk(t, dial(t, srv.Addr), login+"C: QUIT\nS: +OK good-bye, 3 messages left\nCLOSE", nil)
}

// TestSlices checks the size and the pace of writes.
func TestSlices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		conn := Faults{After: 8, Action: CutFIN, Slice: 3, Delay: time.Minute}.Wrap(there)
		start := time.Now()
		go func() {
			n, err := conn.Write([]byte("0123456789"))
			if n != 8 || !errors.Is(err, ErrFault) {
				t.Errorf("first write: %d, %v", n, err)
			}
			if n, err := conn.Write([]byte("x")); n != 0 || !errors.Is(err, ErrFault) {
				t.Errorf("second write: %d, %v", n, err)
			}
		}()
		for i, want := range []string{"012", "345", "67"} {
			buf := make([]byte, 100)
			n, err := here.Read(buf)
			if got := string(buf[:n]); got != want || err != nil || time.Since(start) != time.Duration(i)*time.Minute {
				t.Errorf("%d: %q, %v after %v", i, got, err, time.Since(start))
			}
		}
		if _, err := here.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	})
}

// TestStallEnds checks that Close ends a stalled and a pausing write.
func TestStallEnds(t *testing.T) {
	for _, faults := range []Faults{{Action: Stall}, {Slice: 1, Delay: time.Hour}} {
		here, there := net.Pipe()
		go io.Copy(io.Discard, here) // ends with the pipe
		conn := faults.Wrap(there)
		done := make(chan error)
		go func() {
			_, err := conn.Write([]byte("ab"))
			done <- err
		}()
		time.Sleep(time.Millisecond)
		conn.Close()
		if err := <-done; err == nil {
			t.Errorf("%+v: the write worked", faults)
		}
	}
}
