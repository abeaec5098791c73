package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// recite plays lines of a script. Of the client's lines it checks the beginning alone.
func recite(conn io.ReadWriter, script string) error {
	in := bufio.NewReader(conn)
	for line := range strings.Lines(script) {
		var err error
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "S|"):
			_, err = io.WriteString(conn, scriptEscapes.Replace(line[len("S| "):]))
		case strings.HasPrefix(line, "S:"):
			_, err = io.WriteString(conn, scriptEscapes.Replace(strings.TrimPrefix(line[len("S:"):], " "))+"\r\n")
		default:
			var got string
			if got, err = in.ReadString('\n'); err == nil && !strings.HasPrefix(got, line[len("C: "):]) {
				err = fmt.Errorf("the client sent %q, want %q", got, line)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	floodOctets  = 64 << 20
	floodTaken   = 16 << 20 // more than the buffers of two sockets
	floodMemory  = 8 << 20
	listLine     = 8 << 10
	challengeMax = 12 << 10
)

// TestEndlessLine sends 64 MiB without a line end wherever a line has a limit. Neither are they read nor do they cost memory.
func TestEndlessLine(t *testing.T) {
	junk := bytes.Repeat([]byte("x"), 64<<10)
	for _, tt := range []struct {
		lines string
		call  func(*caller) error
	}{
		{"S| +OK ", (*caller).open},
		{"C: CAPA\nS| +OK ", (*caller).capa},
		{"C: CAPA\nS: +OK\nS| TOP", (*caller).capa},
		{"C: LANG\nS: +OK\nS| en", (*caller).languages},
		{"C: PASS\nS| -ERR ", (*caller).pass},
		{"C: AUTH\nS| + ", (*caller).authExchange},
		{"C: STAT\nS| +OK 1 ", (*caller).stat},
		{"C: LIST\nS| +OK ", func(c *caller) error { return c.list(nil, "1 120") }},
		{"C: LIST\nS: +OK\nS: 1 120\nS| 2 ", func(c *caller) error { return c.list(nil, "1 120") }},
		{"C: UIDL\nS: +OK\nS: 1 a\nS| 2 ", func(c *caller) error { return c.uidl(nil, "1 a") }},
		{"C: RETR\nS| +OK ", func(c *caller) error { return c.retr(nil) }},
		{"C: TOP\nS| ", (*caller).top},
		{"C: QUIT\nS| +OK ", (*caller).quit},
	} {
		t.Run(tt.lines, func(t *testing.T) {
			taken := 0
			c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_PLAINTEXT}}
			r := newRig(t, nil, loopback(t))
			from := r.add(t.Context(), c)
			lines := tt.lines
			if strings.HasPrefix(lines, "C") {
				lines = "S: +OK\n" + lines
			}
			c.serve = func(conn net.Conn) error {
				defer conn.Close()
				err := recite(conn, lines)
				for err == nil && taken < floodOctets {
					var n int
					n, err = conn.Write(junk)
					taken += n
				}
				return nil // the gateway has hung up
			}
			if strings.HasPrefix(tt.lines, "C") && from.open() != nil {
				t.Fatal("the greeting failed")
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := tt.call(from)
			runtime.ReadMemStats(&after)
			want := failure{codes.Aborted, "PROTOCOL_ERROR", nil}
			if strings.Contains(lines, "QUIT") {
				want = failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{"cause": "PROTOCOL_ERROR"}}
			}
			wantFailure(t, "the call", err, want)
			from.over(t, c)
			if allocated := after.TotalAlloc - before.TotalAlloc; taken > floodTaken || allocated > floodMemory {
				t.Errorf("%d octets taken, %d octets of memory", taken, allocated)
			}
		})
	}
}

// TestLimits goes to the limits of lines and listings, and over them.
func TestLimits(t *testing.T) {
	listing := func(verb, lines string) string { return "\nC: " + verb + "\nS: +OK\n" + lines + "S: ." }
	many := func(n int) string { return strings.Repeat("S: x\n", n) }
	long := func(n int) string { return "S: " + strings.Repeat("x", n-len("\r\n")) + "\n" }
	capa := func(c *caller) error { return c.status(c.g.Capa(c.ctx, &pb.CapaRequest{SessionId: c.session})) }
	lang := func(c *caller) error { return c.status(c.g.Lang(c.ctx, &pb.LangRequest{SessionId: c.session})) }
	list := func(c *caller) error { return c.list(nil, strings.Repeat("x", listLine-2)) }
	uidl := func(c *caller) error { return c.uidl(nil, strings.Repeat("x", listLine-2)) }
	exchange := "\nC: AUTH X-TWO aGVsbG8=\n" + strings.Repeat("S: + b25l\nC: b25lIQ==\n", 8)
	r := newRig(t, nil, loopback(t))
	for name, tt := range map[string]struct {
		good, bad string
		call      func(*caller) error
	}{
		"lines of CAPA": {listing("CAPA", many(256)), listing("CAPA", many(257)), capa},
		"lines of LANG": {listing("LANG", many(256)), listing("LANG", many(257)), lang},
		"line of CAPA":  {listing("CAPA", long(listLine)), listing("CAPA", long(listLine+1)), capa},
		"line of LANG":  {listing("LANG", long(listLine)), listing("LANG", long(listLine+1)), lang},
		"line of LIST":  {listing("LIST", long(listLine)), listing("LIST", long(listLine+1)), list},
		"line of UIDL":  {listing("UIDL", long(listLine)), listing("UIDL", long(listLine+1)), uidl},
		"challenges":    {exchange + "S: +OK", exchange + "S: + b25l", (*caller).authExchange},
	} {
		t.Run(name, func(t *testing.T) {
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, tt.good)
			if err := tt.call(from); err != nil {
				t.Errorf("at the limit: %v", err)
			}
			from.over(t, c)
			from, c = r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, tt.bad)
			wantFailure(t, "over the limit", tt.call(from), protocolError)
			from.over(t, c)
		})
	}
}

// TestChallenge relays a challenge of the greatest length, one that is longer, and one with a line behind it.
func TestChallenge(t *testing.T) {
	r := newRig(t, nil, loopback(t))
	for name, tt := range map[string]struct {
		lines string
		want  failure // the zero value is success
	}{
		"longest": {"S: + " + strings.Repeat("x", challengeMax-len("+ \r\n")) + "\nC~ xxxx\nS: +OK", failure{}},
		"longer":  {"S: + " + strings.Repeat("x", challengeMax-len("+ \r\n")+1), protocolError},
		"early":   {"S: + b25l\nS: +OK logged in", protocolError},
	} {
		t.Run(name, func(t *testing.T) {
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, "\nC: AUTH X-TWO aGVsbG8=\n"+tt.lines)
			err := from.authExchange()
			if tt.want.reason != "" {
				wantFailure(t, "AuthExchange", err, tt.want)
			} else if err != nil {
				t.Error(err)
			}
			from.over(t, c)
		})
	}
}

// TestSlices has every dialogue come in segments of one octet, and with pauses in virtual time.
func TestSlices(t *testing.T) {
	pem := certificatePEM()
	for _, d := range dialogues() {
		slices := pop3test.Faults{Slice: 1, After: int64(d.octets)}
		t.Run(d.name, func(t *testing.T) {
			if wrong := newRig(t, pem, loopback(t)).try(t.Context(), &cut{dialogue: d, faults: slices}); wrong != "" {
				t.Error(wrong)
			}
		})
		t.Run(d.name+" with pauses", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slices.Delay = 10 * time.Millisecond
				if wrong := newRig(t, pem, pipes).try(t.Context(), &cut{dialogue: d, faults: slices}); wrong != "" {
					t.Error(wrong)
				}
			})
		})
	}
}

// drip is the pause between two octets of TestDrip.
const drip = 4900 * time.Millisecond

// TestDrip answers each command an octet now and then. A status line has to be complete in time; in a listing or a message the time
// counts from the last octet.
func TestDrip(t *testing.T) {
	for _, col := range columns() {
		t.Run(col.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, pipes)
				c := &cut{dialogue: &dialogue{mode: pb.TlsMode_TLS_MODE_PLAINTEXT}, serve: func(conn net.Conn) error {
					defer conn.Close()
					err := recite(conn, col.begin())
					slow := pop3test.Faults{Slice: 1, Delay: drip}.Wrap(conn)
					time.Sleep(drip)
					if err == nil && recite(slow, col.reply) == nil {
						_, err = io.Copy(io.Discard, conn)
					}
					return err
				}}
				from := r.add(t.Context(), c)
				for _, a := range col.before {
					if err := a.call(from); err != nil {
						t.Fatal(err)
					}
				}
				begin := time.Now()
				err := col.act.call(from)
				limit := place{reply: reply{verb: col.verb()}}.limit()
				if status := time.Duration(len(col.act.reply)+len("\r\n")) * drip; status < limit {
					if err != nil {
						t.Error(err)
					}
				} else if took := time.Since(begin); took < limit || took > limit+limitSlack {
					t.Errorf("failed after %v, want %v", took, limit)
				} else {
					wantFailure(t, "the call", err, col.broken(codes.DeadlineExceeded, "TIMEOUT"))
				}
				from.over(t, c)
			})
		})
	}
}
