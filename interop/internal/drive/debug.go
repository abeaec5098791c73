package drive

import (
	"errors"
	"io"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// A Watcher is a call of WatchDebug under way.
type Watcher struct {
	call *WatchedCall
}

// Watch sets the level and begins to watch. It returns when the gateway has
// begun, too.
func (s *Session) Watch(level uint32) *Watcher {
	s.T.Helper()
	s.SetLevel(level)
	w := &Watcher{s.Begin(s.T, "WatchDebug")}
	request := &pb.WatchDebugRequest{}
	s.Name(request)
	w.call.MustSend(request)
	w.call.MustCloseSend()
	if first := w.call.MustReceive().(*pb.WatchDebugResponse); len(first.GetLines()) > 0 {
		s.T.Errorf("watching begins with %v", first)
	}
	return w
}

// SetLevel sets what is told from now on.
func (s *Session) SetLevel(level uint32) {
	s.T.Helper()
	Must[*pb.SetDebugLevelResponse](s, &pb.SetDebugLevelRequest{Level: level})
}

// Lines returns the lines up to the end of the session, each with C or S for
// the side that has sent it.
func (w *Watcher) Lines() []string {
	t := w.call.T
	t.Helper()
	sides := map[pb.DebugDirection]string{
		pb.DebugDirection_DEBUG_DIRECTION_SENT: "C: ", pb.DebugDirection_DEBUG_DIRECTION_RECEIVED: "S: ",
	}
	var lines []string
	for {
		message, err := w.call.Receive()
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
