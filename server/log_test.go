package server

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// TestLog: a call is a line, with its method, its code and the reason of its error.
func TestLog(t *testing.T) {
	m, log := newMailbox(t, 1), &journal{}
	g := newGateway(t, func(c *Config) {
		m.piped(c)
		log.into(c)
	})
	id := g.openMailbox(t)
	if _, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})); err != nil {
		t.Fatal(err)
	}
	_, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 7}))
	if err == nil {
		t.Fatal("there is no message 7")
	}
	_ = g.noop(t, "popgate.none")
	g.health(t, "") // not logged
	if err := reflect(t.Context(), g.conn, "v1"); err != nil {
		t.Fatal(err)
	}
	if _, err := g.quit(t, id); err != nil { // waits for the line before
		t.Fatal(err)
	}
	stopped := g.shutdown(0)
	<-stopped
	var got []string
	for _, entry := range log.entries(t) {
		if entry["msg"] == "dialogue" {
			continue
		}
		if entry["grpc.time_ms"] == nil {
			t.Errorf("no duration in %v", entry)
		}
		got = append(got, fmt.Sprint(entry["level"], " ", entry["grpc.service"], " ", entry["grpc.method"], " ", entry["grpc.code"], " ", entry["reason"]))
	}
	const service = " popgate.v1.Pop3Service "
	want := []string{
		"INFO" + service + "OpenSession OK <nil>", "INFO" + service + "User OK <nil>", "INFO" + service + "Pass OK <nil>",
		"INFO" + service + "Retr OK <nil>", "WARN" + service + "Retr FailedPrecondition ERROR_REASON_COMMAND_REFUSED",
		"INFO" + service + "Noop NotFound ERROR_REASON_SESSION_NOT_FOUND", "INFO" + service + "Quit OK <nil>",
	}
	// The line is written when the caller has its answer already.
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestNothingSecretInTheLog makes every call there is with canaries in every field that is secret, to servers that echo them, at the
// level of debugging, and looks for them in the log: as they are, and in what encodings they travel in.
func TestNothingSecretInTheLog(t *testing.T) {
	const secret, token, mail = "canary-Passw0rd/1", "canary-token~2", "canary-mail-3"
	log := &journal{}
	var ids []string
	for _, reply := range []string{"+OK ", "-ERR [AUTH] ", "-ERR ", "garbage "} {
		m := newMailbox(t, 0)
		m.Intercept = func(line string) (string, bool) {
			verb, arg, _ := strings.Cut(line, " ")
			switch verb {
			case "PASS", "APOP", "AUTH": // what it was sent, and what can be had from it
				decoded, _ := base64.StdEncoding.DecodeString(arg[strings.LastIndexByte(arg, ' ')+1:])
				return fmt.Sprintf("%s%s %q %s\r\n", reply, arg, decoded, base64.StdEncoding.EncodeToString([]byte(arg))), true
			case "RETR", "TOP":
				return "+OK\r\n" + mail + "\r\n.\r\n", true
			case "CAPA", "LANG":
				return "+OK\r\n.\r\n", true
			case "STLS":
				return "-ERR\r\n", true
			}
			return "+OK 1 2\r\n", true
		}
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			log.into(c)
		})
		for _, method := range sessionMethods(t) {
			id := g.openSession(t, anywhere())
			ids = append(ids, id)
			g.level(t, id, 2)
			req := requestFor(t, method, id)
			switch r := req.(type) {
			case *pb.PassRequest:
				r.Password = secret
			case *pb.ApopRequest:
				r.Secret = secret
			case *pb.AuthRequest:
				r.Credentials.Secret = &pb.Credentials_Password{Password: secret}
			case *pb.AuthExchangeRequest:
				r.InitialResponse = []byte(token)
			case *pb.StlsRequest:
				r.Tls = &pb.TlsOptions{ClientKeyPem: secret}
			case *pb.WatchDebugRequest:
				continue // it does not end
			}
			_ = invoke(t.Context(), g.conn, method, req)
			refused := proto.Clone(req) // another way that it can end
			refused.ProtoReflect().Clear(refused.ProtoReflect().Descriptor().Fields().ByName("session_id"))
			_ = invoke(t.Context(), g.conn, method, refused)
		}
		_ = g.noop(t, g.registry.newID())
		<-g.shutdown(0)
	}
	text := log.String()
	if n := strings.Count(text, `"grpc.method":"Pass"`); n != 8 {
		t.Errorf("%d lines about Pass", n)
	}
	for _, canary := range append(ids, secret, token, mail, "\x00alice\x00"+secret) {
		for kind, form := range map[string]string{
			"plain": canary, "base64": base64.RawStdEncoding.EncodeToString([]byte(canary)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(canary)),
			"hex": hex.EncodeToString([]byte(canary)), "URL": url.QueryEscape(canary), "Go": strings.Trim(fmt.Sprintf("%q", canary), `"`),
		} {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%q (%s) is in the log: %s", canary, kind, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
}
