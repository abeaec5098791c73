package dovecot_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// A watcher is a call of WatchDebug under way.
type watcher struct {
	call *watchedCall
}

// watch sets the level and begins to watch. It returns when the gateway has
// begun, too.
func (s *session) watch(level uint32) *watcher {
	s.t.Helper()
	s.setLevel(level)
	w := &watcher{s.begin(s.t, "WatchDebug")}
	request := &pb.WatchDebugRequest{}
	s.name(request)
	w.call.mustSend(request)
	w.call.mustCloseSend()
	if first := w.call.mustReceive().(*pb.WatchDebugResponse); len(first.GetLines()) > 0 {
		s.t.Errorf("watching begins with %v", first)
	}
	return w
}

func (s *session) setLevel(level uint32) {
	s.t.Helper()
	must[*pb.SetDebugLevelResponse](s, &pb.SetDebugLevelRequest{Level: level})
}

// lines returns the lines up to the end of the session, each with C or S for
// the side that has sent it.
func (w *watcher) lines() []string {
	t := w.call.t
	t.Helper()
	sides := map[pb.DebugDirection]string{
		pb.DebugDirection_DEBUG_DIRECTION_SENT: "C: ", pb.DebugDirection_DEBUG_DIRECTION_RECEIVED: "S: ",
	}
	var lines []string
	for {
		message, err := w.call.receive()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatalf("WatchDebug: %v", err)
		}
		response := message.(*pb.WatchDebugResponse)
		if response.GetLostLines() != 0 {
			t.Errorf("%d lines are lost", response.GetLostLines())
		}
		for _, line := range response.GetLines() {
			if !line.GetTime().IsValid() {
				t.Errorf("the time of %q is %v", line.GetLine(), line.GetTime())
			}
			lines = append(lines, sides[line.GetDirection()]+line.GetLine())
		}
	}
}

// TestGatewayDebug compares a whole dialogue. The level changes on the way.
func TestGatewayDebug(t *testing.T) {
	s := loadSetup(t)
	user := s.account(t, "alice")
	overTransports(t, func(t *testing.T, via transport) {
		opened := openSession(t, via, implicit)
		w := opened.watch(2)
		opened.logIn(user)
		retr := mustAll[*pb.RetrResponse](opened, &pb.RetrRequest{MessageNumber: 1})
		opened.setLevel(1)
		opened.wantStat(user)
		mustAll[*pb.ListResponse](opened, &pb.ListRequest{MessageNumber: new(uint32(2))})
		opened.setLevel(0)
		must[*pb.NoopResponse](opened, &pb.NoopRequest{})
		opened.setLevel(1000)
		opened.wantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		want := []string{"C: USER alice", "S: +OK", "C: PASS ***", "S: +OK Logged in.", "C: RETR 1", "S: " + retr[0].GetResponse()}
		for line := range strings.SplitSeq(strings.TrimSuffix(string(wireOf(1)), "\r\n"), "\r\n") {
			want = append(want, "S: "+line)
		}
		want = append(want, "C: STAT", "C: LIST 2", "C: QUIT", "S: +OK Logging out.")
		if got := w.lines(); !slices.Equal(got, want) {
			t.Errorf("the dialogue is\n%q, want\n%q", got, want)
		}
	})
}

// TestGatewayDebugSecrets logs in by every way and looks for secrets in what
// is told about it.
func TestGatewayDebugSecrets(t *testing.T) {
	user := loadSetup(t).account(t, "alice")
	encoded := plainResponse(user.Name, user.Password)
	for _, login := range gatewayLogins {
		s := openSession(t, stubs{}, stls)
		w := s.watch(2)
		if _, err := login.logIn(s, user); err != nil {
			t.Fatalf("%s: %v", login.name, err)
		}
		s.wantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
		text := fmt.Sprintf("%q", w.lines())
		if strings.Contains(text, user.Password) || strings.Contains(text, encoded) || !strings.Contains(text, "***") {
			t.Errorf("%s: the dialogue is %s", login.name, text)
		}
	}
}
