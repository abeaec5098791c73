package dovecot_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
	"github.com/popgate/popgate/interop/internal/seed"
)

// wireOf is the seeded message of a number as it has to arrive.
func wireOf(number int) []byte { return seed.Messages()[number-1].Wire() }

// TestGatewayMessages retrieves every message in every mode. grpcurl, which
// makes 28 MB of JSON of the large one, gets all of them in one mode alone.
func TestGatewayMessages(t *testing.T) {
	s := loadSetup(t)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		for _, m := range gatewayModes {
			t.Run(string(m), func(t *testing.T) {
				opened := openMailbox(t, via, m, s.account(t, "alice"))
				messages := s.Messages
				if m != implicit {
					messages = sample(via, messages)
				}
				for _, want := range messages {
					opened.checkMessage(want)
				}
				opened.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
			})
		}
	})
}

// checkMessage retrieves a message with everything that can be asked for, and
// compares it with what was seeded.
func (s *session) checkMessage(want seed.Expected) {
	s.T.Helper()
	parts := drive.MustAll[*pb.RetrResponse](s, &pb.RetrRequest{
		MessageNumber: uint32(want.Number), MaxOctets: new(int64(want.Listed)), WantSha256: true,
	})
	data := drive.Join(s.T, parts, true)
	sum := sha256.Sum256(data)
	if len(data) != want.Octets || hex.EncodeToString(sum[:]) != want.SHA256 {
		s.T.Errorf("message %d (%s): %d octets with digest %x, want %d and %s",
			want.Number, want.Name, len(data), sum, want.Octets, want.SHA256)
	}
	for i, p := range parts {
		last := i == len(parts)-1
		if (p.SizeAgrees != nil) != last || p.GetSizeAgrees() && (!last || want.Listed != want.Octets) {
			s.T.Errorf("message %d (%s), part %d of %d: size_agrees is %v", want.Number, want.Name, i+1, len(parts), p.SizeAgrees)
		}
	}
	if got := parts[len(parts)-1].GetSizeAgrees(); got != (want.Listed == want.Octets) {
		s.T.Errorf("message %d (%s): size_agrees is %t", want.Number, want.Name, got)
	}
}

// TestGatewayRetrOptions leaves out what need not be asked for, and sets a
// limit that is one octet too low.
func TestGatewayRetrOptions(t *testing.T) {
	s := loadSetup(t)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		opened := openMailbox(t, via, implicit, s.account(t, "alice"))
		bare := drive.MustAll[*pb.RetrResponse](opened, &pb.RetrRequest{MessageNumber: 1})
		if data := drive.Join(t, bare, false); !bytes.Equal(data, wireOf(1)) || bare[len(bare)-1].SizeAgrees != nil {
			t.Errorf("message 1 is %q with size_agrees %v", data, bare[len(bare)-1].SizeAgrees)
		}
		listed := s.Messages[4].Listed
		opened.Fails(&pb.RetrRequest{MessageNumber: 5, MaxOctets: new(int64(listed - 1))}, drive.Failure{
			Code: codes.ResourceExhausted, Reason: pb.ErrorReason_ERROR_REASON_MESSAGE_TOO_LARGE,
			Metadata: map[string]string{"command": "RETR", "response": fmt.Sprintf("+OK 5 %d", listed)},
		})
		opened.Fails(&pb.RetrRequest{MessageNumber: 99}, noSuchMessage("RETR"))
		opened.Fails(&pb.TopRequest{MessageNumber: 99}, noSuchMessage("TOP"))
		opened.Fails(&pb.RetrRequest{}, drive.Failure{Code: codes.InvalidArgument, Reason: pb.ErrorReason_ERROR_REASON_INVALID_ARGUMENT})
		opened.wantStat(s.account(t, "alice"))
	})
}

// noSuchMessage is the failure of a command about message 99.
func noSuchMessage(command string) drive.Failure {
	return drive.RefusedBy(command, "-ERR There's no message 99.", pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED)
}

// TestGatewayTop retrieves the beginnings of messages.
func TestGatewayTop(t *testing.T) {
	s := loadSetup(t)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		for _, m := range []mode{plaintext, implicit} {
			opened := openMailbox(t, via, m, s.account(t, "alice"))
			for _, message := range sample(via, s.Messages) {
				wire := wireOf(message.Number)
				for _, lines := range []int{0, 1, 3} {
					hash := lines > 0
					parts := drive.MustAll[*pb.TopResponse](opened, &pb.TopRequest{
						MessageNumber: uint32(message.Number), Lines: uint32(lines), WantSha256: hash,
					})
					if got, want := drive.Join(t, parts, hash), drive.TopOf(wire, lines); !bytes.Equal(got, want) {
						t.Errorf("%s: TOP %d %d gives %.200q, want %.200q", m, message.Number, lines, got, want)
					}
				}
			}
			opened.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		}
	})
}
