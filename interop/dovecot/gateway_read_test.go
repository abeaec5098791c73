package dovecot_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"testing"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/seed"
)

// wireOf is the seeded message of a number as it has to arrive.
func wireOf(number int) []byte { return seed.Messages()[number-1].Wire() }

// A part is what a response to Retr and one to Top have in common.
type part interface {
	GetResponse() string
	GetData() []byte
	GetOctets() int64
	GetCrc32() uint32
	GetSha256() []byte
}

// join returns the octets of a stream whose last part, and no other, has the
// totals of what came. The status line stands in the first part alone.
func join[P part](t *testing.T, parts []P, wantSHA256 bool) []byte {
	t.Helper()
	var data []byte
	for i, p := range parts {
		data = append(data, p.GetData()...)
		if (p.GetResponse() != "") != (i == 0) {
			t.Errorf("part %d of %d has the status line %q", i+1, len(parts), p.GetResponse())
		}
		if last := i == len(parts)-1; !last && (p.GetOctets() != 0 || p.GetCrc32() != 0 || p.GetSha256() != nil) {
			t.Errorf("part %d of %d has totals", i+1, len(parts))
		}
	}
	if len(parts) == 0 {
		t.Fatal("the stream has no parts")
	}
	last := parts[len(parts)-1]
	if last.GetOctets() != int64(len(data)) || last.GetCrc32() != crc32.ChecksumIEEE(data) {
		t.Errorf("totals are %d octets, CRC-32 %08x; of what came %d and %08x",
			last.GetOctets(), last.GetCrc32(), len(data), crc32.ChecksumIEEE(data))
	}
	sum := sha256.Sum256(data)
	if wantSHA256 != bytes.Equal(last.GetSha256(), sum[:]) || !wantSHA256 && last.GetSha256() != nil {
		t.Errorf("SHA-256 is %x, of what came %x, asked for: %t", last.GetSha256(), sum, wantSHA256)
	}
	return data
}

// TestGatewayMessages retrieves every message in every mode. grpcurl, which
// makes 28 MB of JSON of the large one, gets all of them in one mode alone.
func TestGatewayMessages(t *testing.T) {
	s := loadSetup(t)
	overTransports(t, func(t *testing.T, via transport) {
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
				opened.wantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
			})
		}
	})
}

// checkMessage retrieves a message with everything that can be asked for, and
// compares it with what was seeded.
func (s *session) checkMessage(want seed.Expected) {
	s.t.Helper()
	parts := mustAll[*pb.RetrResponse](s, &pb.RetrRequest{
		MessageNumber: uint32(want.Number), MaxOctets: new(int64(want.Listed)), WantSha256: true,
	})
	data := join(s.t, parts, true)
	sum := sha256.Sum256(data)
	if len(data) != want.Octets || hex.EncodeToString(sum[:]) != want.SHA256 {
		s.t.Errorf("message %d (%s): %d octets with digest %x, want %d and %s",
			want.Number, want.Name, len(data), sum, want.Octets, want.SHA256)
	}
	for i, p := range parts {
		last := i == len(parts)-1
		if (p.SizeAgrees != nil) != last || p.GetSizeAgrees() && (!last || want.Listed != want.Octets) {
			s.t.Errorf("message %d (%s), part %d of %d: size_agrees is %v", want.Number, want.Name, i+1, len(parts), p.SizeAgrees)
		}
	}
	if got := parts[len(parts)-1].GetSizeAgrees(); got != (want.Listed == want.Octets) {
		s.t.Errorf("message %d (%s): size_agrees is %t", want.Number, want.Name, got)
	}
}

// TestGatewayRetrOptions leaves out what need not be asked for, and sets a
// limit that is one octet too low.
func TestGatewayRetrOptions(t *testing.T) {
	s := loadSetup(t)
	overTransports(t, func(t *testing.T, via transport) {
		opened := openMailbox(t, via, implicit, s.account(t, "alice"))
		bare := mustAll[*pb.RetrResponse](opened, &pb.RetrRequest{MessageNumber: 1})
		if data := join(t, bare, false); !bytes.Equal(data, wireOf(1)) || bare[len(bare)-1].SizeAgrees != nil {
			t.Errorf("message 1 is %q with size_agrees %v", data, bare[len(bare)-1].SizeAgrees)
		}
		listed := s.Messages[4].Listed
		opened.fails(&pb.RetrRequest{MessageNumber: 5, MaxOctets: new(int64(listed - 1))}, failure{
			codes.ResourceExhausted, pb.ErrorReason_ERROR_REASON_MESSAGE_TOO_LARGE,
			map[string]string{"command": "RETR", "response": fmt.Sprintf("+OK 5 %d", listed)},
		})
		opened.fails(&pb.RetrRequest{MessageNumber: 99}, noSuchMessage("RETR"))
		opened.fails(&pb.TopRequest{MessageNumber: 99}, noSuchMessage("TOP"))
		opened.fails(&pb.RetrRequest{}, failure{codes.InvalidArgument, pb.ErrorReason_ERROR_REASON_INVALID_ARGUMENT, nil})
		opened.wantStat(s.account(t, "alice"))
	})
}

// noSuchMessage is the failure of a command about message 99.
func noSuchMessage(command string) failure {
	return refusedBy(command, "-ERR There's no message 99.", pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED)
}

// TestGatewayTop retrieves the beginnings of messages.
func TestGatewayTop(t *testing.T) {
	s := loadSetup(t)
	overTransports(t, func(t *testing.T, via transport) {
		for _, m := range []mode{plaintext, implicit} {
			opened := openMailbox(t, via, m, s.account(t, "alice"))
			for _, message := range sample(via, s.Messages) {
				wire := wireOf(message.Number)
				for _, lines := range []int{0, 1, 3} {
					hash := lines > 0
					parts := mustAll[*pb.TopResponse](opened, &pb.TopRequest{
						MessageNumber: uint32(message.Number), Lines: uint32(lines), WantSha256: hash,
					})
					if got, want := join(t, parts, hash), topOf(wire, lines); !bytes.Equal(got, want) {
						t.Errorf("%s: TOP %d %d gives %.200q, want %.200q", m, message.Number, lines, got, want)
					}
				}
			}
			opened.wantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		}
	})
}

// topOf is the header of a message, the blank line, and a number of lines of
// the body.
func topOf(wire []byte, lines int) []byte {
	header, body, blank := bytes.Cut(wire, []byte("\r\n\r\n"))
	if !blank {
		return header // all there is
	}
	top := append(bytes.Clone(header), "\r\n\r\n"...)
	for range lines {
		line, rest, _ := bytes.Cut(body, []byte("\n"))
		top = append(top, body[:min(len(line)+1, len(body))]...)
		body = rest
	}
	return top
}
