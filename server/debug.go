package server

import (
	"context"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

const (
	// maxWatchers is how many may watch one session: each one's backlog costs memory.
	maxWatchers = 16
	// watchBacklog is how many lines a watcher may be behind before it loses some.
	watchBacklog = 4096
	// watchBatch is how many lines one stream message holds: with 1,024 octets each, escaped, it stays below gRPC's 4 MiB.
	watchBatch = 500
)

// SetDebugLevel implements popgate.v1.Pop3Service.
func (s *service) SetDebugLevel(ctx context.Context, req *pb.SetDebugLevelRequest) (*pb.SetDebugLevelResponse, error) {
	session := sessionOf(ctx)
	if err := session.alive(); err != nil {
		return nil, err
	}
	level := int(min(req.GetLevel(), 2)) // as poplib's set_debuglevel: 1 commands, 2 all lines
	if level == 2 {
		level = pop3.TraceLines
	}
	session.link.watch(level)
	return &pb.SetDebugLevelResponse{}, nil
}

// WatchDebug implements popgate.v1.Pop3Service.
func (s *service) WatchDebug(_ *pb.WatchDebugRequest, stream grpc.ServerStreamingServer[pb.WatchDebugResponse]) error {
	session := sessionOf(stream.Context())
	if err := session.alive(); err != nil {
		return err
	}
	w, err := session.watchers.join()
	if err != nil {
		return err
	}
	defer session.watchers.leave(w)
	if err := stream.Send(&pb.WatchDebugResponse{}); err != nil {
		return err
	}
	for {
		select {
		case e := <-w.events:
			if err := stream.Send(w.batch(e)); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-session.done:
			return w.rest(stream)
		}
	}
}

// watchers are those who watch one session.
type watchers struct {
	mu  sync.Mutex
	set map[*watcher]struct{}
}

// watcher takes the lines of a session. It never makes the session wait.
type watcher struct {
	events chan pop3.Event
	lost   atomic.Int64
}

func (ws *watchers) join() (*watcher, error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if len(ws.set) == maxWatchers {
		return nil, quotaExceeded("session", "too many watch this session")
	}
	if ws.set == nil {
		ws.set = map[*watcher]struct{}{}
	}
	w := &watcher{events: make(chan pop3.Event, watchBacklog)}
	ws.set[w] = struct{}{}
	return w, nil
}

func (ws *watchers) leave(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.set, w)
}

// tell gives a line to each watcher that has room for it.
func (ws *watchers) tell(e pop3.Event) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.set {
		select {
		case w.events <- e:
		default:
			w.lost.Add(1)
		}
	}
}

// batch returns a line and those that wait behind it.
func (w *watcher) batch(e pop3.Event) *pb.WatchDebugResponse {
	resp := &pb.WatchDebugResponse{Lines: []*pb.DebugLine{debugLine(e)}}
	for len(resp.GetLines()) < watchBatch {
		select {
		case e := <-w.events:
			resp.Lines = append(resp.Lines, debugLine(e))
			continue
		default:
		}
		break
	}
	resp.LostLines = w.lost.Load()
	return resp
}

// rest sends what is left when the session has ended.
func (w *watcher) rest(stream grpc.ServerStreamingServer[pb.WatchDebugResponse]) error {
	for {
		select {
		case e := <-w.events:
			if err := stream.Send(w.batch(e)); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func debugLine(e pop3.Event) *pb.DebugLine {
	direction := pb.DebugDirection_DEBUG_DIRECTION_RECEIVED
	if e.Sent {
		direction = pb.DebugDirection_DEBUG_DIRECTION_SENT
	}
	return &pb.DebugLine{Time: timestamppb.New(e.Time), Direction: direction, Line: escape(e.Line)}
}
