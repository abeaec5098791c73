package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// watched is a gateway of which everything is seen that it tells.
type watched struct {
	*gateway
	mailbox    *mailbox
	log, audit *journal
	spans      *tracetest.InMemoryExporter
}

// newWatched starts a gateway in front of a mailbox.
func newWatched(t testing.TB, messages int) *watched {
	t.Helper()
	w := &watched{mailbox: newMailbox(t, messages), log: &journal{}, audit: &journal{}, spans: tracetest.NewInMemoryExporter()}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(w.spans))
	w.gateway = newGateway(t, func(c *Config) {
		w.mailbox.piped(c)
		w.log.into(c)
		c.Audit = slog.New(slog.NewJSONHandler(w.audit, nil))
		c.Tracing = provider
	})
	return w
}

// stop ends the gateway, so that all is told, and returns the lines of calls and those of the dialogue.
func (w *watched) stop(t testing.TB) (lines []map[string]any, dialogue []string) {
	t.Helper()
	<-w.shutdown(0)
	for _, entry := range w.log.entries(t) {
		if entry["msg"] == "dialogue" {
			dialogue = append(dialogue, fmt.Sprint(entry["connection"], " ", entry["target"], " ", entry["direction"], " ", entry["line"]))
		} else {
			lines = append(lines, entry)
		}
	}
	return lines, dialogue
}

// count returns the value of a counter or gauge, or the number of observations of a histogram: "name", "label=value", ….
func (w *watched) count(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	return counted(t, w.Metrics(), name, labels...)
}

// counted returns what a metric is.
func counted(t testing.TB, g prometheus.Gatherer, name string, labels ...string) float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name && hasLabels(m, labels) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return 0
}

func hasLabels(m *dto.Metric, labels []string) bool {
	for _, pair := range m.GetLabel() {
		if slices.ContainsFunc(labels, func(l string) bool { return strings.HasPrefix(l, pair.GetName()+"=") }) &&
			!slices.Contains(labels, pair.GetName()+"="+pair.GetValue()) {
			return false
		}
	}
	return true
}

// fetch reads alice's mailbox, or is refused.
func (w *watched) fetch(ctx context.Context, password string) error {
	_, err := collect(pb.NewMailboxServiceClient(w.conn).FetchMessages(ctx, &pb.FetchMessagesRequest{
		Server: anywhere(), Credentials: &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: password}},
		Selection: &pb.FetchMessagesRequest_All{All: true},
	}))
	return err
}

// TestCallFields: the line of a call has who called, what for, and how much it got; its name is the caller's, where that is sane.
func TestCallFields(t *testing.T) {
	w := newWatched(t, 3)
	named := metadata.AppendToOutgoingContext(t.Context(), requestIDHeader, "order-4711")
	resp, err := w.OpenSession(named, &pb.OpenSessionRequest{Server: anywhere()})
	if err != nil {
		t.Fatal(err)
	}
	id := resp.GetSessionId()
	w.login(t, id, "alice", password)
	for _, odd := range []string{"two words", strings.Repeat("x", 129), ""} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), requestIDHeader, odd)
		if _, err := w.Noop(ctx, &pb.NoopRequest{SessionId: id}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := collect(w.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})); err != nil {
		t.Fatal(err)
	}
	if err := w.fetch(t.Context(), password); err == nil { // the session has the maildrop
		t.Fatal("a maildrop is open twice")
	}
	lines, dialogue := w.stop(t)
	for _, line := range lines {
		method := line["grpc.method"]
		if line["target"] != "pop3.example.test" || line["caller"] != everyone || line["request_id"] == nil || line["trace_id"] == nil {
			t.Errorf("%v lacks a field: %v", method, line)
		}
		connection, octets := 1.0, line["octets"].(float64)
		if method == "FetchMessages" {
			connection = 2
		} else if octets < 3 {
			t.Errorf("%v: %v octets", method, octets)
		}
		if name := line["request_id"].(string); name != "order-4711" && len(name) != 26 || (name == "order-4711") != (method == "OpenSession") {
			t.Errorf("%v is named %q", method, name)
		}
		if line["connection"] != connection {
			t.Errorf("%v: connection %v", method, line["connection"])
		}
	}
	for _, want := range []string{
		"1 pop3.example.test sent USER alice", "1 pop3.example.test sent PASS ***", "1 pop3.example.test sent RETR 1",
		"1 pop3.example.test received +OK maildrop is open", "2 pop3.example.test sent CAPA",
	} {
		if !slices.Contains(dialogue, want) {
			t.Errorf("no %q in %q", want, dialogue)
		}
	}
	if all := strings.Join(dialogue, "\n"); strings.Contains(all, "Subject") || strings.Contains(all, "body") {
		t.Errorf("a message is in the log: %s", all)
	}
}

// TestDialogueOnlyForDebugging: no line of the dialogue is made where nobody reads it.
func TestDialogueOnlyForDebugging(t *testing.T) {
	log := &journal{}
	m := newMailbox(t, 1)
	g := newGateway(t, func(c *Config) {
		m.piped(c)
		c.Log = slog.New(slog.NewJSONHandler(log, nil))
	})
	g.openMailbox(t)
	<-g.shutdown(0)
	if text := log.String(); strings.Contains(text, "dialogue") || !strings.Contains(text, `"grpc.method":"Pass"`) {
		t.Error(text)
	}
}

// TestMetricsCount: what happened is counted where it belongs.
func TestMetricsCount(t *testing.T) {
	w := newWatched(t, 2)
	id := w.openSession(t, anywhere())
	if n := w.count(t, "pop3_sessions", "state=authorization"); n != 1 {
		t.Errorf("%v sessions before login", n)
	}
	w.login(t, id, "alice", password)
	if n := w.count(t, "pop3_sessions", "state=transaction"); n != 1 {
		t.Errorf("%v sessions after login", n)
	}
	if _, err := w.Dele(t.Context(), &pb.DeleRequest{SessionId: id, MessageNumber: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.quit(t, id); err != nil {
		t.Fatal(err)
	}
	if err := w.fetch(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	if err := w.fetch(t.Context(), "wrong"); err == nil {
		t.Fatal("a wrong password is right")
	}
	w.Reloaded(ReloadCallers, nil)
	w.Reloaded(ReloadCallers, net.ErrClosed)
	<-w.shutdown(0)
	for name, want := range map[string]float64{
		"pop3_sessions state=authorization":                              0,
		"pop3_sessions state=transaction":                                0,
		"pop3_sessions_ended_total cause=quit":                           1,
		"pop3_jobs":                                                      0,
		"pop3_connects_total result=ok":                                  3,
		"pop3_connect_duration_seconds":                                  3,
		"pop3_commands_total command=greeting result=ok":                 3,
		"pop3_commands_total command=DELE result=ok":                     1,
		"pop3_commands_total command=RETR result=ok":                     1,
		"pop3_commands_total command=PASS result=ok":                     1,
		"pop3_command_duration_seconds command=QUIT":                     1,
		"pop3_logins_total result=ok":                                    2,
		"pop3_logins_total result=login_failed":                          1,
		"pop3_commits_total outcome=committed":                           1,
		"pop3_commits_total outcome=unknown":                             0,
		"pop3_waiting_calls queue=session":                               0,
		"pop3_wait_duration_seconds queue=session":                       4,
		"pop3_wait_duration_seconds queue=mailbox":                       2,
		"pop3_reloads_total what=callers result=failed":                  1,
		"pop3_last_reload_successful what=callers":                       0,
		"pop3_draining":                                                  1,
		"grpc_server_handled_total grpc_method=OpenSession grpc_code=OK": 1,
		"grpc_server_handling_seconds grpc_method=FetchMessages":         2,
	} {
		words := strings.Fields(name)
		if got := w.count(t, words[0], words[1:]...); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if n := w.count(t, "pop3_octets_total", "direction=received"); n < 100 {
		t.Errorf("%v octets received", n)
	}
}

// series counts what a scrape returns.
func series(t testing.TB, g prometheus.Gatherer) (n int) {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		n += len(family.GetMetric())
	}
	return n
}

// TestMetricsAreBounded: neither methods that do not exist, nor hosts, users, request ids or servers' words make one more series (F14, G7).
func TestMetricsAreBounded(t *testing.T) {
	const strangers = 3000 // and 100,000 names of hosts and commands below
	w := newWatched(t, 0)
	said := "-ERR [X-0] none"
	w.mailbox.Intercept = func(line string) (string, bool) { return said + "\r\n", strings.HasPrefix(line, "USER") }
	try := func(i int) {
		ctx := metadata.AppendToOutgoingContext(t.Context(), requestIDHeader, fmt.Sprint("id-", i))
		method := fmt.Sprintf("/popgate.v1.Pop3Service/Method%d", i)
		if i%2 == 1 {
			method = fmt.Sprintf("/service%d/Noop", i)
		}
		if err := w.conn.Invoke(ctx, method, &emptypb.Empty{}, &emptypb.Empty{}); err == nil {
			t.Fatal("it exists")
		}
		if i%10 == 0 {
			said = fmt.Sprintf("-ERR [X-%d] no user %d", i, i)
			server := anywhere()
			server.Host = fmt.Sprintf("host-%d.example", i)
			id := w.openSession(t, server)
			_, _ = w.User(ctx, &pb.UserRequest{SessionId: id, Username: fmt.Sprint("user", i)})
			_, _ = w.CloseSession(ctx, &pb.CloseSessionRequest{SessionId: id})
		}
	}
	try(0)
	before := series(t, w.Metrics())
	for i := range strangers {
		try(i + 1)
	}
	o := w.registry.observer
	for i := range 100_000 {
		o.link(fmt.Sprintf("host-%d.example", i), true, nil).opened()
	}
	if after := series(t, w.Metrics()); after != before {
		t.Errorf("%d series have become %d", before, after)
	}
	if n := len(w.spans.GetSpans()); n > strangers {
		t.Errorf("%d spans", n)
	}
}

// TestSpans: a call is a span below the caller's, a command one below that of its call, and a long call has no more than it may.
func TestSpans(t *testing.T) {
	w := newWatched(t, mostSpans+20)
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", parent)
	resp, err := w.OpenSession(ctx, &pb.OpenSessionRequest{Server: anywhere()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.User(ctx, &pb.UserRequest{SessionId: resp.GetSessionId(), Username: "alice"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.quit(t, resp.GetSessionId()); err != nil {
		t.Fatal(err)
	}
	if err := w.fetch(ctx, password); err != nil {
		t.Fatal(err)
	}
	<-w.shutdown(0)
	calls, below := map[string]trace.SpanContext{}, map[trace.SpanID][]string{}
	for _, span := range w.spans.GetSpans() {
		if strings.HasPrefix(span.Name, "POP3 ") {
			below[span.Parent.SpanID()] = append(below[span.Parent.SpanID()], span.Name)
			if !slices.Contains(span.Attributes, attribute.String("server.address", "pop3.example.test")) {
				t.Errorf("%s has %v", span.Name, span.Attributes)
			}
			continue
		}
		calls[span.Name] = span.SpanContext
		if kept := span.SpanContext.TraceID().String() == "4bf92f3577b34da6a3ce929d0e0e4736"; kept != (span.Name != "popgate.v1.Pop3Service/Quit") {
			t.Errorf("%s has the trace %v", span.Name, span.SpanContext.TraceID())
		}
	}
	for name, want := range map[string][]string{
		"popgate.v1.Pop3Service/OpenSession": {"POP3 connect", "POP3 greeting"},
		"popgate.v1.Pop3Service/User":        {"POP3 USER"},
		"popgate.v1.Pop3Service/Quit":        {"POP3 QUIT"},
	} {
		if got := below[calls[name].SpanID()]; !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
	if got := below[calls["popgate.v1.MailboxService/FetchMessages"].SpanID()]; len(got) != mostSpans || !slices.Contains(got, "POP3 RETR") {
		t.Errorf("FetchMessages has %d spans of commands", len(got))
	}
}

// TestBaggage: headers of a trace are taken for what they are, or for nothing; baggage costs nothing, since nobody reads it (F13).
func TestBaggage(t *testing.T) {
	w := newWatched(t, 1)
	bomb := metadata.MD{"traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}
	for i := range 150 { // the header list ends at 8 KiB
		bomb.Append("baggage", fmt.Sprintf("k%d=v", i))
	}
	id := w.openMailbox(t)
	if _, err := w.Noop(metadata.NewOutgoingContext(t.Context(), bomb), &pb.NoopRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "00-zz", strings.Repeat("0", 4000), "00-00000000000000000000000000000000-0000000000000000-01"} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", bad, "tracestate", strings.Repeat("a=b,", 500))
		if _, err := w.Noop(ctx, &pb.NoopRequest{SessionId: id}); err != nil {
			t.Errorf("%q: %v", bad, err)
		}
	}
	// A thousand of them are more than the transport takes.
	for i := range 850 {
		bomb.Append("baggage", fmt.Sprintf("more%d=v", i))
	}
	if _, err := w.Noop(metadata.NewOutgoingContext(t.Context(), bomb), &pb.NoopRequest{SessionId: id}); err == nil {
		t.Error("a header list beyond the limit is taken")
	}
	// And if it took them, the propagator that is in place looks at none.
	carrier := propagation.HeaderCarrier{"Traceparent": {bomb.Get("traceparent")[0]}}
	extract := func() { _ = propagation.TraceContext{}.Extract(context.Background(), carrier) }
	allocations := func() float64 { // the least of some, since what else the process does meanwhile is counted too
		least := testing.AllocsPerRun(100, extract)
		for range 9 {
			least = min(least, testing.AllocsPerRun(100, extract))
		}
		return least
	}
	without := allocations()
	carrier["Baggage"] = bomb.Get("baggage")
	if with := allocations(); with != without {
		t.Errorf("%v allocations with baggage, %v without", with, without)
	}
	for _, field := range (propagation.TraceContext{}).Fields() {
		if field == "baggage" {
			t.Error("baggage is read")
		}
	}
	<-w.shutdown(0)
	if text := fmt.Sprint(w.spans.GetSpans()); strings.Contains(text, "k149") {
		t.Error("baggage is in a span")
	}
}

// TestAudit: every OpenSession, login, Dele and Quit is one event, with its end and its message, and so is each of a call of MailboxService (G8).
func TestAudit(t *testing.T) {
	w := newWatched(t, 4)
	first := w.openSession(t, anywhere())
	_, err1 := w.User(t.Context(), &pb.UserRequest{SessionId: first, Username: "alice"})
	_, err2 := w.Pass(t.Context(), &pb.PassRequest{SessionId: first, Password: "wrong"})
	if err1 != nil || err2 == nil {
		t.Fatal(err1, err2)
	}
	w.login(t, first, "alice", password)
	if _, err := w.Dele(t.Context(), &pb.DeleRequest{SessionId: first, MessageNumber: 1}); err != nil {
		t.Fatal(err)
	}
	_, err := w.Dele(t.Context(), &pb.DeleRequest{SessionId: first, MessageNumber: 0})
	if err == nil {
		t.Fatal("message 0 is deleted")
	}
	if _, err := w.Dele(t.Context(), &pb.DeleRequest{SessionId: first, MessageNumber: 99}); err == nil {
		t.Fatal("message 99 is deleted")
	}
	for range 2 {
		if _, err := w.quit(t, first); err != nil {
			t.Fatal(err)
		}
	}
	second := w.openSession(t, anywhere())
	for _, name := range []string{"Apop", "Rpop", "Auth", "AuthExchange"} {
		method := byName(t, name)
		req := requestFor(t, method, second)
		_ = invoke(t.Context(), w.conn, method, req)
	}
	if _, err := w.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: second}); err != nil {
		t.Fatal(err)
	}
	calls := 2 + 2 + 3 + 2 + 4 // open, login, dele, quit, login by other ways
	if _, err := pb.NewMailboxServiceClient(w.conn).DeleteMessages(t.Context(), &pb.DeleteMessagesRequest{
		Server: anywhere(), Credentials: &pb.Credentials{Username: "alice\n", Secret: &pb.Credentials_Password{Password: "p"}},
		Messages: []*pb.MessageToDelete{{UniqueId: "x"}},
	}); err == nil {
		t.Fatal("a line end in a name is taken")
	}
	w.mailbox.free(t)
	if err := w.fetch(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	calls += 2 // a connection and a login
	w.mailbox.free(t)
	ids := w.mailbox.drop.UniqueIDs()
	if _, err := pb.NewMailboxServiceClient(w.conn).DeleteMessages(t.Context(), &pb.DeleteMessagesRequest{
		Server: anywhere(), Credentials: alicesMailbox(), Messages: []*pb.MessageToDelete{{UniqueId: ids[2]}, {UniqueId: ids[1]}},
	}); err != nil {
		t.Fatal(err)
	}
	calls += 2 + 2 + 1 // DELE and QUIT besides
	<-w.shutdown(0)
	entries, count, messages := w.audit.entries(t), map[string]int{}, []string{}
	for _, e := range entries {
		count[fmt.Sprint(e["event"], " ", e["result"], " ", e["outcome"])]++
		if number, named := e["message_number"]; named {
			messages = append(messages, fmt.Sprint(e["event"], " ", number, " ", e["result"], " ", e["method"]))
		}
		if e["caller"] != everyone || e["target"] != "pop3.example.test" || e["request_id"] == "" || e["method"] == "" {
			if e["result"] != "INVALID_ARGUMENT" { // of which session, nobody has looked
				t.Errorf("%v lacks a field", e)
			}
		}
		if e["event"] == "login" && e["user"] != "alice" && e["method"] != "popgate.v1.Pop3Service/AuthExchange" {
			t.Errorf("%v has no user", e)
		}
	}
	if len(entries) != calls {
		t.Errorf("%d events, want %d: %v", len(entries), calls, count)
	}
	for what, want := range map[string]int{
		"open OK <nil>": 4, "login OK <nil>": 4, "dele OK <nil>": 3, "dele INVALID_ARGUMENT <nil>": 1, "quit OK COMMITTED": 3,
	} {
		if count[what] != want {
			t.Errorf("%d times %s, want %d", count[what], what, want)
		}
	}
	slices.Sort(messages) // in which order the call marks them is its own affair
	if want := []string{
		"dele 1 OK popgate.v1.Pop3Service/Dele", "dele 2 OK popgate.v1.MailboxService/DeleteMessages",
		"dele 3 OK popgate.v1.MailboxService/DeleteMessages", "dele 99 COMMAND_REFUSED popgate.v1.Pop3Service/Dele",
	}; !slices.Equal(messages, want) {
		t.Errorf("events of messages: %q, want %q", messages, want)
	}
	if strings.Contains(w.audit.String(), first) || strings.Contains(w.audit.String(), password) {
		t.Error("a secret is in the audit log")
	}
}
