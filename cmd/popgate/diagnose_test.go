package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// clinic is a gateway that answers DiagnoseServer by port, and keeps what it was asked.
type clinic struct {
	pb.UnimplementedMailboxServiceServer

	reports map[uint32]*pb.DiagnoseServerResponse // a port without one is not allowed
	asked   []*pb.DiagnoseServerRequest
}

func (c *clinic) DiagnoseServer(_ context.Context, req *pb.DiagnoseServerRequest) (*pb.DiagnoseServerResponse, error) {
	c.asked = append(c.asked, req)
	if report := c.reports[serverPort(req.GetServer())]; report != nil {
		return report, nil
	}
	return nil, status.Error(codes.PermissionDenied, "not \x1b[31mallowed")
}

// serve starts the gateway and returns its address.
func (c *clinic) serve(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	pb.RegisterMailboxServiceServer(g, c)
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(listener) }()
	t.Cleanup(func() { g.Stop(); <-ended })
	return listener.Addr().String()
}

// escape is what no report may bring to a terminal.
const escape = "\x1b[31m"

// fullReport has everything in it that a report can have, and an escape sequence in every text.
func fullReport() *pb.DiagnoseServerResponse {
	no, day := false, time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	capa := &pb.CapaResponse{Capabilities: []*pb.Capability{{Line: "TOP"}, {Line: "SASL PLAIN" + escape}}}
	return &pb.DiagnoseServerResponse{
		Findings: []*pb.Diagnosis{
			{Finding: pb.Finding_FINDING_CERTIFICATE_EXPIRED, Severity: pb.Severity_SEVERITY_ERROR, Text: "long ago" + escape, Remedy: "Renew it." + escape},
			{Finding: pb.Finding_FINDING_SIZES_WRONG, Severity: pb.Severity_SEVERITY_INFO, Text: "7 and not 8", Remedy: strings.Repeat("Nothing. ", 20) + "Really."},
		},
		Attempts: []*pb.ConnectAttempt{
			{Address: "[2001:db8::1]:995" + escape, Took: durationpb.New(1234 * time.Microsecond), Cause: pb.Cause_CAUSE_REFUSED},
			{Address: "192.0.2.1:995", Begun: durationpb.New(25004 * time.Microsecond), Took: durationpb.New(1234567 * time.Microsecond)},
		},
		Greeting: "+OK hello" + escape,
		Tls: &pb.DiagnosedTls{
			State: &pb.TlsState{Version: "TLS 1.3" + escape, CipherSuite: "TLS_AES_128_GCM_SHA256"},
			Chain: []*pb.Certificate{
				{Subject: "CN=mail" + escape, Issuer: "CN=ca" + escape, Names: []string{"mail.example" + escape, "192.0.2.1"},
					NotBefore: timestamppb.New(day), NotAfter: timestamppb.New(day.AddDate(0, 0, 9)), DaysLeft: -5, Sha256: []byte{0xab, 0xcd}},
				{Subject: "CN=ca", Issuer: "CN=root", NotBefore: timestamppb.New(day), NotAfter: timestamppb.New(day.AddDate(1, 0, 0)), DaysLeft: 300, Sha256: []byte{0xef}},
			},
		},
		CapabilitiesBeforeTls: &pb.CapaResponse{}, CapabilitiesAfterTls: capa, CapabilitiesAfterLogin: capa,
		Mechanisms: []string{"PLAIN" + escape, "LOGIN"}, LoginDelay: durationpb.New(time.Minute), Expire: &pb.Expire{Days: 31},
		Maildrop: &pb.DiagnosedMaildrop{
			Messages: 3, Octets: 1234, UniqueIdsUnique: new(true), UniqueIdsStable: &no, TopHonoured: new(true), SizesTrue: &no,
		},
	}
}

// TestDiagnoseReport compares a report of everything with testdata/diagnose.golden, behind one door, and one behind another that is shut.
func TestDiagnoseReport(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	c := &clinic{reports: map[uint32]*pb.DiagnoseServerResponse{995: fullReport()}}
	var stdout, stderr bytes.Buffer
	gateway := c.serve(t)
	err := run(t.Context(), []string{"diagnose", "--gateway", gateway, "--user", "alice" + escape, "localhost"}, &stdout, &stderr)
	if exitStatus(err) != statusFound || err.Error() != "localhost:995: the worst that was found is an ERROR" || stderr.Len() > 0 {
		t.Errorf("%v, %q", err, &stderr)
	}
	golden := filepath.Join("testdata", "diagnose.golden")
	got := strings.ReplaceAll(stdout.String(), gateway, "GATEWAY")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(got, "\x1b") || strings.Contains(got, password) {
		t.Error("an escape sequence, or the password, is in the report")
	}
}

// found returns a report with one finding.
func found(f pb.Finding, s pb.Severity) *pb.DiagnoseServerResponse {
	return &pb.DiagnoseServerResponse{Findings: []*pb.Diagnosis{{Finding: f, Severity: s, Text: "text", Remedy: "remedy"}}}
}

// TestDiagnoseDoors: which doors are looked at, at which one logs in, and which one counts.
func TestDiagnoseDoors(t *testing.T) {
	read := func() *pb.DiagnoseServerResponse {
		return &pb.DiagnoseServerResponse{Maildrop: &pb.DiagnosedMaildrop{}}
	}
	silent := found(pb.Finding_FINDING_SERVER_SILENT, pb.Severity_SEVERITY_ERROR)
	closed := found(pb.Finding_FINDING_CONNECTION_REFUSED, pb.Severity_SEVERITY_ERROR)
	refused := found(pb.Finding_FINDING_LOGIN_REFUSED, pb.Severity_SEVERITY_ERROR)
	soon := found(pb.Finding_FINDING_CERTIFICATE_EXPIRES_SOON, pb.Severity_SEVERITY_WARNING)
	well := &pb.DiagnoseServerResponse{}
	tests := []struct {
		name    string
		args    string
		secure  *pb.DiagnoseServerResponse // at 995
		stls    *pb.DiagnoseServerResponse // at 110
		asked   string                     // port, mode, and who logs in
		status  int
		verdict string // end of the report
	}{
		{"nobody logs in", "localhost", well, closed, "995 IMPLICIT -, 110 STLS -", 0, "At localhost:995 one can log in, as far as can be seen without doing so.\n"},
		{"the better one", "localhost", silent, soon, "995 IMPLICIT -, 110 STLS -", 3, "At localhost:110 the mailbox can be read, but not well, or not for long: see each WARNING.\n"},
		{"both shut", "localhost", closed, closed, "995 IMPLICIT -, 110 STLS -", 4, "At localhost:995 the mailbox cannot be read, or not safely: see each ERROR.\n"},
		{"logs in at the first", "--user alice localhost", read(), well, "995 IMPLICIT alice, 110 STLS -", 0, "At localhost:995 the mailbox can be read.\n"},
		{"logs in at the second", "--user alice localhost", closed, read(), "995 IMPLICIT alice, 110 STLS alice", 0, "At localhost:110 the mailbox can be read.\n"},
		{"a wrong password is tried once", "--user alice localhost", refused, well, "995 IMPLICIT alice, 110 STLS -", 4, "see each ERROR.\n"},
		{"a scheme", "pop://alice@localhost", nil, read(), "110 STLS alice", 0, "can be read.\n"},
		{"a secure scheme", "pops://localhost", well, nil, "995 IMPLICIT -", 0, "without doing so.\n"},
		{"a port", "localhost:110", nil, soon, "110 STLS -", 3, "see each WARNING.\n"},
		{"port 995", "localhost:995", well, nil, "995 UNSPECIFIED -", 0, "without doing so.\n"},
		{"without TLS", "--unsafe-plaintext --user alice localhost", nil, read(), "110 PLAINTEXT alice", 0, "can be read.\n"},
		{"the first is not allowed", "localhost", nil, well, "995 IMPLICIT -, 110 STLS -", 0, "At localhost:110 one can log in, as far as can be seen without doing so.\n"},
		{"none is allowed", "localhost", nil, nil, "995 IMPLICIT -, 110 STLS -", 1, ""},
	}
	t.Setenv("POPGATE_PASSWORD", password)
	t.Setenv("HOME", t.TempDir()) // has no .netrc
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &clinic{reports: map[uint32]*pb.DiagnoseServerResponse{995: test.secure, 110: test.stls}}
			args := append([]string{"diagnose", "--gateway", c.serve(t)}, strings.Fields(test.args)...)
			var stdout, stderr bytes.Buffer
			err := run(t.Context(), args, &stdout, &stderr)
			if exitStatus(err) != test.status {
				t.Errorf("exit status %d, %v", exitStatus(err), err)
			}
			if !strings.HasSuffix(stdout.String(), test.verdict) {
				t.Errorf("got\n%s\nwithout %q", &stdout, test.verdict)
			}
			var asked []string
			for _, req := range c.asked {
				l := look{server: req.GetServer()}
				_, port, _ := net.SplitHostPort(l.address())
				user := req.GetCredentials().GetUsername()
				if user == "" {
					user = "-"
				}
				asked = append(asked, port+" "+strings.TrimPrefix(req.GetServer().GetTls().GetMode().String(), "TLS_MODE_")+" "+user)
			}
			if got := strings.Join(asked, ", "); got != test.asked {
				t.Errorf("asked for %q, want %q", got, test.asked)
			}
		})
	}
}

// TestDiagnoseWithoutSecret: a user without a password is told, and nobody logs in.
func TestDiagnoseWithoutSecret(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", "")
	t.Setenv("HOME", t.TempDir())
	c := &clinic{reports: map[uint32]*pb.DiagnoseServerResponse{110: {}}}
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), []string{"diagnose", "--gateway", c.serve(t), "pop://alice@localhost"}, &stdout, &stderr)
	if err != nil || c.asked[0].GetCredentials() != nil || !strings.Contains(stdout.String(), "login             none: no password: give ") {
		t.Errorf("%v, %v, %s", err, c.asked, &stdout)
	}
	err = run(t.Context(), []string{"diagnose", "--gateway", c.serve(t), "--password-file", "none", "pop://alice@localhost"}, &stdout, &stderr)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
