package pop3_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
)

// works are inputs that grow with n, made to be dear for whoever looks at them more than once. Those with a limit end below it at
// 8 times the size.
var works = []struct {
	name  string
	size  int // n at first
	slice int // octets that one read returns at most
	reply func(n int) string
	do    func(ctx context.Context, c *pop3.Client) error // nil: the greeting
}{
	{"greeting of <", 255, 1 << 16, func(n int) string { return "+OK " + strings.Repeat("<", n) + "\r\n" }, nil},
	{"greeting of <a@", 84, 1 << 16, func(n int) string { return "+OK " + strings.Repeat("<a@", n) + ">\r\n" }, nil},
	{"greeting by octets", 255, 1, func(n int) string { return "+OK " + strings.Repeat("<", n) + "\r\n" }, nil},
	{"-ERR of [", 255, 1 << 16, func(n int) string { return "-ERR " + strings.Repeat("[", n) + "\r\n" }, named("Stat")},
	{"+OK of spaces", 255, 1 << 16, func(n int) string { return "+OK " + strings.Repeat(" ", n) + "\r\n" }, named("Stat")},
	{"the password, again and again", 255, 1 << 16, func(n int) string { return "-ERR " + strings.Repeat("p", n) + "\r\n" }, named("Pass")},
	{"lines of CAPA", 32, 1 << 16, func(n int) string { return "+OK\r\n" + strings.Repeat("SASL PLAIN LOGIN X-NONE\r\n", n) + ".\r\n" }, named("Capa")},
	{"words of CAPA", 500, 1 << 16, func(n int) string { return "+OK\r\nSASL" + strings.Repeat(" X", n) + "\r\n.\r\n" }, named("Capa")},
	{"line of CAPA by octets", 1000, 1, func(n int) string { return "+OK\r\n" + strings.Repeat("X", n) + "\r\n.\r\n" }, named("Capa")},
	{"lines of LANG", 32, 1 << 16, func(n int) string { return "+OK\r\n" + strings.Repeat("en\r\n", n) + ".\r\n" }, named("Languages")},
	{"lines of LIST", 500, 1 << 16, func(n int) string { return "+OK\r\n" + strings.Repeat("1 1\r\n", n) + ".\r\n" }, list},
	{"lines of LIST by octets", 500, 1, func(n int) string { return "+OK\r\n" + strings.Repeat("1 1\r\n", n) + ".\r\n" }, list},
	{"line of UIDL, spaces", 1000, 1 << 16, func(n int) string { return "+OK\r\n1" + strings.Repeat(" ", n) + "x\r\n.\r\n" }, named("Uidl")},
	{"lines of a message", 20_000, 1 << 16, func(n int) string { return "+OK\r\n" + strings.Repeat("x\r\n", n) + ".\r\n" }, named("Retr")},
	{"dots of a message", 20_000, 1 << 16, func(n int) string { return "+OK\r\n" + strings.Repeat("..\r\n", n) + ".\r\n" }, named("Retr")},
	{"bare LF and dots", 20_000, 1 << 16, func(n int) string { return "+OK\r\n" + strings.Repeat("\n.", n) + "\r\n.\r\n" }, named("Retr")},
	{"CR and dots", 20_000, 1 << 16, func(n int) string { return "+OK\r\n" + strings.Repeat("\r.\r", n) + "\r\n.\r\n" }, named("Retr")},
	{"one line of a message", 80_000, 1 << 16, func(n int) string { return "+OK\r\n" + strings.Repeat("x", n) + "\r\n.\r\n" }, named("Retr")},
	{"one line by octets", 2000, 1, func(n int) string { return "+OK\r\n" + strings.Repeat("x", n) + "\r\n.\r\n" }, named("Retr")},
	{"challenge", 1500, 1 << 16, func(n int) string { return "+ " + strings.Repeat("A", n) + "\r\n" }, named("Auth")},
	{"challenge by octets", 1500, 1, func(n int) string { return "+ " + strings.Repeat("=", n) + "\r\n" }, named("Auth")},
}

// list reads a listing and keeps none of it.
func list(ctx context.Context, c *pop3.Client) error {
	l, err := c.List(ctx)
	if err != nil {
		return err
	}
	for _, err = range l.Entries() {
	}
	return err
}

// named returns the call of a name.
func named(name string) func(ctx context.Context, c *pop3.Client) error {
	for _, call := range calls {
		if call.name == name {
			return call.do
		}
	}
	panic("no call " + name)
}

const (
	workTime   = 100 * time.Microsecond // to measure, at least
	workRounds = 200                    // at most
	workRatio  = 2.2                    // for twice the input; what is quadratic comes to 4
)

// TestLinearTime has the input of each parser grow to 8 times its size: the time must not grow by much more (B13). A machine that has
// something else to do makes single runs long, never short, so the shortest of many count, and there are more until the ratio
// is good.
func TestLinearTime(t *testing.T) {
	const limit = workRatio * workRatio * workRatio
	for _, work := range works {
		t.Run(work.name, func(t *testing.T) {
			run := func(said []byte) {
				conn := &fixedConn{left: said, slice: work.slice}
				c := pop3.New(conn, plaintext)
				if work.do != nil {
					conn.left = []byte("+OK\r\n")
				}
				if _, err := c.Welcome(t.Context()); err != nil {
					t.Fatal(err)
				}
				if work.do != nil {
					conn.left = said
					_ = work.do(t.Context(), c) // may be refused
				}
				if len(conn.left) > 0 {
					t.Fatalf("%d octets are left", len(conn.left))
				}
			}
			sizes := [2][]byte{[]byte(work.reply(work.size)), []byte(work.reply(8 * work.size))}
			times := repetitions(func() { run(sizes[0]) })
			shortest := [2]float64{math.Inf(1), math.Inf(1)}
			round := 0
			for ; round < 5 || shortest[1] > limit*shortest[0] && round < workRounds; round++ {
				for i, said := range sizes {
					begin := processorTime(t)
					for range times {
						run(said)
					}
					shortest[i] = min(shortest[i], float64(processorTime(t)-begin))
				}
			}
			t.Logf("8 times the input takes %.1f times as long, after %d rounds", shortest[1]/shortest[0], round)
			if shortest[1] > limit*shortest[0] {
				t.Errorf("that is more than %.1f", limit)
			}
		})
	}
}

// repetitions returns how often f has to run to be measured.
func repetitions(f func()) int {
	begin := time.Now()
	for n := 1; ; n++ {
		if f(); time.Since(begin) >= workTime {
			return n
		}
	}
}
