package server

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

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

// TestCanaries makes every call there is with canaries in every field that is secret, to servers that echo them, at the level of
// debugging, and looks for them, for what was computed of them, for mail and for session ids in all that is told: the log, the audit log,
// spans, metrics and errors, as they are and in what encodings they travel in (G1, G4, G6).
func TestCanaries(t *testing.T) {
	const secret, token, mail = "canary-Passw0rd/1", "canary-token~2", "canary-mail-3"
	log, audit, spans := &journal{}, &journal{}, tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	var ids, computed, errors []string
	var metrics strings.Builder
	for _, reply := range []string{"+OK ", "-ERR [AUTH] ", "-ERR ", "garbage "} {
		m := newMailbox(t, 0)
		m.Intercept = func(line string) (string, bool) {
			verb, arg, _ := strings.Cut(line, " ")
			switch verb {
			case "PASS", "APOP", "AUTH": // what it was sent, and what can be had from it
				if words := strings.Fields(line); verb != "PASS" && len(words) == 3 {
					computed = append(computed, words[2])
				}
				decoded, _ := base64.StdEncoding.DecodeString(arg[strings.LastIndexByte(arg, ' ')+1:])
				return fmt.Sprintf("%s%s %q %s\r\n", reply, arg, decoded, base64.StdEncoding.EncodeToString([]byte(arg))), true
			case "RETR", "TOP":
				return "+OK\r\n" + mail + "\r\n.\r\n", true
			case "CAPA":
				return "+OK\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n", true
			case "LANG":
				return "+OK\r\n.\r\n", true
			case "LIST", "UIDL":
				return map[bool]string{false: "+OK 1 20\r\n", true: "+OK\r\n1 20\r\n.\r\n"}[arg == ""], true
			case "STLS":
				return "-ERR\r\n", true
			}
			return "+OK 1 2\r\n", true
		}
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			log.into(c)
			c.Audit = slog.New(slog.NewJSONHandler(audit, nil))
			c.Tracing = provider
		})
		keep := func(o outcome) {
			if o.err != nil {
				errors = append(errors, fmt.Sprint(o.err, o.trailer, infoOf(o.err)))
			}
		}
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
			keep(invoke(t.Context(), g.conn, method, req))
			refused := proto.Clone(req) // another way that it can end
			refused.ProtoReflect().Clear(refused.ProtoReflect().Descriptor().Fields().ByName("session_id"))
			keep(invoke(t.Context(), g.conn, method, refused))
		}
		jobs := pb.File_popgate_v1_mailbox_service_proto.Services().ByName("MailboxService").Methods()
		for i := range jobs.Len() {
			for _, mechanism := range []string{"", "USER", "APOP", "PLAIN", "LOGIN"} {
				credentials := &pb.Credentials{Username: "alice", Mechanism: mechanism, Secret: &pb.Credentials_Password{Password: secret}}
				keep(invoke(t.Context(), g.conn, jobs.Get(i), jobFor(t, jobs.Get(i), credentials)))
			}
			credentials := &pb.Credentials{Username: "alice", Secret: &pb.Credentials_AccessToken{AccessToken: token}}
			keep(invoke(t.Context(), g.conn, jobs.Get(i), jobFor(t, jobs.Get(i), credentials)))
		}
		_ = g.noop(t, g.registry.newID())
		<-g.shutdown(0)
		families, err := g.Metrics().Gather()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(&metrics, families)
	}
	if n := strings.Count(log.String(), `"grpc.method":"Pass"`); n != 8 {
		t.Errorf("%d lines about Pass", n)
	}
	for what, text := range map[string]string{
		"the log": log.String(), "the audit log": audit.String(), "a span": fmt.Sprintf("%+v", spans.GetSpans()), "the metrics": metrics.String(),
		"an error": strings.Join(errors, "\n"),
	} {
		if len(text) < 1000 {
			t.Errorf("%s: only %q", what, text)
		}
		wantNoCanary(t, what, text, slices.Concat(ids, computed, []string{secret, token, mail, "\x00alice\x00" + secret})...)
	}
	if len(computed) < 20 || !strings.Contains(log.String(), `"line":"APOP alice ***"`) {
		t.Errorf("computed %d", len(computed))
	}
}

// jobFor makes a request of MailboxService.
func jobFor(t testing.TB, method protoreflect.MethodDescriptor, credentials *pb.Credentials) proto.Message {
	t.Helper()
	fetch := &pb.FetchMessagesRequest{Server: anywhere(), Credentials: credentials, Selection: &pb.FetchMessagesRequest_All{All: true}}
	if method.Name() == "FetchMessages" {
		return fetch
	}
	if method.Name() == "CollectMessages" {
		return &pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Open{Open: &pb.CollectOpen{Fetch: fetch}}}
	}
	m := typed(t, method.Input())
	for name, value := range map[protoreflect.Name]proto.Message{"server": anywhere(), "credentials": credentials} {
		m.ProtoReflect().Set(m.ProtoReflect().Descriptor().Fields().ByName(name), protoreflect.ValueOfMessage(value.ProtoReflect()))
	}
	if r, ok := m.(*pb.DeleteMessagesRequest); ok {
		r.Messages = []*pb.MessageToDelete{{UniqueId: "x"}}
	}
	return m
}

// wantNoCanary looks for canaries in a text, in every form.
func wantNoCanary(t testing.TB, what, text string, canaries ...string) {
	t.Helper()
	for _, canary := range canaries {
		for kind, form := range map[string]string{
			"plain": canary, "base64": base64.RawStdEncoding.EncodeToString([]byte(canary)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(canary)),
			"hex": hex.EncodeToString([]byte(canary)), "URL": url.QueryEscape(canary), "Go": strings.Trim(fmt.Sprintf("%q", canary), `"`),
		} {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%q (%s) is in %s: %s", canary, kind, what, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
}
