package pop3_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// roundTrip is that of a far connection.
const roundTrip = 20 * time.Millisecond

// far carries octets between two connections, each way in half a round trip, however many there are. It ends with the first of them.
func far(a, b net.Conn) {
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		go func() {
			defer func() { done <- struct{}{} }()
			defer way[1].Close()
			carry(way[0], way[1])
		}()
	}
	<-done
	_ = a.Close()
	<-done
}

type parcel struct {
	octets []byte
	due    time.Time
}

func carry(from io.Reader, to io.Writer) {
	parcels := make(chan parcel, 1<<16)
	go func() {
		defer close(parcels)
		buf := make([]byte, 64<<10)
		for {
			n, err := from.Read(buf)
			if err != nil {
				return
			}
			parcels <- parcel{bytes.Clone(buf[:n]), time.Now().Add(roundTrip / 2)}
		}
	}()
	for p := range parcels {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.octets); err != nil {
			break
		}
	}
	for range parcels { // so that from is read to its end
	}
}

// farServer is a server with many messages.
func farServer(messages, octets int) *pop3test.Server {
	drop := pop3test.NewMaildrop("secret")
	for range messages {
		drop.Messages = append(drop.Messages, pop3test.NewMessage([]byte(strings.Repeat(strings.Repeat("x", 62)+"\r\n", octets/64))))
	}
	return &pop3test.Server{Maildrops: map[string]*pop3test.Maildrop{"alice": drop}}
}

// TestRoundTrips: over a round trip of 20 ms 500 messages of 4 KiB take at most 6 round trips more than all commands in one write.
// Login and CAPA are not counted. Time is virtual, so it is exact: what is not a whole number are the glances of a millisecond before
// commands on a connection that is no socket.
func TestRoundTrips(t *testing.T) {
	const messages, octets = 500, 4 << 10
	floor := tripsOf(t, "all commands in one write", func(t *testing.T, conn net.Conn) time.Duration { return rawTime(t, conn, messages, octets) })
	each := func(capa bool) func(t *testing.T, conn net.Conn) time.Duration {
		return func(t *testing.T, conn net.Conn) time.Duration { return eachTime(t, conn, messages, octets, capa) }
	}
	piped := tripsOf(t, "pipelined", each(true))
	lockstep := tripsOf(t, "one command at a time", each(false))
	if piped > floor+6 {
		t.Errorf("%.2f round trips, the floor is %.2f", piped, floor)
	}
	if lockstep < messages {
		t.Errorf("%.2f round trips for %d commands", lockstep, messages)
	}
}

// tripsOf runs a client over a far connection to the server with 500 messages, and returns how many round trips it took.
func tripsOf(t *testing.T, name string, run func(t *testing.T, conn net.Conn) time.Duration) (trips float64) {
	t.Helper()
	inBubble(t, name, func(t *testing.T) {
		client, near := net.Pipe()
		distant, server := net.Pipe()
		srv := farServer(500, 4<<10)
		done := make(chan struct{}, 2)
		go func() { srv.ServeConn(server); done <- struct{}{} }()
		go func() { far(near, distant); done <- struct{}{} }()
		elapsed := run(t, client)
		_ = client.Close()
		<-done
		<-done
		trips = float64(elapsed) / float64(roundTrip)
		t.Logf("%v, which are %.2f round trips", elapsed, trips)
	})
	return trips
}

// eachTime retrieves messages by the client.
func eachTime(t testing.TB, conn net.Conn, messages, octets int, capa bool) time.Duration {
	t.Helper()
	c := pop3.New(conn, plaintext)
	ctx := context.Background()
	_, err := c.User(ctx, "alice")
	if err == nil {
		_, err = c.Pass(ctx, "secret")
	}
	if err == nil && capa {
		_, _, err = c.Capa(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	begin, all := time.Now(), int64(0)
	for m, err := range c.RetrEach(ctx, numbersTo(uint32(messages))) {
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, m)
		if err != nil {
			t.Fatal(err)
		}
		all += n
	}
	if all != int64(messages*octets) {
		t.Errorf("%d octets", all)
	}
	return time.Since(begin)
}

// rawTime writes all commands at once and reads until their replies are there.
func rawTime(t testing.TB, conn net.Conn, messages, octets int) time.Duration {
	t.Helper()
	p := newPeer(conn)
	p.hear()
	for _, line := range []string{"USER alice\r\n", "PASS secret\r\n"} {
		p.say(line)
		p.hear()
	}
	var commands strings.Builder
	for i := range messages {
		fmt.Fprintf(&commands, "RETR %d\r\n", i+1)
	}
	begin := time.Now()
	go p.say(commands.String())
	want := int64(messages * (len(fmt.Sprintf("+OK %d octets\r\n", octets)) + octets + len(".\r\n")))
	if _, err := io.CopyN(io.Discard, p.r, want); err != nil {
		t.Fatal(err)
	}
	return time.Since(begin)
}

// BenchmarkFar is TestRoundTrips in real time and over sockets; login and CAPA are not counted either.
func BenchmarkFar(b *testing.B) {
	srv := farServer(500, 4<<10)
	srv.Listener = listen(b)
	srv.DiscardCommands = true
	srv.Start()
	defer srv.Close()
	l := listen(b)
	defer l.Close()
	go func() {
		for near, err := l.Accept(); err == nil; near, err = l.Accept() {
			if distant, err := net.Dial("tcp", srv.Addr); err == nil {
				go far(near, distant)
			}
		}
	}()
	var floor, client time.Duration
	for b.Loop() {
		floor += overSocket(b, l, func(conn net.Conn) time.Duration { return rawTime(b, conn, 500, 4<<10) })
		client += overSocket(b, l, func(conn net.Conn) time.Duration { return eachTime(b, conn, 500, 4<<10, true) })
	}
	b.ReportMetric(float64(client.Milliseconds())/float64(b.N), "ms-client")
	b.ReportMetric(float64(floor.Milliseconds())/float64(b.N), "ms-floor")
}

func listen(b *testing.B) net.Listener {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func overSocket(b *testing.B, l net.Listener, run func(conn net.Conn) time.Duration) time.Duration {
	b.Helper()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	return run(conn)
}
