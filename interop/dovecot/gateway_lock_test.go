package dovecot_test

import (
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
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
	holder := openMailbox(t, stubs{}, implicit, user)
	var waiting sync.WaitGroup
	for _, via := range []transport{stubs{}, findGrpcurl(t)} {
		for command, request := range lastRequests(user) {
			s := openSession(t, via, implicit)
			if command == "PASS" {
				must[*pb.UserResponse](s, &pb.UserRequest{Username: user.Name})
			}
			waiting.Go(func() { s.lockedOut(command, request) })
		}
	}
	waiting.Wait()
	holder.wantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
	openMailbox(t, stubs{}, stls, user).wantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
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
	_, err := s.call(request)
	wantFailure(s.t, command, err, failure{
		codes.Unavailable, pb.ErrorReason_ERROR_REASON_MAILBOX_IN_USE,
		map[string]string{
			"command": command, "responseCode": "IN-USE",
			"response": "-ERR [IN-USE] Mailbox is locked by another POP3 session.",
		},
	})
	if delay := retryDelay(err); delay <= 0 {
		s.t.Errorf("%s: RetryInfo says %v", command, delay)
	}
}
