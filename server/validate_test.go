package server

import (
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// stranger is a session id that no session has: arguments are looked at before.
const stranger = "elsewhere.x"

// TestArguments makes requests with faults in several fields at once. All of them are named, nothing else is done, and the values
// are not shown.
func TestArguments(t *testing.T) {
	long := strings.Repeat("x", 300)
	cert, key := pemOf(t, newAuthority(t).issue(t, &x509.Certificate{}))
	for name, tt := range map[string]struct {
		req    proto.Message
		fields []string
	}{
		"no session":       {&pb.NoopRequest{}, []string{"session_id"}},
		"session CRLF":     {&pb.NoopRequest{SessionId: "a\r\nb"}, []string{"session_id"}},
		"session too long": {&pb.StatRequest{SessionId: long}, []string{"session_id"}},
		"no server":        {&pb.OpenSessionRequest{}, []string{"server.host"}},
		"all of OpenSession": {&pb.OpenSessionRequest{Server: &pb.Server{
			Host: "a b", Port: new(uint32(0)), IoTimeout: durationpb.New(0),
			Tls: &pb.TlsOptions{
				Mode: 99, ServerName: "a\nb", CaBundlePem: "no PEM", ClientCertificatePem: cert, PublicKeySha256: [][]byte{make([]byte, 32), {1}},
			},
		}}, []string{
			"server.host", "server.io_timeout", "server.port", "server.tls.ca_bundle_pem", "server.tls.client_certificate_pem",
			"server.tls.mode", "server.tls.public_key_sha256[1]", "server.tls.server_name",
		}},
		"port too high":         {openRequest("a", new(uint32(65536)), 0), []string{"server.port"}},
		"negative io_timeout":   {openRequest("a", new(uint32(65535)), -time.Second), []string{"server.io_timeout"}},
		"invalid io_timeout":    {&pb.OpenSessionRequest{Server: &pb.Server{Host: "a", IoTimeout: &durationpb.Duration{Nanos: -1, Seconds: 1}}}, []string{"server.io_timeout"}},
		"host with a port":      {openRequest("a.example:110", nil, 0), []string{"server.host"}},
		"host in brackets":      {openRequest("[::1]", nil, 0), []string{"server.host"}},
		"host with a scheme":    {openRequest("pop3://a", nil, 0), []string{"server.host"}},
		"host with NUL":         {openRequest("a\x00b", nil, 0), []string{"server.host"}},
		"host beyond ASCII":     {openRequest("caf\u00e9.example", nil, 0), []string{"server.host"}},
		"host too long":         {openRequest(long, nil, 0), []string{"server.host"}},
		"key without its cert":  {&pb.StlsRequest{SessionId: stranger, Tls: &pb.TlsOptions{ClientKeyPem: key}}, []string{"tls.client_certificate_pem"}},
		"many pins":             {&pb.StlsRequest{SessionId: stranger, Tls: &pb.TlsOptions{PublicKeySha256: make([][]byte, 1000)}}, manyPins()},
		"user":                  {&pb.UserRequest{Username: "a\nb"}, []string{"session_id", "username"}},
		"user missing":          {&pb.UserRequest{SessionId: stranger}, []string{"username"}},
		"user CR":               {&pb.UserRequest{SessionId: stranger, Username: "a\rb"}, []string{"username"}},
		"user too long":         {&pb.UserRequest{SessionId: stranger, Username: long}, []string{"username"}},
		"pass LF":               {&pb.PassRequest{SessionId: stranger, Password: "hunter2\n"}, []string{"password"}},
		"pass NUL":              {&pb.PassRequest{SessionId: stranger, Password: "hunter2\x00"}, []string{"password"}},
		"pass too long":         {&pb.PassRequest{SessionId: stranger, Password: "hunter2" + long}, []string{"password"}},
		"apop":                  {&pb.ApopRequest{SessionId: stranger, Username: "a\nb", Secret: "hunter2\r"}, []string{"secret", "username"}},
		"rpop":                  {&pb.RpopRequest{SessionId: stranger, Username: "a\nb"}, []string{"username"}},
		"auth without anything": {&pb.AuthRequest{SessionId: stranger}, []string{"credentials.secret"}},
		"auth": {&pb.AuthRequest{Credentials: &pb.Credentials{
			Username: "a\nb", AuthorizationIdentity: "a\x00b", Mechanism: "P L", Secret: &pb.Credentials_Password{Password: "hunter2\r"},
		}}, []string{
			"credentials.authorization_identity", "credentials.mechanism", "credentials.password", "credentials.username", "session_id",
		}},
		"auth by a foreign mechanism": {&pb.AuthRequest{SessionId: stranger, Credentials: &pb.Credentials{
			Mechanism: "GSSAPI", Secret: &pb.Credentials_Password{},
		}}, []string{"credentials.mechanism"}},
		"auth by a token in place of a password": {&pb.AuthRequest{SessionId: stranger, Credentials: &pb.Credentials{
			Mechanism: "PLAIN", Secret: &pb.Credentials_AccessToken{AccessToken: "hunter2"},
		}}, []string{"credentials.mechanism"}},
		"auth by a password in place of a token": {&pb.AuthRequest{SessionId: stranger, Credentials: &pb.Credentials{
			Mechanism: "xoauth2", Secret: &pb.Credentials_Password{Password: "hunter2"},
		}}, []string{"credentials.mechanism"}},
		"auth by an empty token": {&pb.AuthRequest{SessionId: stranger, Credentials: &pb.Credentials{
			Secret: &pb.Credentials_AccessToken{},
		}}, []string{"credentials.access_token"}},
		"auth by two tokens in one": {&pb.AuthRequest{SessionId: stranger, Credentials: &pb.Credentials{
			Username: "alice\x01auth=Bearer hunter2", Secret: &pb.Credentials_AccessToken{AccessToken: "hunter2"},
		}}, []string{"credentials"}},
		"auth by nothing external": {&pb.AuthRequest{SessionId: stranger, Credentials: &pb.Credentials{
			Secret: &pb.Credentials_External{},
		}}, []string{"credentials.external"}},
		"exchange":           {&pb.AuthExchangeRequest{SessionId: stranger, Mechanism: "PLAIN\r\nQUIT"}, []string{"mechanism"}},
		"exchange of nobody": {&pb.AuthExchangeRequest{}, []string{"mechanism", "session_id"}},
		"lang":               {&pb.LangRequest{SessionId: stranger, Tag: new("")}, []string{"tag"}},
		"lang CRLF":          {&pb.LangRequest{SessionId: stranger, Tag: new("de\r\nQUIT")}, []string{"tag"}},
		"list 0":             {&pb.ListRequest{SessionId: stranger, MessageNumber: new(uint32(0))}, []string{"message_number"}},
		"uidl 0":             {&pb.UidlRequest{SessionId: stranger, MessageNumber: new(uint32(0))}, []string{"message_number"}},
		"dele":               {&pb.DeleRequest{IfUniqueId: new("a\nb")}, []string{"if_unique_id", "message_number", "session_id"}},
		"retr":               {&pb.RetrRequest{SessionId: stranger, MaxOctets: new(int64(0))}, []string{"max_octets", "message_number"}},
		"retr max -1":        {&pb.RetrRequest{SessionId: stranger, MessageNumber: 1, MaxOctets: new(int64(-1))}, []string{"max_octets"}},
		"top 0":              {&pb.TopRequest{SessionId: stranger}, []string{"message_number"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t, func(c *Config) { c.Limits.Sessions = -1 }) // no place for any session: that comes later
			err := invoke(t.Context(), g.conn, methodOf(t, tt.req), tt.req).err
			wantFailure(t, name, err, failure{codes.InvalidArgument, "INVALID_ARGUMENT", map[string]string{}})
			got := map[string]string{}
			for _, v := range detailOf[*errdetails.BadRequest](err).GetFieldViolations() {
				got[v.GetField()] = v.GetDescription()
			}
			if fields := slices.Sorted(maps.Keys(got)); !slices.Equal(fields, tt.fields) || slices.Contains(slices.Collect(maps.Values(got)), "") {
				t.Errorf("BadRequest %v, want %v", got, tt.fields)
			}
			if text := fmt.Sprint(err, got); strings.Contains(text, "hunter2") || strings.Contains(text, "QUIT") {
				t.Errorf("shows a value: %s", text)
			}
		})
	}
}

// TestGoodArguments: what is allowed gets past the arguments, to the session that is not there.
func TestGoodArguments(t *testing.T) {
	g := newGateway(t, func(c *Config) { c.Limits.Sessions = -1 })
	for _, req := range []proto.Message{
		&pb.UserRequest{SessionId: stranger, Username: "j\u00f6rg@example.test"}, &pb.PassRequest{SessionId: stranger, Password: " a b\t"},
		&pb.PassRequest{SessionId: stranger}, &pb.ApopRequest{SessionId: stranger, Username: "a", Secret: strings.Repeat("s", 300)},
		&pb.TopRequest{SessionId: stranger, MessageNumber: 1<<32 - 1, Lines: 1<<32 - 1},
		&pb.RetrRequest{SessionId: stranger, MessageNumber: 1, MaxOctets: new(int64(1))},
		&pb.SetDebugLevelRequest{SessionId: stranger, Level: 1<<32 - 1}, &pb.LangRequest{SessionId: stranger, Tag: new("*")},
		&pb.AuthExchangeRequest{SessionId: stranger, Mechanism: "X-any_1"},
		&pb.AuthRequest{SessionId: stranger, Credentials: &pb.Credentials{Mechanism: "anonymous"}},
		&pb.AuthRequest{SessionId: stranger, Credentials: &pb.Credentials{Secret: &pb.Credentials_External{External: true}}},
		&pb.AuthRequest{SessionId: stranger, Credentials: &pb.Credentials{Secret: &pb.Credentials_AccessToken{AccessToken: "t"}}},
		&pb.StlsRequest{SessionId: stranger}, &pb.StlsRequest{SessionId: stranger, Tls: &pb.TlsOptions{ServerName: "::1"}},
	} {
		err := invoke(t.Context(), g.conn, methodOf(t, req), req).err
		wantFailure(t, fmt.Sprint(req), err, failure{codes.FailedPrecondition, "WRONG_REPLICA", nil})
	}
	for _, host := range []string{"a", "mail.example.", "127.0.0.1", "::1", "fe80::1%eth0", "_pop3._tcp.example", "xn--caf-dma.example"} {
		req := openRequest(host, nil, time.Nanosecond)
		wantFailure(t, host, invoke(t.Context(), g.conn, methodOf(t, req), req).err, failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil})
	}
}

func openRequest(host string, port *uint32, timeout time.Duration) *pb.OpenSessionRequest {
	server := &pb.Server{Host: host, Port: port}
	if timeout != 0 {
		server.IoTimeout = durationpb.New(timeout)
	}
	return &pb.OpenSessionRequest{Server: server}
}

// manyPins are as many faults as an answer holds.
func manyPins() []string {
	var fields []string
	for i := range maxViolations {
		fields = append(fields, fmt.Sprintf("tls.public_key_sha256[%d]", i))
	}
	slices.Sort(fields)
	return fields
}

// Arguments are looked at before the target, the unsafe flags and the drain.
func TestArgumentsComeFirst(t *testing.T) {
	g := newGateway(t, func(c *Config) { c.dial = nil })
	g.registry.drain()
	req := openRequest("127.0.0.1", new(uint32(0)), 0)
	req.Server.Tls = &pb.TlsOptions{InsecureSkipVerify: true}
	_, err := g.OpenSession(t.Context(), req)
	wantFailure(t, "port 0", err, failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil})
	req.Server.Port = new(uint32(22))
	_, err = g.OpenSession(t.Context(), req)
	wantFailure(t, "unverified TLS", err, failure{codes.FailedPrecondition, "TLS_REQUIRED", nil})
	req.Server.Tls = nil
	_, err = g.OpenSession(t.Context(), req)
	wantFailure(t, "drain", err, drains)
}
