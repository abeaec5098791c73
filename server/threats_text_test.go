package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// anyOctets are all octets that a line can hold.
var anyOctets = func() string {
	var all strings.Builder
	for octet := range 256 {
		if octet != '\n' {
			all.WriteByte(byte(octet))
		}
	}
	return all.String() + "\xc3(\xe2\x82\xed\xa0\x80\xf0\x82\x82\xac\xc2\x85 \x1b]0;mine\x07"
}()

// saying returns a mailbox that says text in its greeting, and in every line of every reply, behind a mark.
func saying(t testing.TB, mark, text string) *mailbox {
	t.Helper()
	m := newMailbox(t, 0)
	m.Banner = "+OK <1@example.test> " + text
	m.Intercept = func(line string) (string, bool) {
		said := mark + " " + text + "\r\n"
		if mark != "+OK" {
			return said, true
		}
		switch verb, arg, _ := strings.Cut(line, " "); {
		case verb == "CAPA", verb == "RETR", verb == "TOP", arg == "" && (verb == "LANG" || verb == "LIST" || verb == "UIDL"):
			said += "1 " + text + "\r\n.\r\n"
		case verb == "STAT":
			said = "+OK 1 2 " + text + "\r\n"
		case arg == "1":
			said = "+OK 1 " + text + "\r\n"
		}
		return said, true
	}
	return m
}

// commanding are the requests that send one command, to a session.
func commanding(t testing.TB, id string) []proto.Message {
	t.Helper()
	var all []proto.Message
	for _, method := range sessionMethods(t) {
		switch method.Name() {
		case "GetWelcome", "SetDebugLevel", "WatchDebug", "CloseSession":
			continue
		}
		req := requestFor(t, method, id)
		if exchange, ok := req.(*pb.AuthExchangeRequest); ok {
			exchange.InitialResponse = []byte("hello")
		}
		all = append(all, req)
	}
	return append(all, &pb.ListRequest{SessionId: id}, &pb.UidlRequest{SessionId: id})
}

// texts returns all strings in a message, at any depth.
func texts(t testing.TB, m proto.Message) []string {
	t.Helper()
	var all []string
	err := protorange.Range(m.ProtoReflect(), func(p protopath.Values) error {
		if s, ok := p.Index(-1).Value.Interface().(string); ok {
			all = append(all, s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// isHarmless reports whether a text can be shown on any terminal.
func isHarmless(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// TestAnyOctetAnywhere has every octet in every line of the server's: each call is a success or the refusal that it is, every text is
// harmless, and none of the octets is lost (B10).
func TestAnyOctetAnywhere(t *testing.T) {
	for _, mark := range []string{"+OK", "-ERR"} {
		m := saying(t, mark, anyOctets)
		g := newGateway(t, m.piped)
		for i := range commanding(t, "") {
			id := g.openSession(t, anywhere())
			req := commanding(t, id)[i]
			method := methodOf(t, req)
			if mark == "+OK" && method.Name() == "Stls" { // and the handshake would follow
				continue
			}
			o := invoke(t.Context(), g.conn, method, req)
			if mark == "+OK" {
				wantTold(t, string(method.Name()), o)
				continue
			}
			response := infoOf(o.err).GetMetadata()["response"]
			told, whole := readEscaped(response)
			if code := status.Code(o.err); code == codes.Internal || code == codes.Unknown || !isHarmless(o.err.Error()) {
				t.Errorf("%s: %v", method.Name(), o.err)
			}
			if !whole || !strings.HasPrefix("-ERR "+anyOctets, told) || len(response) < maxErrorText-4 {
				t.Errorf("%s: response %q", method.Name(), response)
			}
		}
	}
}

// wantTold checks that all octets are in the replies.
func wantTold(t *testing.T, name string, o outcome) {
	t.Helper()
	if o.err != nil || len(o.replies) == 0 {
		t.Errorf("%s: %v", name, o.err)
		return
	}
	found := 0
	for _, reply := range o.replies {
		for _, text := range texts(t, reply) {
			octets, ok := readEscaped(text)
			if !ok || !isHarmless(text) {
				t.Errorf("%s: %q", name, text)
			}
			if strings.Contains(octets, anyOctets) {
				found++
			}
		}
		if data, ok := reply.(interface{ GetData() []byte }); ok && len(data.GetData()) > 0 && string(data.GetData()) != "1 "+anyOctets+"\r\n" {
			t.Errorf("%s: data %q", name, data.GetData())
		}
	}
	if found == 0 {
		t.Errorf("%s: octets are lost: %v", name, o.replies)
	}
}

// TestAnyOctetInChallenge relays challenges that are not base64.
func TestAnyOctetInChallenge(t *testing.T) {
	m := newMailbox(t, 0)
	m.Intercept = func(line string) (string, bool) {
		if strings.HasPrefix(line, "AUTH") {
			return "+ " + anyOctets + "\r\n", true
		}
		return "-ERR " + line + "\r\n", true
	}
	g := newGateway(t, m.piped)
	req := &pb.AuthExchangeRequest{SessionId: g.openSession(t, anywhere()), Mechanism: "X-ANY"}
	o := invoke(t.Context(), g.conn, methodOf(t, req), req) // hangs up then, which cancels
	if len(o.replies) != 1 || status.Code(o.err) != codes.PermissionDenied {
		t.Fatalf("%v, %v", o.replies, o.err)
	}
	if got := o.replies[0].(*pb.AuthExchangeResponse); !got.GetRaw() || string(got.GetChallenge()) != anyOctets {
		t.Errorf("%v", got)
	}
}

// TestLongRefusals: a refusal of any length is the error that it is, also for a caller that takes no more than 8 KiB of headers (B11).
func TestLongRefusals(t *testing.T) {
	limited := failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"response": ""}}
	for _, unit := range []string{"x", "%", "\xff", "\\", "\x01", "\u00e9", "\u4e2d", "\U0001f600", "<&>"} {
		for _, length := range []int{2046, 20 << 10} {
			text := strings.Repeat(unit, (length-len("-ERR "))/len(unit))
			m := saying(t, "-ERR", text)
			m.Banner = "+OK <1@example.test>"
			conn := frugalCaller(t, m)
			g := &gateway{Pop3ServiceClient: pb.NewPop3ServiceClient(conn)}
			for i := range commanding(t, "") {
				req := commanding(t, g.openSession(t, anywhere()))[i]
				method := methodOf(t, req)
				err := invoke(t.Context(), conn, method, req).err
				what := fmt.Sprintf("%s, %d octets of %q", method.Name(), length, unit)
				response := infoOf(err).GetMetadata()["response"]
				switch {
				case length > 2046 && method.Name() == "Quit":
					wantFailure(t, what, err, failure{codes.Unknown, "COMMIT_UNKNOWN", limited.meta})
				case length > 2046:
					wantFailure(t, what, err, limited)
				case reasonOf(err) == "" || len(response) > maxErrorText || len(response) < maxErrorText-len(`\xf0\x9f\x98\x80`):
					t.Errorf("%s: %v, response of %d octets", what, err, len(response))
				}
				if n := len(status.Convert(err).Message()); n > maxErrorText+100 {
					t.Errorf("%s: a message of %d octets", what, n)
				}
			}
		}
	}
}

// TestLongGreeting: the same for a greeting.
func TestLongGreeting(t *testing.T) {
	for _, length := range []int{2046, 20 << 10} {
		m := newMailbox(t, 0)
		m.Banner = "-ERR " + strings.Repeat("\xff", length-len("-ERR "))
		_, err := pb.NewPop3ServiceClient(frugalCaller(t, m)).OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
		want := failure{codes.Unavailable, "GREETING_REFUSED", map[string]string{"response": escapeShort(m.Banner)}}
		if length > 2046 {
			want = failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"response": ""}}
		}
		wantFailure(t, fmt.Sprintf("%d octets", length), err, want)
	}
}

// frugalCaller is a caller of a gateway to a mailbox that takes few headers.
func frugalCaller(t *testing.T, m *mailbox) *grpc.ClientConn {
	t.Helper()
	var config Config
	m.piped(&config)
	listener := bufconn.Listen(64 << 10)
	serveOn(t, config, listener)
	conn, err := grpc.NewClient("passthrough:///gateway", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithMaxHeaderListSize(8<<10),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// rawLog is a log whose lines are as they come, without any quoting.
type rawLog struct {
	mu   sync.Mutex
	text []string
}

func (l *rawLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *rawLog) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *rawLog) WithGroup(string) slog.Handler            { return l }

func (l *rawLog) Handle(_ context.Context, record slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, record.Message)
	record.Attrs(func(a slog.Attr) bool {
		l.text = append(l.text, a.Key, fmt.Sprint(a.Value.Any()))
		return true
	})
	return nil
}

// TestTerminalControls has a server send what commands a terminal, in every line of every reply. Neither the log nor an error nor a
// watcher's line holds any of it (B12).
func TestTerminalControls(t *testing.T) {
	const controls = "\x1b[2J\x1b]0;mine\x07\x9b31m\u009b31m\r\x08\x00\u202e\u2028end"
	for _, mark := range []string{"+OK", "-ERR", "garbage"} {
		m, log := saying(t, mark, controls), &rawLog{}
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			c.Log = slog.New(log)
		})
		for i := range commanding(t, "") {
			id := g.openSession(t, anywhere())
			req := commanding(t, id)[i]
			if mark == "+OK" && methodOf(t, req).Name() == "Stls" {
				continue
			}
			g.level(t, id, 2)
			stream := g.watch(t, id)
			o := invoke(t.Context(), g.conn, methodOf(t, req), req)
			for _, text := range append(g.seen(t, id, stream), fmt.Sprint(o.err, o.header, o.trailer["pop3-error-reason"], infoOf(o.err).GetMetadata())) {
				if !isHarmless(text) {
					t.Errorf("%s: %q", methodOf(t, req).Name(), text)
				}
			}
		}
		<-g.shutdown(0)
		log.mu.Lock()
		said := strings.Join(log.text, "")
		if !isHarmless(said) || mark == "-ERR" && !strings.Contains(said, `\x1b[2J`) {
			t.Errorf("%s: the log has %q", mark, said)
		}
		log.mu.Unlock()
	}
}
