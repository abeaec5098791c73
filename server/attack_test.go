package server

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// leaf is a field that an attacker can fill, at any depth of a request.
type leaf struct {
	path  string
	field protoreflect.FieldDescriptor
	// in returns the message that has the field, made where it is not there.
	in func(request protoreflect.Message) protoreflect.Message
}

// leaves returns all fields of a message that hold text, octets or numbers.
func leaves(d protoreflect.MessageDescriptor, prefix string, in func(protoreflect.Message) protoreflect.Message) []leaf {
	var all []leaf
	fields := d.Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		path := prefix + string(f.Name())
		if f.Message() == nil {
			all = append(all, leaf{path, f, in})
			continue
		}
		all = append(all, leaves(f.Message(), path+".", func(m protoreflect.Message) protoreflect.Message {
			return in(m).Mutable(f).Message()
		})...)
	}
	return all
}

func self(m protoreflect.Message) protoreflect.Message { return m }

// set puts a text into the field of a request.
func (l leaf) set(request proto.Message, text string) {
	m := l.in(request.ProtoReflect())
	value := protoreflect.ValueOfString(text)
	if l.field.Kind() == protoreflect.BytesKind {
		value = protoreflect.ValueOfBytes([]byte(text))
	}
	if l.field.IsList() {
		m.Mutable(l.field).List().Append(value)
		return
	}
	m.Set(l.field, value)
}

// text returns what a valid request has in the field.
func (l leaf) text(request proto.Message) string {
	m := l.in(proto.Clone(request).ProtoReflect())
	if l.field.IsList() || m.Get(l.field).String() == "" {
		return "abcd"
	}
	return m.Get(l.field).String()
}

// hostile returns texts that a server would read as more than one line.
func hostile(text string) []string {
	var all []string
	for _, octet := range []string{"\r", "\n", "\x00", "\r\nQUIT\r\n"} {
		for _, at := range []int{0, len(text) / 2, len(text)} {
			all = append(all, text[:at]+octet+text[at:])
		}
	}
	return all
}

// harmless are fields of octets that may hold anything: they do not go out, or in base64. TestOctetsOfExchange looks at the latter.
var harmless = []string{"initial_response", "response"}

// fields returns the arguments at fault.
func fields(err error) []string {
	var all []string
	for _, v := range detailOf[*errdetails.BadRequest](err).GetFieldViolations() {
		all = append(all, v.GetField())
	}
	return all
}

// TestHostileText puts CR, LF and NUL into every field of every request that holds text or octets. The field is named, and nothing
// goes out.
func TestHostileText(t *testing.T) {
	m := newMailbox(t, 1)
	m.Start()
	var dialled atomic.Int32
	g := newGateway(t, func(c *Config) {
		c.UnsafeAllowPlaintext = true
		c.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			dialled.Add(1)
			return new(net.Dialer).DialContext(ctx, network, m.Addr)
		}
	})
	id := g.openMailbox(t)
	before, tried := len(m.Commands()), 0
	for _, method := range methods(t) {
		for _, l := range leaves(method.Input(), "", self) {
			kind := l.field.Kind()
			if kind != protoreflect.StringKind && kind != protoreflect.BytesKind || slices.Contains(harmless, l.path) {
				continue
			}
			for _, text := range hostile(l.text(requestFor(t, method, id))) {
				req := requestFor(t, method, id)
				l.set(req, text)
				err := invoke(t.Context(), g.conn, method, req).err
				wantFailure(t, fmt.Sprintf("%s with %s = %q", method.Name(), l.path, text), err, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil})
				// A key is judged with its certificate.
				named := strings.Replace(l.path, "client_key_pem", "client_certificate_pem", 1)
				if !slices.ContainsFunc(fields(err), func(f string) bool { return f == named || f == named+"[0]" }) {
					t.Errorf("%s with %s = %q: named are %q", method.Name(), l.path, text, fields(err))
				}
				tried++
			}
		}
	}
	if sent := m.Commands()[before:]; len(sent) > 0 || dialled.Load() != 1 {
		t.Errorf("%d connections, sent %q", dialled.Load(), sent)
	}
	if t.Logf("%d requests", tried); tried < 400 {
		t.Errorf("only %d requests", tried)
	}
	if err := g.noop(t, id); err != nil {
		t.Errorf("the session is harmed: %v", err)
	}
}

// TestMessageNumberZero puts 0 into every message number.
func TestMessageNumberZero(t *testing.T) {
	m := newMailbox(t, 1)
	g := newGateway(t, m.piped)
	id := g.openMailbox(t)
	before, tried := len(m.Commands()), 0
	for _, method := range methods(t) {
		for _, l := range leaves(method.Input(), "", self) {
			if l.field.Name() != "message_number" {
				continue
			}
			req := requestFor(t, method, id)
			l.in(req.ProtoReflect()).Set(l.field, protoreflect.ValueOfUint32(0))
			err := invoke(t.Context(), g.conn, method, req).err
			wantFailure(t, string(method.Name()), err, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil})
			if !slices.Equal(fields(err), []string{l.path}) {
				t.Errorf("%s: named are %q", method.Name(), fields(err))
			}
			tried++
		}
	}
	if sent := m.Commands()[before:]; len(sent) > 0 || tried != 5 {
		t.Errorf("%d requests, sent %q", tried, sent)
	}
}

// TestCommandLength goes to the greatest length of a command line and over it.
func TestCommandLength(t *testing.T) {
	m := newMailbox(t, 0)
	m.Banner = "+OK ready <1@example.test>"
	m.Intercept = func(string) (string, bool) { return "+OK\r\n", true }
	g := newGateway(t, m.piped)
	id := g.openSession(t, anywhere())
	digest := strings.Repeat("0", 32)
	for _, tt := range []struct {
		line  string // what goes out, but for the argument and the line end
		field string
		req   func(arg string) proto.Message
	}{
		{"USER ", "username", func(arg string) proto.Message { return &pb.UserRequest{SessionId: id, Username: arg} }},
		{"PASS ", "password", func(arg string) proto.Message { return &pb.PassRequest{SessionId: id, Password: arg} }},
		{"APOP  " + digest, "username", func(arg string) proto.Message { return &pb.ApopRequest{SessionId: id, Username: arg, Secret: "s"} }},
		{"RPOP ", "username", func(arg string) proto.Message { return &pb.RpopRequest{SessionId: id, Username: arg} }},
		{"LANG ", "tag", func(arg string) proto.Message { return &pb.LangRequest{SessionId: id, Tag: &arg} }},
	} {
		for length := 253; length <= 257; length++ {
			before := len(m.Commands())
			req := tt.req(strings.Repeat("x", length-len(tt.line)-len("\r\n")))
			err := invoke(t.Context(), g.conn, methodOf(t, req), req).err
			sent := m.Commands()[before:]
			what := fmt.Sprintf("%s with a line of %d", tt.line[:4], length)
			if length <= 255 {
				if err != nil || len(sent) != 1 || len(sent[0]) != length-len("\r\n") {
					t.Errorf("%s: %v, sent %q", what, err, sent)
				}
				continue
			}
			wantFailure(t, what, err, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil})
			if !slices.Equal(fields(err), []string{tt.field}) || len(sent) > 0 {
				t.Errorf("%s: named are %q, sent %q", what, fields(err), sent)
			}
		}
	}
}

// TestArgumentsOnTheWire has arguments that are odd and allowed: each call is one line.
func TestArgumentsOnTheWire(t *testing.T) {
	m := newMailbox(t, 0)
	m.Banner = "+OK ready <1@example.test>"
	m.Intercept = func(line string) (string, bool) {
		if strings.HasPrefix(line, "TOP") {
			return "+OK\r\n.\r\n", true
		}
		return "+OK\r\n", true
	}
	g := newGateway(t, m.piped)
	id := g.openSession(t, anywhere())
	for _, tt := range []struct {
		req   proto.Message
		sent  string // "" where nothing may go out
		field string
	}{
		{&pb.UserRequest{SessionId: id, Username: "j\u00f6rg\t\x1b\u2028\u0085"}, "USER j\u00f6rg\t\x1b\u2028\u0085", ""},
		{&pb.PassRequest{SessionId: id, Password: " open  sesame "}, "PASS  open  sesame ", ""},
		{&pb.PassRequest{SessionId: id}, "PASS ", ""},
		{&pb.ApopRequest{SessionId: id, Username: "a", Secret: strings.Repeat("s", 300)}, "APOP a e3b78dab7ecbbc52d8609984833344ee", ""},
		{&pb.LangRequest{SessionId: id, Tag: new("*")}, "LANG *", ""},
		{&pb.LangRequest{SessionId: id, Tag: new("de\ten")}, "", "tag"},
		{&pb.TopRequest{SessionId: id, MessageNumber: 1<<32 - 1, Lines: 1<<32 - 1}, "TOP 4294967295 4294967295", ""},
		{&pb.DeleRequest{SessionId: id, MessageNumber: 1<<32 - 1}, "DELE 4294967295", ""},
	} {
		before := len(m.Commands())
		err := invoke(t.Context(), g.conn, methodOf(t, tt.req), tt.req).err
		sent := m.Commands()[before:]
		if tt.sent == "" {
			wantFailure(t, fmt.Sprint(tt.req), err, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil})
			if !slices.Equal(fields(err), []string{tt.field}) || len(sent) > 0 {
				t.Errorf("%v: named are %q, sent %q", tt.req, fields(err), sent)
			}
		} else if err != nil || !slices.Equal(sent, []string{tt.sent}) {
			t.Errorf("%v: %v, sent %q", tt.req, err, sent)
		}
	}
}

// TestSpacesInNames: a name goes out as it is, as a password does; before the digest of APOP alone a space would end it.
func TestSpacesInNames(t *testing.T) {
	m := newMailbox(t, 0)
	m.Banner = "+OK ready <1@example.test>"
	m.Intercept = func(string) (string, bool) { return "+OK\r\n", true }
	g := newGateway(t, m.piped)
	id := g.openSession(t, anywhere())
	for _, req := range []proto.Message{
		&pb.UserRequest{SessionId: id, Username: " alice  b "}, &pb.PassRequest{SessionId: id, Password: " open  sesame "},
		&pb.RpopRequest{SessionId: id, Username: "alice b"},
	} {
		if err := invoke(t.Context(), g.conn, methodOf(t, req), req).err; err != nil {
			t.Errorf("%v: %v", req, err)
		}
	}
	req := &pb.ApopRequest{SessionId: id, Username: "alice b", Secret: "s"}
	wantFailure(t, "APOP", invoke(t.Context(), g.conn, methodOf(t, req), req).err, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil})
	want := []string{"USER  alice  b ", "PASS  open  sesame ", "RPOP alice b"}
	if sent := m.Commands(); !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
}

// TestOctetsOfExchange has octets in a SASL exchange that would be lines: each answer is one line of base64.
func TestOctetsOfExchange(t *testing.T) {
	for _, octets := range append(hostile("abcd"), "", "\xff\xfe", strings.Repeat("\n", 300)) {
		m := newMailbox(t, 0)
		replies := []string{"+ \r\n", "+OK\r\n"}
		if len(octets) > 180 { // the initial response waits for a challenge
			replies = []string{"+ \r\n", "+ \r\n", "+OK\r\n"}
		}
		m.Intercept = func(string) (string, bool) {
			if len(replies) == 0 {
				return "-ERR too many lines\r\n", true
			}
			next := replies[0]
			replies = replies[1:]
			return next, true
		}
		g := newGateway(t, m.piped)
		stream, err := g.AuthExchange(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		first := &pb.AuthExchangeRequest{SessionId: g.openSession(t, anywhere()), Mechanism: "x-any", InitialResponse: []byte(octets)}
		if err := stream.Send(first); err != nil {
			t.Fatal(err)
		}
		if resp, err := stream.Recv(); err != nil || resp.Challenge == nil {
			t.Fatalf("%q: %v, %v", octets, resp, err)
		}
		text := strings.ToValidUTF8(octets, "")
		if err := stream.Send(&pb.AuthExchangeRequest{SessionId: text, Mechanism: text, Response: []byte(octets)}); err != nil {
			t.Fatal(err)
		}
		if resp, err := stream.Recv(); err != nil || resp.GetResponse() != "+OK" {
			t.Fatalf("%q: %v, %v", octets, resp, err)
		}
		encoded := base64.StdEncoding.EncodeToString([]byte(octets))
		want := []string{"AUTH X-ANY " + encoded, encoded}
		switch {
		case octets == "":
			want[0] += "="
		case len(octets) > 180:
			want = []string{"AUTH X-ANY", encoded, encoded}
		}
		if got := m.Commands(); !slices.Equal(got, want) {
			t.Errorf("%q: sent %q, want %q", octets, got, want)
		}
	}
}
