package server

import (
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestAdvertisedLogins: that a server offers every login in plaintext is no reason to send a secret (B16).
func TestAdvertisedLogins(t *testing.T) {
	m := newMailbox(t, 0)
	m.Banner = "+OK <1@example.test> plaintext logins are welcome"
	mechanisms := []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"}
	m.Capabilities = []string{"USER", "SASL " + strings.Join(mechanisms, " "), "AUTH-RESP-CODE", "UTF8 USER"}
	g := newGateway(t, func(c *Config) {
		m.piped(c)
		c.UnsafeAllowPlaintext = false
	})
	id := g.openSession(t, anywhere())
	if _, err := g.Capa(t.Context(), &pb.CapaRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
	var logins []proto.Message
	for _, rpc := range []string{"User", "Pass", "Apop", "Rpop"} {
		logins = append(logins, requestFor(t, byName(t, rpc), id))
	}
	for _, mechanism := range append(mechanisms, "") {
		auth := requestFor(t, byName(t, "Auth"), id).(*pb.AuthRequest)
		auth.Credentials.Mechanism = mechanism
		logins = append(logins, auth)
		if mechanism != "" {
			logins = append(logins, &pb.AuthExchangeRequest{SessionId: id, Mechanism: mechanism, InitialResponse: []byte(password)})
		}
	}
	for _, req := range logins {
		err := invoke(t.Context(), g.conn, methodOf(t, req), req).err
		wantFailure(t, fmt.Sprintf("%T", req), err, failure{codes.FailedPrecondition, "TLS_REQUIRED", nil})
	}
	if sent := m.Commands(); !slices.Equal(sent, []string{"CAPA"}) {
		t.Errorf("sent %q", sent)
	}
}

// TestNumbersBeyond sends numbers that no field has room for: what becomes of them is 0, which is refused, or the greatest number, of
// which the server knows no message (C4).
func TestNumbersBeyond(t *testing.T) {
	m := newMailbox(t, 1)
	var config Config
	m.piped(&config)
	listener := bufconn.Listen(64 << 10)
	serveOn(t, config, listener)
	conn := dialGateway(t, listener)
	defer conn.Close()
	g := &gateway{Pop3ServiceClient: pb.NewPop3ServiceClient(conn)}
	id := g.openMailbox(t)
	minus1 := int64(-1)
	for _, rpc := range []string{"List", "Uidl", "Dele", "Retr", "Top"} {
		method := byName(t, rpc)
		field := method.Input().Fields().ByName("message_number")
		if field.Kind() != protoreflect.Uint32Kind {
			t.Errorf("%s: message_number is %v", rpc, field.Kind())
		}
		for value, want := range map[uint64]string{0: "3", 1 << 32: "3", 1 << 63: "3", uint64(minus1): "9", 1<<32 - 1: "9"} {
			before := len(m.Commands())
			path := "/popgate.v1.Pop3Service/" + rpc
			got := rawCaller(t, listener).call(t, path, framed(withNumber(t, method, id, field.Number(), value), false))
			line := strings.ToUpper(rpc) + " 4294967295"
			if rpc == "Top" {
				line += " 0"
			}
			sent := m.Commands()[before:]
			if got != want || want == "3" && len(sent) > 0 || want == "9" && !slices.Equal(sent, []string{line}) {
				t.Errorf("%s %d: status %s, sent %q", rpc, value, got, sent)
			}
		}
	}
}

// withNumber encodes a request with a number of 64 bits in one of its fields.
func withNumber(t *testing.T, method protoreflect.MethodDescriptor, id string, field protowire.Number, value uint64) []byte {
	t.Helper()
	req := requestFor(t, method, id)
	req.ProtoReflect().Clear(method.Input().Fields().ByNumber(field))
	message, err := proto.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	return protowire.AppendVarint(protowire.AppendTag(message, field, protowire.VarintType), value)
}

// textFields are all fields of requests to sessions that hold text or octets. None of them is a command.
var textFields = []string{
	"session_id", "username", "password", "secret", "tag", "if_unique_id", "mechanism", "initial_response", "response", "credentials.mechanism",
	"credentials.username", "credentials.authorization_identity", "credentials.password", "credentials.access_token",
	"tls.server_name", "tls.ca_bundle_pem", "tls.client_certificate_pem", "tls.client_key_pem", "tls.public_key_sha256",
}

// TestNoRawCommand: no request has a field for a command, and whatever a field says, an RPC sends its own command (C8).
func TestNoRawCommand(t *testing.T) {
	// What RPCs send before their own command.
	first := map[string]string{"Auth": "CAPA", "Retr": "LIST", "Dele": "UIDL"}
	m := newMailbox(t, 0)
	m.Banner = "+OK <1@example.test>"
	m.Intercept = func(line string) (string, bool) { return "-ERR " + line + "\r\n", true }
	g := newGateway(t, m.piped)
	lines := 0
	for _, method := range sessionMethods(t) {
		for _, l := range leaves(method.Input(), "", self) {
			kind := l.field.Kind()
			if kind != protoreflect.StringKind && kind != protoreflect.BytesKind {
				continue
			}
			if !slices.Contains(textFields, l.path) {
				t.Errorf("%s has a field %s", method.Name(), l.path)
			}
			if l.path == "session_id" || method.Name() == "WatchDebug" {
				continue
			}
			id := g.openSession(t, anywhere())
			before := len(m.Commands())
			req := requestFor(t, method, id)
			l.set(req, "DELE 1")
			invoke(t.Context(), g.conn, method, req)
			for _, line := range m.Commands()[before:] {
				lines++
				if verb := verbOf(line); verb != verbOfRPC(method) && verb != first[string(method.Name())] {
					t.Errorf("%s with %s = DELE 1 sent %q", method.Name(), l.path, line)
				}
			}
		}
	}
	if lines < 10 {
		t.Errorf("only %d lines were sent", lines)
	}
}

// TestNonASCIILogins: names and passwords go out as they are, in UTF-8, and the server decides; after Utf8 no less (C10).
func TestNonASCIILogins(t *testing.T) {
	const user, secret = "j\u00f6rg@\u4f8b.example", "\u043f\u0430\u0440\u043e\u043b\u044c \u00e9"
	for _, on := range []bool{false, true} {
		for _, req := range []proto.Message{
			&pb.PassRequest{Password: secret}, &pb.ApopRequest{Username: user, Secret: secret},
			&pb.AuthRequest{Credentials: &pb.Credentials{Username: user, Mechanism: "PLAIN", Secret: &pb.Credentials_Password{Password: secret}}},
		} {
			t.Run(fmt.Sprintf("%T, UTF8 %v", req, on), func(t *testing.T) {
				m := newMailbox(t, 0)
				m.Maildrops[user] = pop3test.NewMaildrop(secret)
				g := newGateway(t, m.piped)
				id := g.openSession(t, anywhere())
				if on {
					if _, err := g.Utf8(t.Context(), &pb.Utf8Request{SessionId: id}); err != nil {
						t.Fatal(err)
					}
				}
				if _, isPass := req.(*pb.PassRequest); isPass {
					if _, err := g.User(t.Context(), &pb.UserRequest{SessionId: id, Username: user}); err != nil {
						t.Fatal(err)
					}
				}
				req.ProtoReflect().Set(req.ProtoReflect().Descriptor().Fields().ByName("session_id"), protoreflect.ValueOfString(id))
				if err := invoke(t.Context(), g.conn, methodOf(t, req), req).err; err != nil {
					t.Error(err)
				}
				if sent := m.Commands(); m.sent("USER") == 1 && !slices.Equal(sent[len(sent)-2:], []string{"USER " + user, "PASS " + secret}) {
					t.Errorf("sent %q", sent)
				}
			})
		}
	}
}

// unfolding is a compressor as gzip is one. No compressor is linked into popgate; the tests have this one.
type unfolding struct{}

func (unfolding) Name() string                                 { return "unfolding-test" }
func (unfolding) Compress(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }
func (unfolding) Decompress(r io.Reader) (io.Reader, error)    { return gzip.NewReader(r) }

func init() { encoding.RegisterCompressor(unfolding{}) } //nolint:gochecknoinits // the registry is for init functions alone

// TestUnfoldingRequest: were there a compressor, the limit on requests would count what comes out of it (C14).
func TestUnfoldingRequest(t *testing.T) {
	g := newGateway(t, nil)
	for _, size := range []int{1 << 20, 48 << 20} {
		req := &pb.PassRequest{SessionId: "popgate.none", Password: strings.Repeat("\x00", size)}
		_, err := g.Pass(t.Context(), req, grpc.UseCompressor("unfolding-test"))
		want := failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil}
		if size > 4<<20 {
			want = failure{codes.ResourceExhausted, "", nil}
			if text := status.Convert(err).Message(); !strings.Contains(text, "larger than max") {
				t.Error(text)
			}
		}
		wantFailure(t, fmt.Sprintf("%d octets", size), err, want)
	}
}
