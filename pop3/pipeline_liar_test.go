package pop3_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

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
	for _, r := range slices.Backward(replies) {
		octets = strings.Replace(r.String(), "\r\n", "\r\n"+octets, 1)
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

// remembered counts the runs of the test below: an address is remembered for the process's life in virtual time.
var remembered atomic.Int64

// TestLiarRemembered: an address is remembered for an hour, however it is spelt, and no other.
func TestLiarRemembered(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		s := &segmentServer{t: t, say: beyond(1, duplicates)}
		opts, wait := s.dialer()
		defer wait()
		requests := []pop3.Request{{Verb: "RETR", Number: 2}, {Verb: "RETR", Number: 3}}
		host := fmt.Sprintf("remembered%d.example.test", remembered.Add(1))
		for _, step := range []struct {
			address string
			wait    time.Duration
			again   int
		}{
			{host, 0, 1},
			{strings.ToUpper(host) + ":110", 0, 0},
			{host + ":1100", 0, 1},
			{host, 59 * time.Minute, 0},
			{host, 2 * time.Minute, 1},
		} {
			time.Sleep(step.wait)
			if got, again := collect(t, step.address, opts, requests); len(got) != 2 || again != step.again {
				t.Errorf("%+v: %q, dialled %d times again", step, got, again)
			}
		}
	})
}
