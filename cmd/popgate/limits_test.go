package main

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestLoginsPerSecond: the flag reaches the gateway. One login in 1,000 seconds leaves none for a second call.
func TestLoginsPerSecond(t *testing.T) {
	for flag, want := range map[string]codes.Code{"0.001": codes.DeadlineExceeded, "0": codes.OK} {
		t.Run(flag, func(t *testing.T) {
			srv := mailbox(t, pop3test.NewMaildrop(""))
			gateway := serves(t, append(towards(srv), "--logins-per-second", flag)...)
			mailboxes := pb.NewMailboxServiceClient(connect(t, gateway.address))
			call := func(limit time.Duration) error {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				_, err := mailboxes.DeleteMessages(ctx, &pb.DeleteMessagesRequest{
					Server:      opening(srv).GetServer(),
					Credentials: &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: password}},
					Messages:    []*pb.MessageToDelete{{UniqueId: "none"}},
				})
				return err
			}
			if err := call(time.Minute); err != nil {
				t.Fatal(err)
			}
			limit := time.Minute
			if want != codes.OK {
				limit = 200 * time.Millisecond
			}
			got := status.Code(call(limit))
			if got == codes.ResourceExhausted { // the gateway's answer was faster than the caller's own clock
				got = codes.DeadlineExceeded
			}
			if got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}
