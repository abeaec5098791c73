package pop3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// segmentServer lists PIPELINING, and makes of the honest replies to what came in one segment what say does.
type segmentServer struct {
	t    *testing.T
	say  say
	lied bool
	size []int    // the most commands of a segment, for each connection
	gone []string // removed by QUIT
}

// say returns what is said in place of replies, and whether the server hangs up then.
type say func(replies []segmentReply) (octets string, hangUp bool)

// segmentReply is an honest reply to one command.
type segmentReply struct {
	status string
	text   string // of a message, without its end
	end    string // of a message
}

func (r segmentReply) String() string { return r.status + r.text + r.end }

// segmentText is the message of a number. The last line of 7 looks like a reply, and so does all of 1.
func segmentText(number string) string {
	switch number {
	case "1":
		return "+OK 1 192\r\n"
	case "7":
		return "Subject: 7\r\n\r\n+OK 7 192\r\n"
	}
	return "Subject: " + number + "\r\n\r\n" + strings.Repeat("line of "+number+"\r\n", 3)
}

// serve serves a connection. Marks of DELE hold until its end, and QUIT carries them out.
func (s *segmentServer) serve(conn net.Conn) {
	defer conn.Close()
	_, _ = io.WriteString(conn, "+OK\r\n")
	n := len(s.size)
	s.size = append(s.size, 0)
	marked := make(map[string]bool)
	for buf := make([]byte, 64<<10); ; {
		k, err := conn.Read(buf)
		if err != nil {
			return
		}
		lines := strings.Split(strings.TrimSuffix(string(buf[:k]), "\r\n"), "\r\n")
		s.size[n] = max(s.size[n], len(lines))
		var replies []segmentReply
		for _, line := range lines {
			replies = append(replies, s.reply(line, marked))
		}
		honest, _ := asOne(replies)
		octets, hangUp := s.say(replies)
		s.lied = s.lied || octets != honest
		if _, err := io.WriteString(conn, octets); err != nil || hangUp {
			return
		}
	}
}

func (s *segmentServer) reply(line string, marked map[string]bool) segmentReply {
	words := append(strings.Fields(line), "", "")
	verb, number := words[0], words[1]
	switch {
	case verb == "CAPA":
		return segmentReply{"+OK\r\n", "PIPELINING\r\n", ".\r\n"}
	case verb == "QUIT":
		for number := range marked {
			s.gone = append(s.gone, number)
		}
		return segmentReply{status: "+OK\r\n"}
	case number == "9" || marked[number]:
		return segmentReply{status: "-ERR no such message\r\n"}
	case verb == "LIST":
		return segmentReply{status: fmt.Sprintf("+OK %s %d\r\n", number, len(segmentText(number)))}
	case verb == "DELE":
		marked[number] = true
		return segmentReply{status: "+OK marked\r\n"}
	case verb == "RETR", verb == "TOP":
		return segmentReply{fmt.Sprintf("+OK %d octets\r\n", len(segmentText(number))), segmentText(number), ".\r\n"}
	}
	s.t.Errorf("the client sent %q", line)
	return segmentReply{}
}

// asOne are replies as they ought to be.
func asOne(replies []segmentReply) (octets string, hangUp bool) {
	for _, r := range replies {
		octets += r.String()
	}
	return octets, false
}

// beyond lies to more than n commands at once; where n is 2, the probe gets honest replies.
func beyond(n int, lie say) say {
	return func(replies []segmentReply) (string, bool) {
		if len(replies) <= n {
			return asOne(replies)
		}
		return lie(replies)
	}
}

// wildDuck sends each status line before the end of the message before it.
func wildDuck(replies []segmentReply) (octets string, hangUp bool) {
	end := ""
	for _, r := range replies {
		octets += r.status + end + r.text
		end = r.end
	}
	return octets + end, false
}

// tcllib sends status lines, and then no text.
func tcllib(replies []segmentReply) (octets string, hangUp bool) {
	for _, r := range replies {
		octets += r.status
	}
	return octets, false
}

func dropsRest(replies []segmentReply) (string, bool)  { return asOne(replies[:1]) }
func dropsFirst(replies []segmentReply) (string, bool) { return asOne(replies[1:]) }
func hangsUpAtOnce([]segmentReply) (string, bool)      { return "", true }
func hangsUpInText(r []segmentReply) (string, bool)    { return r[0].status + "Sub", true }

func reverses(replies []segmentReply) (string, bool) {
	slices.Reverse(replies)
	return asOne(replies)
}

func duplicates(replies []segmentReply) (octets string, hangUp bool) {
	for _, r := range replies {
		octets += r.String() + r.String()
	}
	return octets, false
}

func duplicatesLast(replies []segmentReply) (string, bool) {
	return asOne(append(replies, replies[len(replies)-1]))
}

// garbles puts each reply behind the first line of the one before it.
func garbles(replies []segmentReply) (octets string, hangUp bool) {
	for i := len(replies) - 1; i >= 0; i-- {
		octets = strings.Replace(replies[i].String(), "\r\n", "\r\n"+octets, 1)
	}
	return octets, false
}

// refusesRest is no lie about PIPELINING, only slow: LIST shows nothing.
func refusesRest(replies []segmentReply) (octets string, hangUp bool) {
	return replies[0].String() + strings.Repeat("-ERR not now\r\n", len(replies)-1), false
}

var lies = map[string]struct {
	say    say
	silent bool // a lie about messages that only the time-out shows
	slow   bool // one command at a time without a lie
}{
	"none":                   {say: asOne},
	"WildDuck":               {say: wildDuck, silent: true},
	"WildDuck, late":         {say: beyond(2, wildDuck)},
	"tcllib":                 {say: beyond(1, tcllib), silent: true},
	"tcllib, late":           {say: beyond(2, tcllib), silent: true},
	"drops the rest":         {say: dropsRest, silent: true},
	"drops the rest, late":   {say: beyond(2, dropsRest), silent: true},
	"drops the first":        {say: beyond(1, dropsFirst), silent: true},
	"out of order":           {say: reverses, silent: true},
	"duplicates":             {say: beyond(1, duplicates)},
	"duplicates LIST":        {say: beyond(1, duplicatesLast)},
	"duplicates, at the end": {say: beyond(2, duplicatesLast)},
	"garbles":                {say: garbles, silent: true},
	"garbles, late":          {say: beyond(2, garbles)},
	"hangs up":               {say: beyond(1, hangsUpAtOnce)},
	"hangs up in text":       {say: beyond(1, hangsUpInText)},
	"refuses LIST":           {say: beyond(1, refusesRest), slow: true},
}

// dialer returns options with which Dial gets a connection to the server, and a function that waits for the server to end.
func (s *segmentServer) dialer() (opts *pop3.Options, wait func()) {
	var served []chan struct{}
	opts = &pop3.Options{Mode: pop3.Plaintext, DialContext: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		done := make(chan struct{})
		served = append(served, done)
		go func() { defer close(done); s.serve(server) }()
		return client, nil
	}}
	return opts, func() {
		for _, done := range served {
			<-done
		}
	}
}

// collect does all requests and quits. It dials again where the server cannot do PIPELINING, and goes on with the first request that
// has no whole result; with DELE from the beginning, as the marks are gone. It returns the results and how often it dialled again.
func collect(t *testing.T, address string, opts *pop3.Options, requests []pop3.Request) (results []string, again int) {
	t.Helper()
	for ; again < 5; again++ {
		c, err := pop3.Dial(t.Context(), address, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, _, err := c.Capa(t.Context()); err != nil {
			t.Fatal(err)
		}
		err = nil
		for m, each := range c.Pipeline(t.Context(), each(requests[len(results):])) {
			if m == nil {
				err = each
			} else if text, broken := io.ReadAll(m); m.Response()[0] == '-' || broken == nil {
				results = append(results, fmt.Sprintf("%s %d %.4s %s", m.Verb, m.Number, m.Response(), text))
			}
		}
		if err == nil {
			if outcome, _, err := c.Quit(t.Context()); err != nil || (outcome == pop3.Committed) != (requests[0].Verb == "DELE") {
				t.Errorf("%v, %v", outcome, err)
			}
			return results, again
		}
		if !errors.Is(err, pop3.ErrPipelining) || !isBroken(err) {
			t.Fatal(err)
		}
		if requests[0].Verb == "DELE" {
			results = nil
		}
	}
	t.Fatal("the client does not learn")
	return nil, 0
}

// TestLies: whatever a server makes of commands that are sent ahead, each message comes once and as it is, and each DELE counts. It
// takes one connection more, and one time-out at most; the next Client for that address sends one command at a time.
func TestLies(t *testing.T) {
	numbers := []uint32{7, 1, 2, 9, 3, 4, 5, 6, 8, 10, 11, 12}
	for name, tc := range lies {
		for _, verb := range []string{"RETR", "TOP", "DELE"} {
			inBubble(t, name+"/"+verb, func(t *testing.T) {
				var requests []pop3.Request
				var want []string
				for _, n := range numbers {
					requests = append(requests, pop3.Request{Verb: verb, Number: n})
					text, status := segmentText(fmt.Sprint(n)), "+OK"
					if verb == "DELE" {
						text = ""
					}
					if n == 9 {
						text, status = "", "-ERR"
					}
					want = append(want, strings.TrimSuffix(fmt.Sprintf("%s %d %.4s %s", verb, n, status+" ", text), " "))
				}
				s := &segmentServer{t: t, say: tc.say}
				opts, wait := s.dialer()
				defer wait()
				address := fmt.Sprintf("%s.example.test", t.Name())
				begin := time.Now()
				got, again := collect(t, address, opts, requests)
				elapsed := time.Since(begin).Truncate(time.Second)
				for i := range got {
					got[i] = strings.TrimSuffix(got[i], " ")
				}
				if !slices.Equal(got, want) {
					t.Errorf("got %q,\nwant %q", got, want)
				}
				if verb == "DELE" && len(s.gone) != len(numbers)-1 {
					t.Errorf("removed: %v", s.gone)
				}
				if again > 1 || (again == 1) != (s.lied && !tc.slow) {
					t.Errorf("dialled %d times again, lied: %v", again, s.lied)
				}
				if elapsed > time.Minute || verb != "DELE" && (elapsed == time.Minute) != tc.silent {
					t.Errorf("it took %v", elapsed)
				}
				if last := s.size[len(s.size)-1]; s.lied && !tc.slow && last != 1 || !s.lied && last != len(numbers)-1 {
					t.Errorf("segments with %d commands", s.size)
				}
			})
		}
	}
}

// TestLiarRemembered: an address is remembered for an hour, however it is spelt, and no other.
func TestLiarRemembered(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		s := &segmentServer{t: t, say: beyond(1, duplicates)}
		opts, wait := s.dialer()
		defer wait()
		requests := []pop3.Request{{Verb: "RETR", Number: 2}, {Verb: "RETR", Number: 3}}
		for _, step := range []struct {
			address string
			wait    time.Duration
			again   int
		}{
			{"remembered.example.test", 0, 1},
			{"Remembered.example.test:110", 0, 0},
			{"remembered.example.test:1100", 0, 1},
			{"remembered.example.test", 59 * time.Minute, 0},
			{"remembered.example.test", 2 * time.Minute, 1},
		} {
			time.Sleep(step.wait)
			if got, again := collect(t, step.address, opts, requests); len(got) != 2 || again != step.again {
				t.Errorf("%+v: %q, dialled %d times again", step, got, again)
			}
		}
	})
}
