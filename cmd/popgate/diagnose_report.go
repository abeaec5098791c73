package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Columns of a report.
const (
	reportWidth  = 120 // where it goes to no terminal
	labelColumns = 18
	levelColumns = 9
)

// textDiagnosis prints reports for a person.
type textDiagnosis struct {
	w     io.Writer
	width int

	b strings.Builder // of one look
}

func newTextDiagnosis(w io.Writer) *textDiagnosis {
	width := terminal.Width(w)
	if width == 0 {
		width = reportWidth
	}
	return &textDiagnosis{w: w, width: width}
}

// flush prints what is ready.
func (t *textDiagnosis) flush() error {
	_, err := io.WriteString(t.w, t.b.String())
	t.b.Reset()
	return err
}

// row prints a text behind a label. A text that is too long goes on below its begin.
func (t *textDiagnosis) row(columns int, label, text string) {
	const margin = "    "
	for i, line := range terminal.Wrap(terminal.Plain(text), t.width-len(margin)-columns) {
		if i > 0 {
			label = ""
		}
		t.b.WriteString(margin + terminal.Fit(label, columns) + line + "\n")
	}
}

// fact prints a row of a list.
func (t *textDiagnosis) fact(label, text string) {
	if text != "" {
		t.row(labelColumns, label, text)
	}
}

var modeTexts = map[pb.TlsMode]string{
	pb.TlsMode_TLS_MODE_IMPLICIT:  "TLS from the first octet",
	pb.TlsMode_TLS_MODE_STLS:      "STLS",
	pb.TlsMode_TLS_MODE_PLAINTEXT: "without TLS",
}

func (t *textDiagnosis) look(l *look) error {
	fmt.Fprintf(&t.b, "%s, %s\n", terminal.Plain(l.address()), modeTexts[l.mode()])
	if l.err != nil {
		fmt.Fprintf(&t.b, "  Not looked at\n    %s\n\n", strings.ReplaceAll(l.err.Error(), "\n", "\n  "))
		return t.flush()
	}
	t.tried(l)
	t.found(l.report)
	t.findings(l.report.GetFindings())
	t.b.WriteString("\n")
	return t.flush()
}

// tried tells what was done.
func (t *textDiagnosis) tried(l *look) {
	t.b.WriteString("  Tried\n")
	for _, a := range l.report.GetAttempts() {
		outcome := "connected"
		if a.GetCause() != pb.Cause_CAUSE_UNSPECIFIED {
			outcome = strings.ToLower(strings.TrimPrefix(a.GetCause().String(), "CAUSE_"))
		}
		t.fact("connection", fmt.Sprintf("%s: %s, begun after %v, took %v",
			a.GetAddress(), outcome, brief(a.GetBegun().AsDuration()), brief(a.GetTook().AsDuration())))
	}
	switch {
	case l.user == "":
		t.fact("login", "none: "+l.anonymous)
	case !l.loggedIn():
		t.fact("login", "as "+l.user+": it did not come to that")
	default:
		t.fact("login", "as "+l.user)
	}
}

// brief returns a time as a person wants it.
func brief(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}

// found tells what the server is like.
func (t *textDiagnosis) found(r *pb.DiagnoseServerResponse) {
	if r.GetGreeting() == "" && r.GetTls() == nil {
		return
	}
	t.b.WriteString("  Found\n")
	t.fact("greeting", r.GetGreeting())
	t.tls(r.GetTls())
	before := ""
	for _, c := range []struct {
		label string
		capa  *pb.CapaResponse
	}{
		{"CAPA before TLS", r.GetCapabilitiesBeforeTls()}, {"CAPA with TLS", r.GetCapabilitiesAfterTls()}, {"CAPA after login", r.GetCapabilitiesAfterLogin()},
	} {
		if c.capa == nil {
			continue
		}
		lines := capabilityLines(c.capa)
		if lines == before {
			t.fact(c.label, "the same")
		} else {
			t.fact(c.label, lines)
		}
		before = lines
	}
	t.fact("mechanisms", strings.Join(r.GetMechanisms(), " "))
	if r.GetLoginDelay() != nil {
		t.fact("login delay", r.GetLoginDelay().AsDuration().String())
	}
	t.fact("expire", expireText(r.GetExpire()))
	t.maildrop(r.GetMaildrop())
}

func capabilityLines(c *pb.CapaResponse) string {
	lines := make([]string, len(c.GetCapabilities()))
	for i, capability := range c.GetCapabilities() {
		lines[i] = capability.GetLine()
	}
	if len(lines) == 0 {
		return "nothing"
	}
	return strings.Join(lines, "; ")
}

func expireText(e *pb.Expire) string {
	switch {
	case e == nil:
		return ""
	case e.GetNever():
		return "never"
	}
	return fmt.Sprintf("after %d days", e.GetDays())
}

func (t *textDiagnosis) tls(tls *pb.DiagnosedTls) {
	if tls == nil {
		return
	}
	verified := "verified"
	if !tls.GetState().GetVerified() {
		verified = "not verified"
	}
	state := []string{verified}
	for _, part := range []string{tls.GetState().GetCipherSuite(), tls.GetState().GetVersion()} {
		if part != "" {
			state = append([]string{part}, state...)
		}
	}
	t.fact("TLS", strings.Join(state, ", "))
	label := "certificate"
	for _, c := range tls.GetChain() {
		names := ""
		if len(c.GetNames()) > 0 { // a CA has none
			names = ", for " + strings.Join(c.GetNames(), ", ")
		}
		t.fact(label, fmt.Sprintf("%s%s, signed by %s", c.GetSubject(), names, c.GetIssuer()))
		t.fact("", fmt.Sprintf("valid from %s to %s: %s", day(c.GetNotBefore()), day(c.GetNotAfter()), daysLeft(c.GetDaysLeft())))
		t.fact("", "SHA-256 "+hex.EncodeToString(c.GetSha256()))
		label = "signed by"
	}
}

func day(t *timestamppb.Timestamp) string { return t.AsTime().Format(time.DateOnly) }

func daysLeft(days int32) string {
	if days < 0 {
		return "it has expired"
	}
	return fmt.Sprintf("%d days are left", days)
}

func (t *textDiagnosis) maildrop(m *pb.DiagnosedMaildrop) {
	if m == nil {
		return
	}
	t.fact("maildrop", fmt.Sprintf("%d messages, %d octets by LIST", m.GetMessages(), m.GetOctets()))
	for _, q := range []struct {
		label   string
		answer  *bool
		yes, no string
	}{
		{label: "unique-ids", answer: m.UniqueIdsUnique, yes: "each message has one of its own", no: "some are missing, or shared"},
		{label: "next login", answer: m.UniqueIdsStable, yes: "lists the same unique-ids", no: "lists other unique-ids"},
		{label: "TOP", answer: m.TopHonoured, yes: "sends as much of a body as it is asked for", no: "sends more of a body than it is asked for"},
		{label: "sizes", answer: m.SizesTrue, yes: "are true, in a sample", no: "are wrong"},
		{label: "pipelining", answer: m.PipeliningTrue, yes: "works, with TOP and LIST", no: "does not work"},
	} {
		switch {
		case q.answer == nil:
			t.fact(q.label, "not found out")
		case *q.answer:
			t.fact(q.label, q.yes)
		default:
			t.fact(q.label, q.no)
		}
	}
}

func (t *textDiagnosis) findings(list []*pb.Diagnosis) {
	if len(list) == 0 {
		t.b.WriteString("  Nothing is wrong\n")
		return
	}
	t.b.WriteString("  What is wrong, or worth knowing\n")
	for _, d := range list {
		t.row(levelColumns, severityName(d.GetSeverity()), strings.TrimPrefix(d.GetFinding().String(), "FINDING_")+": "+d.GetText())
		t.row(levelColumns, "", "What to do: "+d.GetRemedy())
	}
}

func severityName(s pb.Severity) string { return strings.TrimPrefix(s.String(), "SEVERITY_") }

func (t *textDiagnosis) verdict(l *look) error {
	at := terminal.Plain(l.address())
	switch severity := l.severity(); {
	case severity == pb.Severity_SEVERITY_ERROR:
		fmt.Fprintf(&t.b, "At %s the mailbox cannot be read, or not safely: see each ERROR.\n", at)
	case severity == pb.Severity_SEVERITY_WARNING:
		fmt.Fprintf(&t.b, "At %s the mailbox can be read, but not well, or not for long: see each WARNING.\n", at)
	case l.loggedIn():
		fmt.Fprintf(&t.b, "At %s the mailbox can be read.\n", at)
	default:
		fmt.Fprintf(&t.b, "At %s one can log in, as far as can be seen without doing so.\n", at)
	}
	return t.flush()
}
