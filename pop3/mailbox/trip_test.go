package mailbox

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3/pop3test"
)

const roundTrip = 20 * time.Millisecond

// late is a server's connection whose octets arrive a round trip later, however many there are.
type late struct {
	net.Conn
	parcels chan parcel
	done    chan struct{}
}

type parcel struct {
	octets []byte
	due    time.Time
}

func newLate(conn net.Conn) *late {
	l := &late{Conn: conn, parcels: make(chan parcel, 1<<16), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for p := range l.parcels {
			time.Sleep(time.Until(p.due))
			_, _ = l.Conn.Write(p.octets) // that the client has gone is its own affair
		}
	}()
	return l
}

func (l *late) Write(p []byte) (int, error) {
	l.parcels <- parcel{bytes.Clone(p), time.Now().Add(roundTrip)}
	return len(p), nil
}

// TestRoundTrips: over a round trip of 20 ms 500 messages of 4 KiB take at most 8 round trips more than the floor, which is the one
// that all RETRs in one write take. Time is virtual, so it is exact, save for glances of a millisecond at a connection that is no
// socket. A server that has UTF8 takes one more, for this command.
func TestRoundTrips(t *testing.T) {
	inBubble(t, "500 messages", func(t *testing.T) {
		r := newRig(t)
		r.srv.NoUTF8 = true
		for range 500 {
			r.drop.Add(pop3test.NewMessage([]byte(strings.Repeat(strings.Repeat("x", 62)+"\r\n", 64))))
		}
		r.serve = func(_ int, conn net.Conn) {
			l := newLate(conn)
			r.srv.ServeConn(l)
			close(l.parcels)
			<-l.done
		}
		begin := time.Now()
		summary, err := r.Fetch(t.Context(), Fetch{}, &recorder{})
		trips := float64(time.Since(begin)) / float64(roundTrip)
		t.Logf("%.2f round trips", trips)
		if err != nil || summary.Delivered != 500 || trips > 1+8 {
			t.Errorf("%+v, %v, %.2f round trips", summary, err, trips)
		}
	})
}
