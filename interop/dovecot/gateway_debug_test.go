package dovecot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// TestGatewayDebug compares a whole dialogue. The level changes on the way.
func TestGatewayDebug(t *testing.T) {
	s := loadSetup(t)
	user := s.account(t, "alice")
	overTransports(t, func(t *testing.T, via drive.Transport) {
		opened := openSession(t, via, implicit)
		w := opened.Watch(2)
		opened.logIn(user)
		retr := drive.MustAll[*pb.RetrResponse](opened, &pb.RetrRequest{MessageNumber: 1})
		opened.SetLevel(1)
		opened.wantStat(user)
		drive.MustAll[*pb.ListResponse](opened, &pb.ListRequest{MessageNumber: new(uint32(2))})
		opened.SetLevel(0)
		drive.Must[*pb.NoopResponse](opened, &pb.NoopRequest{})
		opened.SetLevel(1000)
		opened.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		want := []string{"C: USER alice", "S: +OK", "C: PASS ***", "S: +OK Logged in.", "C: RETR 1", "S: " + retr[0].GetResponse()}
		for line := range strings.SplitSeq(strings.TrimSuffix(string(wireOf(1)), "\r\n"), "\r\n") {
			if strings.HasPrefix(line, ".") {
				line = "." + line
			}
			want = append(want, "S: "+line)
		}
		want = append(want, "S: .", "C: STAT", "C: LIST 2", "C: QUIT", "S: +OK Logging out.")
		if got := w.Lines(); !slices.Equal(got, want) {
			t.Errorf("the dialogue is\n%q, want\n%q", got, want)
		}
	})
}

// TestGatewayDebugSecrets logs in by every way and looks for secrets in what
// is told about it.
func TestGatewayDebugSecrets(t *testing.T) {
	user := loadSetup(t).account(t, "alice")
	encoded := drive.PlainResponse(user.Name, user.Password)
	for _, login := range gatewayLogins {
		s := openSession(t, drive.Stubs{}, stls)
		w := s.Watch(2)
		if _, err := login.logIn(s, user); err != nil {
			t.Fatalf("%s: %v", login.name, err)
		}
		s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		text := fmt.Sprintf("%q", w.Lines())
		if strings.Contains(text, user.Password) || strings.Contains(text, encoded) || !strings.Contains(text, "***") {
			t.Errorf("%s: the dialogue is %s", login.name, text)
		}
	}
}
