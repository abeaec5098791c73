package server

import (
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// initialIs is a mechanism that wants one initial response, from either form of AUTH. What it refuses it explains by a challenge.
func initialIs(want, reason string) pop3test.Mechanism {
	return func(x *pop3test.Exchange) (string, error) {
		got, ok := x.Initial()
		if !ok {
			var err error
			if got, err = x.Challenge(nil); err != nil {
				return "", err
			}
		}
		if string(got) == want {
			return "alice", nil
		}
		if _, err := x.Challenge([]byte(reason)); err != nil {
			return "", err
		}
		return "", errors.New("token refused")
	}
}

// TestAuthSecrets logs in by each kind of secret of Credentials.
func TestAuthSecrets(t *testing.T) {
	m := newMailbox(t, 0)
	m.Mechanisms = map[string]pop3test.Mechanism{
		"OAUTHBEARER": initialIs("n,a=alice,\x01auth=Bearer t0ken\x01\x01", `{"status":"invalid_token"}`),
		"EXTERNAL":    initialIs("bob", ""),
		"ANONYMOUS":   initialIs("somebody", ""),
	}
	g := newGateway(t, m.piped)
	for name, tt := range map[string]struct {
		credentials *pb.Credentials
		mechanism   string
	}{
		"password":  {&pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: password}}, "PLAIN"},
		"token":     {&pb.Credentials{Username: "alice", Secret: &pb.Credentials_AccessToken{AccessToken: "t0ken"}}, "OAUTHBEARER"},
		"external":  {&pb.Credentials{AuthorizationIdentity: "bob", Secret: &pb.Credentials_External{External: true}}, "EXTERNAL"},
		"anonymous": {&pb.Credentials{Username: "somebody", Mechanism: "anonymous"}, "ANONYMOUS"},
	} {
		t.Run(name, func(t *testing.T) {
			id := g.openSession(t, anywhere())
			resp, err := g.Auth(t.Context(), &pb.AuthRequest{SessionId: id, Credentials: tt.credentials})
			if err != nil || resp.GetMechanism() != tt.mechanism || !strings.HasPrefix(resp.GetResponse(), "+OK") {
				t.Fatalf("%v, %v", resp, err)
			}
			if err := g.noop(t, id); err != nil {
				t.Error(err)
			}
			if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
				t.Error(err)
			}
			m.free(t)
		})
	}
}

// TestRefusedToken: the error holds what the server had against a token, and never the token.
func TestRefusedToken(t *testing.T) {
	m := newMailbox(t, 0)
	m.Mechanisms = map[string]pop3test.Mechanism{
		"XOAUTH2": initialIs("", `{"status":"400","schemes":"Bearer","scope":"mail","token":"hunter2"}`+"\x1b"),
	}
	g := newGateway(t, m.piped)
	id := g.openSession(t, anywhere())
	_, err := g.Auth(t.Context(), &pb.AuthRequest{SessionId: id, Credentials: &pb.Credentials{
		Username: "alice", Secret: &pb.Credentials_AccessToken{AccessToken: "hunter2"},
	}})
	wantFailure(t, "Auth", err, failure{codes.PermissionDenied, "LOGIN_FAILED", map[string]string{
		"command": "AUTH", "response": "-ERR [AUTH] token refused", "responseCode": "AUTH", "certain": "true",
		"challenge": `{"status":"400","schemes":"Bearer","scope":"mail","token":"***"}\x1b`,
	}})
}

// TestCapaExtensions: the typed fields say what the lines say.
func TestCapaExtensions(t *testing.T) {
	m := newMailbox(t, 0)
	m.answer(map[string]string{"CAPA": "+OK\r\nTOP\r\nUIDL\r\nUSER\r\nSTLS\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nUTF8 USER\r\nLANG\r\n" +
		"SASL PLAIN X\xff\r\nLOGIN-DELAY 10 USER\r\nEXPIRE 0 USER\r\nIMPLEMENTATION Caf\xe9 1\r\n."})
	g := newGateway(t, m.piped)
	resp, err := g.Capa(t.Context(), &pb.CapaRequest{SessionId: g.openSession(t, anywhere())})
	if err != nil {
		t.Fatal(err)
	}
	want := &pb.Extensions{
		Top: true, Uidl: true, User: true, Stls: true, RespCodes: true, AuthRespCode: true, Pipelining: true, Utf8: true, Utf8User: true,
		Lang: true, SaslMechanisms: []string{"PLAIN", `X\xff`}, LoginDelay: durationpb.New(10 * time.Second), LoginDelayByUser: true,
		Expire: &pb.Expire{ByUser: true}, Implementation: `Caf\xe9 1`,
	}
	if !proto.Equal(resp.GetExtensions(), want) {
		t.Errorf("%v, want %v", resp.GetExtensions(), want)
	}
}
