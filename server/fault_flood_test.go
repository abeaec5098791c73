package server

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
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
	listLine     = 8 << 10
	challengeMax = 12 << 10
)

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
