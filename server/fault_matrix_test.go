package server

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// column is a call at the moment when its last reply comes.
type column struct {
	name   string
	before []act  // calls that go well
	act    act    // the call
	asked  string // its lines up to the last command
	reply  string // the lines of the reply
}

var (
	commandLine = regexp.MustCompile("(?m)^C: .*$")
	verbs       = regexp.MustCompile(`^[A-Z0-9]+`)
	serverLine  = regexp.MustCompile("(?m)^S:(.*)$")
)

// columns are all commands but STLS, each in its state.
func columns() []column {
	var all []column
	add := func(before []act, acts ...act) {
		for _, a := range acts {
			begin := strings.LastIndex(a.lines, "C: ")
			end := begin + strings.IndexByte(a.lines[begin:], '\n') + 1
			name := strings.Join(commandLine.FindAllString(a.lines, -1), ", ")
			if a.reply == "" {
				a.reply, _, _ = strings.Cut(a.lines[end+len("S: "):], "\n")
			}
			all = append(all, column{strings.ReplaceAll(name, "C: ", ""), before, a, a.lines[:end], a.lines[end:]})
		}
	}
	first := []act{greeted}
	add(first, beforeLogin...)
	add(first, userPass...)
	add(first, apop[0], rpop[1], stlsAuth[1], twoStep[0])
	add([]act{greeted, apop[0]}, maildrop...)
	add([]act{greeted, apop[0]}, messages...)
	add([]act{greeted, apop[0]}, asked...)
	add([]act{greeted, apop[0]}, bye)
	return all
}

// begin returns all lines up to the last command.
func (c column) begin() string {
	var lines strings.Builder
	for _, a := range c.before {
		lines.WriteString(a.lines + "\n")
	}
	return lines.String() + c.asked
}

// verb is what an error names.
func (c column) verb() string {
	if c.act.verb != "" {
		return c.act.verb
	}
	return verbOf(c.asked[strings.LastIndex(c.asked, "C: ")+len("C: "):])
}

func verbOf(line string) string { return verbs.FindString(line) }

// failure returns what the call ends in where the whole connection does.
func (c column) broken(code codes.Code, reason string) failure {
	f := failure{code, reason, map[string]string{"command": c.verb(), "outcome": "NOT_COMMITTED"}}
	if c.verb() == "QUIT" {
		f.code, f.reason = codes.Unknown, "COMMIT_UNKNOWN"
		f.meta["outcome"], f.meta["cause"] = "UNKNOWN", reason
	}
	return f
}

// refused returns what -ERR means.
func (c column) refused() failure {
	f := failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{"command": c.verb(), "response": "-ERR go away"}}
	switch c.verb() {
	case "PASS", "APOP", "RPOP", "AUTH":
		f.code, f.reason = codes.PermissionDenied, "LOGIN_FAILED"
	case "QUIT":
		f.code, f.reason = codes.Aborted, "COMMIT_PARTIAL"
	}
	if c.name == "CAPA" || c.name == "UIDL" {
		f.reason = "NOT_SUPPORTED_BY_SERVER"
	}
	return f
}

// stage plays lines to a new session, and makes the calls that go well.
func (r *rig) stage(t *testing.T, mode pb.TlsMode, before []act, lines string) (*caller, *cut) {
	t.Helper()
	text := ""
	if mode == pb.TlsMode_TLS_MODE_IMPLICIT {
		text = "TLS\n"
	}
	for _, a := range before {
		text += a.lines + "\n"
	}
	script, err := pop3test.ParseScript(strings.TrimSuffix(text, "\n") + lines)
	if err != nil {
		t.Fatal(err)
	}
	c := &cut{dialogue: &dialogue{mode: mode, script: script, acts: before}}
	from := r.add(t.Context(), c)
	for _, a := range before {
		if err := a.call(from); err != nil {
			t.Fatal(err)
		}
	}
	return from, c
}

// over closes the session, and fails the test where the server has got anything that is not in the script.
func (c *caller) over(t *testing.T, played *cut) {
	t.Helper()
	if c.session != "" {
		if _, err := c.g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: c.session}); err != nil {
			t.Error(err)
		}
	}
	hung := time.AfterFunc(overTime, func() {
		t.Error("the gateway has not closed the connection")
		played.wire.Close()
	})
	defer hung.Stop()
	if err := <-played.played; err != nil {
		t.Error(err)
	}
}

// overTime is how long the end of a connection is waited for.
const overTime = time.Minute

var clearAndTLS = map[string]pb.TlsMode{"plaintext": pb.TlsMode_TLS_MODE_PLAINTEXT, "TLS": pb.TlsMode_TLS_MODE_IMPLICIT}

var protocolError = failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"outcome": "NOT_COMMITTED"}}

// TestRepliesToNothing has the server answer each command before it is sent, in one segment with the reply before. Nothing is sent then.
func TestRepliesToNothing(t *testing.T) {
	r := newRig(t, certificatePEM(), loopback(t))
	for mode, tls := range clearAndTLS {
		for _, col := range columns() {
			t.Run(mode+" "+col.name, func(t *testing.T) {
				early := "\n" + col.reply
				if first := strings.Index(col.act.lines, "\nS: "); col.act.verb == "AUTH" {
					early = col.act.lines[first : first+len("\nS: + b25l")]
				}
				from, c := r.stage(t, tls, col.before, early)
				want := protocolError
				want.meta = map[string]string{"command": verbOf(col.name), "outcome": "NOT_COMMITTED"}
				wantFailure(t, "the call", col.act.call(from), want)
				if col.verb() != "QUIT" {
					wantFailure(t, "Quit", from.quit(), ended("PROTOCOL_ERROR"))
				}
				from.over(t, c)
			})
		}
	}
}

// TestRepliesTooMany has the server say more than the reply to each command, in one segment.
func TestRepliesTooMany(t *testing.T) {
	r := newRig(t, certificatePEM(), loopback(t))
	for mode, tls := range clearAndTLS {
		for _, col := range columns() {
			t.Run(mode+" "+col.name, func(t *testing.T) {
				from, c := r.stage(t, tls, col.before, "\n"+col.act.lines+"\nS: +OK and more")
				if err := col.act.call(from); err != nil || from.got != col.act.reply {
					t.Errorf("%q, %v", from.got, err)
				}
				if col.verb() != "QUIT" {
					want := protocolError
					want.meta = map[string]string{"command": "QUIT", "outcome": "NOT_COMMITTED"}
					wantFailure(t, "Quit", from.quit(), want)
				}
				from.over(t, c)
			})
		}
	}
}

// TestReplies spoils the reply to each command.
func TestReplies(t *testing.T) {
	for mode, tls := range clearAndTLS {
		t.Run(mode, func(t *testing.T) { spoiledReplies(t, tls) })
	}
}

func spoiledReplies(t *testing.T, mode pb.TlsMode) {
	r := newRig(t, certificatePEM(), loopback(t))
	lost := func(c column) failure { return c.broken(codes.Aborted, "PROTOCOL_ERROR") }
	for _, row := range []struct {
		name, reply string
		want        func(column) failure
		alive       bool
	}{
		{"-ERR", "S: -ERR go away", column.refused, true},
		{"neither", "S: HELLO", lost, false},
		{"nothing", "S:", lost, false},
		{"lower case", "S: +ok", lost, false},
		{"longer word", "S: +OKAY", lost, false},
		{"space before", "S:  +OK", lost, false},
		{"long line", "S: +OK " + strings.Repeat("x", 2043), lost, false},
	} {
		for _, col := range columns() {
			t.Run(row.name+" to "+col.name, func(t *testing.T) {
				reply := row.reply
				if row.alive && col.verb() != "QUIT" {
					reply += "\nC: NOOP\nS: +OK"
				}
				from, c := r.stage(t, mode, col.before, "\n"+col.asked+reply)
				err := col.act.call(from)
				want := row.want(col)
				wantFailure(t, "the call", err, want)
				switch after := from.noop(); {
				case col.verb() == "QUIT":
					wantFailure(t, "Noop", after, failure{
						codes.FailedPrecondition, "SESSION_ENDED", map[string]string{"cause": "QUIT", "outcome": infoOf(err).GetMetadata()["outcome"]},
					})
				case row.alive && after != nil:
					t.Errorf("Noop: %v", after)
				case !row.alive:
					wantFailure(t, "Noop", after, ended("PROTOCOL_ERROR"))
				}
				from.over(t, c)
			})
		}
	}
}

// TestOddReplies has replies that are odd and good.
func TestOddReplies(t *testing.T) {
	for mode, tls := range clearAndTLS {
		t.Run(mode, func(t *testing.T) { oddReplies(t, tls) })
	}
}

func oddReplies(t *testing.T, mode pb.TlsMode) {
	r := newRig(t, certificatePEM(), loopback(t))
	long := strings.Repeat("x", 2048-len("\r\n"))
	for _, row := range []struct {
		name  string
		reply func(column) (lines, response string)
	}{
		{"bare LF", func(c column) (string, string) {
			return serverLine.ReplaceAllString(c.reply, `S|$1\n`), c.act.reply
		}},
		{"octets", func(c column) (string, string) {
			odd := c.act.reply + ` caf\xe9 \\ \x1b[m \x00 \xc2\x85`
			return strings.Replace(c.reply, c.act.reply, odd, 1), odd
		}},
		{"long line", func(c column) (string, string) {
			full := c.act.reply + " " + long[len(c.act.reply)+1:]
			return strings.Replace(c.reply, c.act.reply, full, 1), full
		}},
	} {
		for _, col := range columns() {
			verb, arg, _ := strings.Cut(col.name, " ")
			isMessage := strings.Contains(col.asked, "RETR") || verb == "TOP"
			if row.name == "bare LF" && isMessage || row.name != "bare LF" && arg != "" && (verb == "LIST" || verb == "UIDL") && !isMessage {
				continue // see TestBytes and TestOddEntries
			}
			t.Run(fmt.Sprint(row.name, " to ", col.name), func(t *testing.T) {
				lines, want := row.reply(col)
				from, c := r.stage(t, mode, col.before, "\n"+col.asked+lines)
				if err := col.act.call(from); err != nil || from.got != want {
					t.Errorf("%q, %v, want %q", from.got, err, want)
				}
				from.over(t, c)
			})
		}
	}
}
