//go:build linux

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestAuditFullDisk: calls go on where the disk of the audit log is full; the metric has every event, and the log one line of the first.
func TestAuditFullDisk(t *testing.T) {
	srv := mailbox(t, pop3test.SampleMaildrop())
	p := start(t, "popgate", append([]string{"serve", "--listen", "127.0.0.1:0", "--drain", "0s", "--admin-listen", "127.0.0.1:0", "--audit-log", "/dev/full"}, towards(srv)...)...)
	client := pb.NewPop3ServiceClient(connect(t, p.address()))
	begin := time.Now()
	id := login(t, client, srv) // two events
	if _, err := client.Quit(t.Context(), &pb.QuitRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
	if _, metrics := page(t, p.stderr.waitFor(t, adminAt), "/metrics"); !strings.Contains(metrics, "\npop3_audit_write_errors_total 3\n") {
		t.Errorf("three events are lost, and counted are\n%s", metrics)
	}
	p.signal(syscall.SIGHUP) // there is nothing to open anew
	p.stderr.waitFor(t, "SIGHUP: reading the files anew")
	open(t, client, srv)
	p.signal(syscall.SIGTERM)
	if state := p.wait(); state.ExitCode() != 0 {
		t.Errorf("%s:\n%s", state, &p.stderr)
	}
	const lost = `level=ERROR msg="events are lost: the audit log could not be written" events=1 error="write /dev/full: no space left on device"`
	most := 1 + int(time.Since(begin)/time.Minute)
	if told := strings.Count(p.stderr.String(), "events are lost"); told > most || !strings.Contains(p.stderr.String(), lost) {
		t.Errorf("told %d times of lost events:\n%s", told, &p.stderr)
	}
}
