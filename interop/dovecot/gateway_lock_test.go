package dovecot_test

import (
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// TestGatewayLock logs in to a maildrop that another session has open, in
// several ways at once, since Dovecot lets each wait for 10 seconds. The error
// says when to try again, and after the first session's end it works.
func TestGatewayLock(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 seconds")
	}
	t.Parallel() // beside the raw connection's test of the same
	user := loadSetup(t).account(t, "carol")
	holder := openMailbox(t, drive.Stubs{}, implicit, user)
	var waiting sync.WaitGroup
	for _, via := range []drive.Transport{drive.Stubs{}, findGrpcurl(t)} {
		for command, request := range lastRequests(user) {
			s := openSession(t, via, implicit)
			if command == "PASS" {
				drive.Must[*pb.UserResponse](s, &pb.UserRequest{Username: user.Name})
			}
			waiting.Go(func() { s.lockedOut(command, request) })
		}
	}
	waiting.Wait()
	holder.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
	openMailbox(t, drive.Stubs{}, stls, user).WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
}

// lastRequests are those that complete a login, by their commands.
func lastRequests(user account) map[string]proto.Message {
	credentials := &pb.Credentials{Username: user.Name, Secret: &pb.Credentials_Password{Password: user.Password}}
	return map[string]proto.Message{
		"PASS": &pb.PassRequest{Password: user.Password},
		"APOP": &pb.ApopRequest{Username: user.Name, Secret: user.Password},
		"AUTH": &pb.AuthRequest{Credentials: credentials},
	}
}

func (s *session) lockedOut(command string, request proto.Message) {
	_, err := s.Call(request)
	drive.WantFailure(s.T, command, err, drive.Failure{
		Code: codes.Unavailable, Reason: pb.ErrorReason_ERROR_REASON_MAILBOX_IN_USE,
		Metadata: map[string]string{
			"command": command, "responseCode": "IN-USE",
			"response": "-ERR [IN-USE] Mailbox is locked by another POP3 session.",
		},
	})
	if delay := drive.RetryDelay(err); delay <= 0 {
		s.T.Errorf("%s: RetryInfo says %v", command, delay)
	}
}
