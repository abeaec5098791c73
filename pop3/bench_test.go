package pop3_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// These benchmarks compare the client with a floor of the same run: a program that writes all commands at once and reads until the
// end of the connection. "x-floor" is how many times its time the client takes.
//
//	go test -run '^$' -bench . -benchtime 10x ./pop3

// flood is a server without work of its own: it answers each RETR by octets that were made before, many of them by one write.
type flood struct {
	net.Listener
	reply []byte // to RETR
	times int    // how often
}

// newFlood returns a flood whose messages have about size octets.
func newFlood(b *testing.B, size int) *flood {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	line := strings.Repeat("Wozu Zeit verlieren? ", 4)[:74] + "\r\n"
	reply := "+OK " + "octets follow\r\n" + strings.Repeat(line, size/len(line)) + ".\r\n"
	f := &flood{Listener: l, times: max(1, min(256, 1<<20/len(reply)))}
	f.reply = bytes.Repeat([]byte(reply), f.times)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go f.serve(conn)
		}
	}()
	b.Cleanup(func() { _ = l.Close() })
	return f
}

// serve counts line ends: a line of CAPA, NOOP or QUIT comes alone, many of RETR come together.
func (f *flood) serve(conn net.Conn) {
	defer conn.Close()
	_, _ = io.WriteString(conn, "+OK\r\n")
	commands := make([]byte, 64<<10)
	one := len(f.reply) / f.times
	for {
		n, err := conn.Read(commands)
		if err != nil {
			return
		}
		quit := bytes.HasSuffix(commands[:n], []byte("QUIT\r\n"))
		switch {
		case bytes.HasPrefix(commands[:n], []byte("NOOP")):
			_, _ = io.WriteString(conn, "+OK\r\n")
			continue
		case bytes.HasPrefix(commands[:n], []byte("CAPA")):
			_, _ = io.WriteString(conn, capaPipelining)
			continue
		case bytes.HasSuffix(commands[:n], []byte("\r\nLIST 1\r\n")): // behind the first RETR
			_, _ = conn.Write(f.reply[:one])
			_, _ = io.WriteString(conn, "+OK 1 1\r\n")
			continue
		}
		for left := bytes.Count(commands[:n], []byte("\n")); left > 0; left -= f.times {
			if quit && left == 1 { // one reply too many does no harm
				break
			}
			if _, err := conn.Write(f.reply[:min(left, f.times)*one]); err != nil {
				return
			}
		}
		if quit {
			return
		}
	}
}

func (f *flood) dial(b *testing.B) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	return conn
}

// floor returns how long it takes to retrieve messages without looking at them.
func (f *flood) floor(b *testing.B, messages int) time.Duration {
	b.Helper()
	commands := []byte(strings.Repeat("RETR 12345\r\n", messages) + "QUIT\r\n")
	buf := make([]byte, 256<<10)
	begin := time.Now()
	conn := f.dial(b)
	defer conn.Close()
	go func() { _, _ = conn.Write(commands) }()
	octets := 0
	for {
		n, err := conn.Read(buf)
		if octets += n; err != nil {
			break
		}
	}
	if want := messages * len(f.reply) / f.times; octets < want {
		b.Fatalf("%d octets, want %d", octets, want)
	}
	return time.Since(begin)
}

// client returns how long it takes the client, and how many octets the messages had.
func (f *flood) client(b *testing.B, retrieve func(c *pop3.Client) int64) (time.Duration, int64) {
	b.Helper()
	begin := time.Now()
	c := pop3.New(f.dial(b), nil)
	defer c.Close()
	octets := retrieve(c)
	return time.Since(begin), octets
}

// compare runs both in turn.
func (f *flood) compare(b *testing.B, messages int, retrieve func(c *pop3.Client) int64) {
	b.Helper()
	var floor, client time.Duration
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		floor += f.floor(b, messages)
		b.StartTimer()
		elapsed, octets := f.client(b, retrieve)
		client += elapsed
		b.SetBytes(octets)
	}
	b.ReportMetric(float64(client)/float64(floor), "x-floor")
}

// BenchmarkLarge retrieves one message of 256 MiB. The bar is 3 times the floor.
func BenchmarkLarge(b *testing.B) {
	f := newFlood(b, 256<<20)
	f.compare(b, 1, func(c *pop3.Client) int64 {
		m, err := c.Retr(context.Background(), 1)
		if err != nil {
			b.Fatal(err)
		}
		octets, err := io.Copy(io.Discard, m)
		if err != nil {
			b.Fatal(err)
		}
		return octets
	})
}

// BenchmarkMany retrieves 20,000 messages of 4 KiB. The bar is 10 times the floor.
func BenchmarkMany(b *testing.B) {
	f := newFlood(b, 4<<10)
	numbers := numbersTo(20_000)
	f.compare(b, len(numbers), func(c *pop3.Client) (octets int64) {
		if _, _, err := c.Capa(context.Background()); err != nil {
			b.Fatal(err)
		}
		for m, err := range c.RetrEach(context.Background(), numbers) {
			if err != nil {
				b.Fatal(err)
			}
			n, err := io.Copy(io.Discard, m)
			if err != nil {
				b.Fatal(err)
			}
			octets += n
		}
		return octets
	})
}

// BenchmarkNoop is a round trip. The floor is one without a client.
func BenchmarkNoop(b *testing.B) {
	const times = 1000
	f := newFlood(b, 0)
	c := pop3.New(f.dial(b), nil)
	defer c.Close()
	if _, err := c.Welcome(context.Background()); err != nil {
		b.Fatal(err)
	}
	raw := f.dial(b)
	defer raw.Close()
	buf := make([]byte, 100)
	if _, err := raw.Read(buf); err != nil { // the greeting
		b.Fatal(err)
	}
	var floor, client time.Duration
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		begin := time.Now()
		for range times {
			_, _ = raw.Write([]byte("NOOP\r\n"))
			if _, err := raw.Read(buf); err != nil {
				b.Fatal(err)
			}
		}
		floor += time.Since(begin)
		b.StartTimer()
		begin = time.Now()
		for range times {
			if _, err := c.Noop(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		client += time.Since(begin)
	}
	b.ReportMetric(float64(client)/float64(floor), "x-floor")
	b.ReportMetric(float64(client.Microseconds())/float64(times*b.N), "µs/command")
}
