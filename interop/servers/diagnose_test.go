package servers_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/popgate/popgate/interop/internal/drive"
)

// A diagnosis is what popgate diagnose has to find, in the order of its
// report: told beforehand, from what is known of the server. In plaintext it is
// asked only of a server that stays locked where TLS ends without QUIT: nobody
// logs in there in TLS.
type diagnosis struct {
	implicit, stls, plaintext string
	why                       string
}

// diagnoses are those of every server. A server whose CAPA lists USER or PLAIN
// before TLS has PLAINTEXT_LOGIN.
var diagnoses = map[string]diagnosis{
	"dovecot":   {"", "PLAINTEXT_LOGIN", "", "nothing is wrong with it"},
	"dovecot24": {"", "PLAINTEXT_LOGIN", "", "nothing is wrong with it"},
	"courier":   {"", "PLAINTEXT_LOGIN", "", "its LOGIN-DELAY of 10 seconds is short enough to be waited out"},
	"mailutils": {"SIZES_WRONG", "PLAINTEXT_LOGIN SIZES_WRONG", "", "LIST counts before it adds the header fields that it keeps its state in"},
	"popa3d":    {"CAPA_MISSING", "STLS_MISSING CAPA_MISSING", "", "neither CAPA nor STLS; TLS is stunnel's"},
	"solid":     {"CAPA_MISSING", "STLS_MISSING CAPA_MISSING", "", "neither CAPA nor STLS; TLS is stunnel's"},
	"mailfront": {"SIZES_WRONG", "STLS_MISSING PLAINTEXT_LOGIN", "", "LIST counts the octets of files whose lines end in LF; no STLS"},
	"perdition": {"", "PLAINTEXT_LOGIN", "", "behind it is Dovecot, whose CAPA comes after login"},
	"stunnel":   {"CAPA_MISSING", "", "", "it lists STLS itself and nothing else; popa3d, behind TLS, has no CAPA"},
	"tcllib": {
		"", "STLS_MISSING PLAINTEXT_LOGIN", "STLS_MISSING UIDL_MISSING TOP_IGNORES_COUNT PLAINTEXT_LOGIN SIZES_WRONG",
		"no UIDL and no STLS; TOP sends the whole body; LIST does not count what MIME adds. What it does to RETRs that are sent ahead, TOP does not show",
	},
}

// checkDiagnosis has popgate diagnose look at both ports: exactly what was told
// beforehand is found. The report is kept in interop/diagnoses, without what
// differs from run to run.
func (x *run) checkDiagnosis(t *testing.T) {
	want, ok := diagnoses[x.Server]
	if !ok {
		t.Fatalf("nothing is told of %s", x.Server)
	}
	type look struct {
		m    mode
		want string
		args []string
	}
	looks := []look{
		{implicit, want.implicit, []string{"pops://alice@" + x.POP3S}},
		{stls, want.stls, []string{"pop://alice@" + x.Plain}},
	}
	if x.locked != "" {
		looks[0].args = []string{"pops://" + x.POP3S}
		looks = append(looks, look{plaintext, want.plaintext, []string{"--unsafe-plaintext", "pop://alice@" + x.Plain}})
	}
	var kept bytes.Buffer
	kept.WriteString("# popgate diagnose, against " + x.Server + " " + x.Version + ". Expected: " + want.why + ".\n")
	for _, l := range looks {
		x.check(t, "diagnosis: popgate diagnose", l.m, func(t *testing.T) {
			report := x.diagnose(t, l.m, l.args...)
			kept.WriteString("\n" + x.steady(report))
			if got := findingsIn(report); !slices.Equal(got, strings.Fields(l.want)) {
				t.Errorf("found %q, want %q:\n%s", got, l.want, report)
			}
		})
	}
	if err := os.WriteFile(strings.TrimSuffix(x.Results, ".json")+".txt", kept.Bytes(), 0o600); err != nil {
		t.Error(err)
	}
}

// diagnose returns the report of the program. A finding is no failure.
func (x *run) diagnose(t *testing.T, m mode, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*drive.Patience)
	defer cancel()
	args = append([]string{
		"diagnose", "--gateway", x.gateways[m == plaintext].Address, "--pop3-ca", filepath.Join(x.TLS, "ca.pem"),
	}, args...)
	command := exec.CommandContext(ctx, x.Popgate, args...)
	command.Env = []string{"POPGATE_PASSWORD=" + alice.password}
	command.Stderr = os.Stderr
	report, err := command.Output()
	exit, found := errors.AsType[*exec.ExitError](err)
	if err != nil && (!found || exit.ExitCode() < 3) {
		t.Fatalf("popgate %q: %v", args, err)
	}
	if strings.Contains(string(report), alice.password) {
		t.Error("the password is in the report")
	}
	return string(report)
}

var finding = regexp.MustCompile(`(?m)^ +(?:ERROR|WARNING|INFO) +([A-Z_0-9]+): `)

// findingsIn returns the names of the findings in a report.
func findingsIn(report string) (names []string) {
	for _, match := range finding.FindAllStringSubmatch(report, -1) {
		names = append(names, match[1])
	}
	return names
}

// unsteady is what differs from run to run, and what stands in for it.
var unsteady = []struct {
	pattern *regexp.Regexp
	steady  string
}{
	{regexp.MustCompile(`(begun after|took) [0-9.]+(?:µs|ms|s)`), "$1 TIME"},
	{regexp.MustCompile(`<[^<> ]+>\n|\b[0-9a-f]{8}\n`), "STAMP\n"},
	{regexp.MustCompile(`SHA-256 [0-9a-f]{64}`), "SHA-256 DIGEST"},
	{regexp.MustCompile(`valid from \S+ to \S+: \d+ days are left`), "valid from DAY to DAY: N days are left"},
}

// steady returns a report without that.
func (x *run) steady(report string) string {
	report = strings.NewReplacer(x.POP3S, "127.0.0.1:POP3S", x.Plain, "127.0.0.1:POP3").Replace(report)
	for _, part := range unsteady {
		report = part.pattern.ReplaceAllString(report, part.steady)
	}
	return report
}
