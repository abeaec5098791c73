package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

var described = regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)

// described metrics of popgate's own, with their labels.
func ownMetrics(t testing.TB, s *Server) map[string][]string {
	t.Helper()
	found := map[string][]string{"pop3_draining": nil}
	for _, c := range append(s.registry.observer.metrics.own(), s.registry.observer.metrics.calls) {
		ch := make(chan *prometheus.Desc, 100)
		c.Describe(ch)
		close(ch)
		for d := range ch {
			m := described.FindStringSubmatch(d.String())
			if m == nil {
				t.Fatalf("cannot read %s", d)
			}
			found[m[1]] = strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' })
		}
	}
	return found
}

func document(t testing.TB, elements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{".."}, elements...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	metricRow  = regexp.MustCompile("(?m)^\\| `(pop3_\\w+)` \\|([^|]*)\\|")
	metricName = regexp.MustCompile(`\b(?:pop3|grpc_server|go|process)_[a-z_]+\b`)
	quoted     = regexp.MustCompile("`([^`]+)`")
)

// TestObservabilityIsDocumented: docs/observability.md has every metric with its labels and no other, and every field and attribute.
func TestObservabilityIsDocumented(t *testing.T) {
	doc := document(t, "docs", "observability.md")
	w := newWatched(t, 1)
	id := w.openMailbox(t)
	if _, err := w.Noop(t.Context(), &pb.NoopRequest{SessionId: "popgate.none"}); err == nil {
		t.Fatal("no such session")
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
	<-w.shutdown(0)

	rows := map[string][]string{}
	for _, row := range metricRow.FindAllStringSubmatch(doc, -1) {
		for _, label := range quoted.FindAllStringSubmatch(row[2], -1) {
			rows[row[1]] = append(rows[row[1]], label[1])
		}
		rows[row[1]] = append(rows[row[1]], "")
	}
	for name, labels := range ownMetrics(t, w.Server) {
		if strings.HasPrefix(name, "grpc_") {
			rows[name] = slices.Concat(labels, []string{""}) // their labels are the library's
			if !strings.Contains(doc, "`"+name+"`") {
				t.Errorf("%s is not documented", name)
			}
		}
		if want := slices.Concat(labels, []string{""}); !slices.Equal(rows[name], want) {
			t.Errorf("%s has the labels %q, documented are %q", name, want, rows[name])
		}
		delete(rows, name)
	}
	if len(rows) > 0 {
		t.Errorf("documented, but not there: %q", slices.Collect(maps.Keys(rows)))
	}

	words := map[string]bool{"time": true, "level": true, "msg": true} // slog's own
	for _, q := range quoted.FindAllStringSubmatch(doc, -1) {
		words[q[1]] = true
	}
	for _, entry := range append(w.log.entries(t), w.audit.entries(t)...) {
		for field := range entry {
			if !words[field] {
				t.Errorf("the field %s is not documented", field)
			}
		}
	}
	for _, span := range w.spans.GetSpans() {
		if !strings.HasPrefix(span.Name, "POP3 ") {
			continue
		}
		for _, attribute := range span.Attributes {
			if !words[string(attribute.Key)] {
				t.Errorf("the attribute %s is not documented", attribute.Key)
			}
		}
	}
	for event := range maps.Values(audited) {
		if !words[event] {
			t.Errorf("the event %s is not documented", event)
		}
	}
}

// TestDashboardAndRules: every metric that they name is there, and every label value that they compare with a gRPC code is one.
func TestDashboardAndRules(t *testing.T) {
	w := newWatched(t, 0)
	there := map[string]bool{}
	for name := range ownMetrics(t, w.Server) {
		there[name] = true
	}
	families, err := w.Metrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		there[family.GetName()] = true
	}
	dashboard := document(t, "deploy", "grafana-dashboard.json")
	if !json.Valid([]byte(dashboard)) {
		t.Error("the dashboard is no JSON")
	}
	all := 0
	for file, text := range map[string]string{"dashboard": dashboard, "rules": document(t, "deploy", "prometheus-rules.yaml")} {
		for _, name := range metricName.FindAllString(text, -1) {
			all++
			if !there[name] && !there[strings.TrimSuffix(name, "_bucket")] {
				t.Errorf("%s: there is no %s", file, name)
			}
		}
		for _, code := range regexp.MustCompile(`grpc_code!?=\\?"(\w+)`).FindAllStringSubmatch(text, -1) {
			if !isCode(code[1]) {
				t.Errorf("%s: %s is no code", file, code[1])
			}
		}
	}
	if all < 30 {
		t.Errorf("only %d names", all)
	}
	for name := range ownMetrics(t, w.Server) {
		if strings.HasPrefix(name, "pop3_") && !strings.Contains(dashboard, name) {
			t.Errorf("%s is in no panel", name)
		}
	}
}

// isCode reports whether gRPC has a code of that name.
func isCode(name string) bool {
	for code := range codes.Code(17) {
		if fmt.Sprint(code) == name {
			return true
		}
	}
	return false
}
