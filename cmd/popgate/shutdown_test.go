package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// draining is a gateway with a session that has marked a message, after a first signal.
type draining struct {
	*process
	mailbox *pop3test.Server
	drop    *pop3test.Maildrop
	client  pb.Pop3ServiceClient
	health  healthpb.HealthClient
	session string
}

// drain starts a gateway, opens a session, and sends a signal to the gateway.
func drain(t *testing.T, sig os.Signal, limit time.Duration) draining {
	t.Helper()
	d := draining{drop: pop3test.SampleMaildrop()}
	d.mailbox = mailbox(t, d.drop)
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--drain", limit.String()}, towards(d.mailbox)...)
	d.process = start(t, "popgate", args...)
	conn := connect(t, d.address())
	d.client, d.health = pb.NewPop3ServiceClient(conn), healthpb.NewHealthClient(conn)
	d.session = login(t, d.client, d.mailbox)
	if _, err := d.client.Dele(t.Context(), &pb.DeleRequest{SessionId: d.session, MessageNumber: 1}); err != nil {
		t.Fatal(err)
	}
	d.signal(sig)
	d.stderr.waitFor(t, "draining")
	return d
}

// untouched fails the test if anything was committed.
func (d draining) untouched(t *testing.T) {
	t.Helper()
	eventually(t, func() error {
		if d.drop.InUse() {
			return errors.New("the connection to the POP3 server is still open")
		}
		return nil
	})
	if slices.Contains(d.mailbox.Commands(), "QUIT") {
		t.Error("the gateway sent QUIT")
	}
	if n := len(d.drop.Snapshot()); n != 5 {
		t.Errorf("%d of 5 messages are left", n)
	}
}

// closed fails the test unless the process ended well.
func (d draining) closed(t *testing.T) {
	t.Helper()
	if state := d.wait(); state.ExitCode() != 0 {
		t.Errorf("%s, want status 0:\n%s", state, &d.stderr)
	}
	d.stderr.waitFor(t, "stopped")
}

func TestShutdownDrains(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(sig.String(), func(t *testing.T) {
			d := drain(t, sig, time.Hour)
			eventually(t, func() error { return d.notServing(t.Context()) })
			eventually(t, func() error { return d.lettingNobodyIn(t.Context()) })
			if _, err := d.client.Stat(t.Context(), &pb.StatRequest{SessionId: d.session}); err != nil {
				t.Errorf("Stat of an open session while draining: %v", err)
			}
			if _, err := d.client.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: d.session}); err != nil {
				t.Error(err)
			}
			d.closed(t) // long before the hour is over
			d.untouched(t)
		})
	}
}

// notServing returns an error as long as the gateway calls itself SERVING.
func (d draining) notServing(ctx context.Context) error {
	resp, err := d.health.Check(ctx, &healthpb.HealthCheckRequest{})
	if err == nil && resp.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
		err = fmt.Errorf("health while draining: %s", resp.GetStatus())
	}
	return err
}

// lettingNobodyIn returns an error as long as a new session is let in, which is so for a moment after health has turned.
func (d draining) lettingNobodyIn(ctx context.Context) error {
	opened, err := d.client.OpenSession(ctx, opening(d.mailbox))
	if status.Code(err) == codes.Unavailable {
		return nil
	}
	_, errClose := d.client.CloseSession(ctx, &pb.CloseSessionRequest{SessionId: opened.GetSessionId()})
	return fmt.Errorf("OpenSession while draining: %v, want UNAVAILABLE; CloseSession: %v", err, errClose) //nolint:errorlint // they may be nil
}

func TestShutdownHasALimit(t *testing.T) {
	d := drain(t, syscall.SIGTERM, 100*time.Millisecond)
	d.closed(t)
	d.untouched(t)
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	d := drain(t, syscall.SIGTERM, time.Hour)
	d.signal(syscall.SIGTERM)
	if state := d.wait(); state.ExitCode() == 0 {
		t.Errorf("%s, want the signal's end", state)
	}
	d.untouched(t)
}

func TestQuitIsTheCallersWord(t *testing.T) {
	d := drain(t, syscall.SIGTERM, time.Hour)
	quit, err := d.client.Quit(t.Context(), &pb.QuitRequest{SessionId: d.session})
	if err != nil || quit.GetOutcome() != pb.CommitOutcome_COMMIT_OUTCOME_COMMITTED {
		t.Errorf("Quit while draining: %v, %v", quit, err)
	}
	d.closed(t)
	if n := len(d.drop.Snapshot()); n != 4 {
		t.Errorf("%d messages are left, want 4", n)
	}
}
