package pop3_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/popgate/popgate/pop3"
)

// each returns what Pipeline takes, from a list.
func each(requests []pop3.Request) func() (pop3.Request, bool) {
	return func() (pop3.Request, bool) {
		if len(requests) == 0 {
			return pop3.Request{}, false
		}
		r := requests[0]
		requests = requests[1:]
		return r, true
	}
}

// TestWindow: how many commands wait for their replies at most, by number, by the octets of their lines, and by the octets that LIST
// gave; and that no more than half of them are answered before more are sent.
func TestWindow(t *testing.T) {
	for name, tc := range map[string]struct {
		number uint32
		listed []int64 // of the messages in turn
		most   int
	}{
		"commands":                  {1, []int64{0}, 512},
		"octets of lines":           {4294967295, []int64{0}, 8192 / len("RETR 4294967295\r\n")},
		"listed octets":             {1, []int64{100 << 10}, 2 << 20 / (100 << 10)},
		"larger than the window":    {1, []int64{3 << 20}, 1},
		"an impossible size":        {1, []int64{1<<63 - 1}, 1},
		"sizes that are none":       {1, []int64{-1, -1 << 63}, 512},
		"as large as half a window": {1, []int64{1 << 20}, 2},
		"one that does not fit":     {1, []int64{500 << 10, 500 << 10, 1900 << 10}, 2},
		"a size that is none":       {1, []int64{-1 << 40, 100 << 10}, 2*20 + 1},
	} {
		inBubble(t, name, func(t *testing.T) {
			requests := make([]pop3.Request, 1200)
			for i := range requests {
				requests[i] = pop3.Request{Verb: "RETR", Number: tc.number, Listed: tc.listed[i%len(tc.listed)]}
			}
			var waiting []int
			c := asked(t, true, func(p *peer) { waiting = answerSlowly(p, "+OK\r\nx\r\n.\r\n") })
			n := 0
			for m, err := range c.Pipeline(t.Context(), each(requests)) {
				if err := readMessage(m, err); err != nil {
					t.Fatal(err)
				}
				n++
			}
			wantAlive(t, c)
			synctest.Wait() // for the server to tell
			if n != len(requests) {
				t.Errorf("%d messages", n)
			}
			most, least := 0, tc.most
			for i, w := range waiting {
				most = max(most, w)
				if len(tc.listed) == 1 && i < len(requests)-tc.most {
					least = min(least, w)
				}
			}
			if most != tc.most || least < most/2 {
				t.Errorf("from %d to %d commands wait, want from %d to %d", least, most, most/2, tc.most)
			}
		})
	}
}

// answerSlowly answers each command when the client has nothing left to do, and returns how many had come and were not answered
// before each reply. NOOP is the last command.
func answerSlowly(p *peer, reply string) (waiting []int) {
	lines := make(chan string, 4096)
	go func() {
		defer close(lines)
		for line := p.hear(); line != ""; line = p.hear() {
			lines <- line
		}
	}()
	for line := range lines {
		if line == "NOOP" {
			p.say("+OK alive\r\n")
			return waiting
		}
		synctest.Wait()
		waiting = append(waiting, 1+len(lines))
		p.say(reply)
	}
	return waiting
}

// narrow is a server over net.Pipe, which holds nothing, that reads octet by octet, and nothing at all while it writes. It answers
// each RETR by its number and some octets.
func narrow(conn net.Conn, octets int) {
	defer conn.Close()
	_, _ = io.WriteString(conn, "+OK\r\n")
	r := bufio.NewReaderSize(onebyte{conn}, 16)
	text := strings.Repeat("x", octets)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		reply := "+OK alive\r\n"
		if verb, number, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), " "); verb == "CAPA" {
			reply = capaPipelining
		} else if verb == "RETR" {
			reply = fmt.Sprintf("+OK\r\n%s %s\r\n.\r\n", number, text)
		} else if verb == "LIST" {
			reply = fmt.Sprintf("+OK %s %d\r\n", number, octets)
		}
		if _, err := io.WriteString(conn, reply); err != nil {
			return
		}
	}
}

// onebyte reads one octet at once.
type onebyte struct{ io.Reader }

func (r onebyte) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 1)]) }

// TestNarrow: neither side waits for the other where nothing on the way holds a single octet and the server does not read while it
// writes, with windows of every size and with a caller that takes longer than any limit.
func TestNarrow(t *testing.T) {
	run := func(t *testing.T, messages, octets int, first uint32, pause time.Duration) {
		t.Helper()
		client, server := net.Pipe()
		done := make(chan struct{})
		go func() { defer close(done); narrow(server, octets) }()
		c := pop3.New(client, nil)
		defer func() { _ = c.Close(); <-done }()
		if _, _, err := c.Capa(t.Context()); err != nil {
			t.Fatal(err)
		}
		var requests []pop3.Request
		for i := range uint32(messages) {
			requests = append(requests, pop3.Request{Verb: "RETR", Number: first + i})
		}
		begin, n := time.Now(), uint32(0)
		for m, err := range c.Pipeline(t.Context(), each(requests)) {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(pause)
			text, err := io.ReadAll(m)
			if want := fmt.Sprintf("%d %s\r\n", first+n, strings.Repeat("x", octets)); err != nil || string(text) != want {
				t.Fatalf("message %d: %.20q, %v", first+n, text, err)
			}
			n++
		}
		if n != uint32(messages) {
			t.Errorf("%d messages, want %d", n, messages)
		}
		took(t, begin, time.Duration(messages)*pause)
		wantAlive(t, c)
	}
	for _, messages := range []int{1, 2, 3, 4, 255, 256, 257, 258, 511, 512, 513, 514, 769, 1100} {
		for _, first := range []uint32{1, 4294960000} {
			inBubble(t, fmt.Sprintf("%d/%d", messages, first), func(t *testing.T) { run(t, messages, 40, first, 0) })
		}
	}
	inBubble(t, "large", func(t *testing.T) { run(t, 20, 300<<10, 1, 0) })
	inBubble(t, "slow caller", func(t *testing.T) { run(t, 20, 300<<10, 1, 2*time.Minute) })
}
