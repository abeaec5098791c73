package server

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// oneConnection is a listener of one end of a pipe.
type oneConnection struct {
	net.Listener

	conn net.Conn
}

func (p oneConnection) Accept() (net.Conn, error) { return p.conn, nil }

// TestThrottledConnection: what comes faster than a connection may be read waits, and all of it arrives.
func TestThrottledConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const octets = octetsAtOnce + 2*octetsPerSecond
		here, there := net.Pipe()
		conn, err := throttled{oneConnection{conn: here}}.Accept()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for left := octets; left > 0; {
				n, err := there.Write(make([]byte, min(left, 1<<20)))
				if err != nil {
					t.Error(err)
					break
				}
				left -= n
			}
			there.Close()
		}()
		begun, got := time.Now(), 0
		for buffer := make([]byte, 1<<20); ; {
			n, err := conn.Read(buffer)
			if got += n; err != nil {
				break
			}
		}
		if took := time.Since(begun).Round(time.Millisecond); got != octets || took != 2*time.Second {
			t.Errorf("%d octets in %v", got, took)
		}
	})
}

// TestFullIsHeldUp: who asks for one more session at its limit hears so a little later, and who may not wait at once.
func TestFullIsHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for _, tt := range []struct {
			ctx  context.Context
			err  error
			want time.Duration
		}{
			{t.Context(), quotaExceeded("caller", "full"), quotaPause},
			{t.Context(), draining(), 0},
			{gone, quotaExceeded("caller", "full"), 0},
		} {
			begun := time.Now()
			if err := heldUp(tt.ctx, tt.err); !errors.Is(err, tt.err) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(begun); took != tt.want {
				t.Errorf("%v after %v, want %v", tt.err, took, tt.want)
			}
		}
	})
}
