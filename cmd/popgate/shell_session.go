package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// shell is a session of Pop3Service in the hands of a person or a script.
type shell struct {
	client   pb.Pop3ServiceClient
	gateway  string // its address, for errors
	id       string
	tls      *pb.TlsOptions                  // of the command line
	identity func() (*pb.Credentials, error) // likewise; nil where it names no user
	screen   *screen
	stderr   io.Writer
	editor   *editor // nil where there is no terminal

	mu      sync.Mutex
	name    string        // the last call's method
	sent    string        // the last command's keyword
	seen    []string      // status lines that the server has sent since that call, to what it asked for
	status  bool          // the next line of the server's is one
	changed chan struct{} // closed when seen or cause changes
	over    bool          // the watch has ended
	cause   pb.Cause      // why
}

// screen is where the shell writes. What it writes while a pipe has the terminal is held back.
type screen struct {
	mu   sync.Mutex
	w    io.Writer
	held []byte
	hold bool
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hold {
		s.held = append(s.held, p...)
		return len(p), nil
	}
	return s.w.Write(p)
}

// holdBack begins to hold back; release writes what was held.
func (s *screen) holdBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = true
}

func (s *screen) release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.w.Write(s.held)
	s.hold, s.held = false, nil
	return err
}

// say shows a line with the word that tells what it is.
func (s *shell) say(what, text string) {
	_, _ = fmt.Fprintf(s.screen, "%-5s%s\n", what, terminal.Plain(text)) // a screen that is gone is no reason to stop
}

// open opens the session and begins to watch it.
func (s *shell) open(ctx context.Context, to *pb.Server) error {
	req := &pb.OpenSessionRequest{Server: to}
	s.announce("OpenSession", req)
	opened, err := s.client.OpenSession(ctx, req)
	if err != nil {
		return err
	}
	s.id, s.changed = opened.GetSessionId(), make(chan struct{})
	s.say("S:", opened.GetResponse())
	s.say("", tlsText(opened.GetTls()))
	stream, err := s.client.WatchDebug(context.WithoutCancel(ctx), &pb.WatchDebugRequest{SessionId: s.id})
	if err == nil {
		_, err = stream.Recv() // the watch has begun
	}
	if err == nil {
		_, err = s.client.SetDebugLevel(ctx, &pb.SetDebugLevelRequest{SessionId: s.id, Level: 2})
	}
	if err != nil {
		_, _ = s.client.CloseSession(ctx, &pb.CloseSessionRequest{SessionId: s.id}) // as close does
		return err
	}
	go s.watch(stream) //nolint:gosec // it lasts as long as the session
	return nil
}

func tlsText(state *pb.TlsState) string {
	switch {
	case state == nil:
		return "no TLS"
	case state.GetVerified():
		return state.GetVersion() + ", verified"
	}
	return state.GetVersion() + ", not verified"
}

// close closes the session, which removes nothing.
func (s *shell) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_, _ = s.client.CloseSession(ctx, &pb.CloseSessionRequest{SessionId: s.id}) // it ends anyway, when nobody calls
	s.await(func() bool { return s.over })
}

// closeTimeout and awaitTimeout are limits for a gateway that is gone, and for lines of a watch that never come.
const (
	closeTimeout = 5 * time.Second
	awaitTimeout = 2 * time.Second
)

// watch shows the dialogue until the session ends.
func (s *shell) watch(stream grpc.ServerStreamingClient[pb.WatchDebugResponse]) {
	for {
		resp, err := stream.Recv()
		for _, l := range resp.GetLines() {
			s.told(l)
		}
		if err != nil {
			break
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_, err := s.client.GetWelcome(ctx, &pb.GetWelcomeRequest{SessionId: s.id})
	cause := pb.Cause(pb.Cause_value["CAUSE_"+errorInfo(err).GetMetadata()["cause"]])
	if cause != pb.Cause_CAUSE_QUIT && cause != pb.Cause_CAUSE_CLOSED {
		s.say("#", "the session has ended: "+causeName(cause))
	}
	s.change(func() { s.over, s.cause = true, cause })
}

// told shows a line of the dialogue, but for those that follow a status line: they are the reply, which is shown as such.
func (s *shell) told(l *pb.DebugLine) {
	sent := l.GetDirection() == pb.DebugDirection_DEBUG_DIRECTION_SENT
	if !sent && !s.status {
		return
	}
	s.say(mark(l), l.GetLine())
	s.status = sent
	s.change(func() {
		switch {
		case sent:
			s.sent, _, _ = strings.Cut(l.GetLine(), " ")
		case s.sent != "CAPA" || s.name == "Capa": // many calls ask for capabilities first, and the reply may look like their own
			s.seen = append(s.seen, l.GetLine())
		}
	})
}

func (s *shell) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// await waits until a condition holds, or the session has ended.
func (s *shell) await(holds func() bool) {
	late := time.After(awaitTimeout)
	for {
		s.mu.Lock()
		done, changed := holds() || s.over, s.changed
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-late:
			return
		}
	}
}

func (s *shell) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// announce shows a call.
func (s *shell) announce(name string, req requestMessage) {
	s.mu.Lock()
	s.name, s.seen = name, nil
	s.mu.Unlock()
	s.say("rpc", strings.TrimSpace(name+" "+describe(req.ProtoReflect())))
}

// settle waits until the dialogue of a call is shown: the watch goes its own way. response is the call's, where it has one.
func (s *shell) settle(response string, err error) {
	info := errorInfo(err)
	if response == "" {
		response = info.GetMetadata()["response"]
	}
	switch {
	case response != "":
		s.await(func() bool { return s.saw(response) })
	case endsSession[info.GetReason()]:
		s.await(func() bool { return false })
	}
}

// saw reports whether a status line was shown. In an error a long one is cut, in the dialogue a very long one.
func (s *shell) saw(response string) bool {
	return slices.ContainsFunc(s.seen, func(line string) bool {
		n := len(response)
		if len(line) >= leastCut && n >= leastCut {
			n = min(n, len(line))
			line = line[:n]
		}
		return line == response[:n]
	})
}

// leastCut is less than what is left of a line that was cut, in octets.
const leastCut = 200

// endsSession are the reasons with which a session ends.
var endsSession = map[string]bool{
	pb.ErrorReason_ERROR_REASON_SESSION_ENDED.String():           true,
	pb.ErrorReason_ERROR_REASON_CONNECTION_LOST.String():         true,
	pb.ErrorReason_ERROR_REASON_TIMEOUT.String():                 true,
	pb.ErrorReason_ERROR_REASON_PROTOCOL_ERROR.String():          true,
	pb.ErrorReason_ERROR_REASON_TLS_VERIFICATION_FAILED.String(): true,
	pb.ErrorReason_ERROR_REASON_TLS_HANDSHAKE_FAILED.String():    true,
	pb.ErrorReason_ERROR_REASON_COMMIT_UNKNOWN.String():          true,
	pb.ErrorReason_ERROR_REASON_DRAINING.String():                true,
	pb.ErrorReason_ERROR_REASON_INTERNAL.String():                true,
}

// failed shows an error.
func (s *shell) failed(err error) {
	text := explained(err, s.gateway).Error()
	if st, ok := status.FromError(err); ok {
		facts := []string{st.Code().String()}
		for _, key := range []string{"command", "responseCode", "cause", "outcome", "certain"} {
			if value := errorInfo(err).GetMetadata()[key]; value != "" {
				facts = append(facts, key+" "+value)
			}
		}
		text += "\n  gRPC status  " + strings.Join(facts, ", ")
	}
	first, rest, _ := strings.Cut(text, "\n")
	s.say("error", " "+first)
	for line := range strings.Lines(rest) {
		s.say("", strings.TrimSpace(line))
	}
}

// call makes a call that has one answer.
func call[Req requestMessage, Resp any](
	ctx context.Context, s *shell, name string, method func(context.Context, Req, ...grpc.CallOption) (*Resp, error), req Req,
) (*Resp, error) {
	s.announce(name, req)
	resp, err := method(ctx, req)
	s.settle(responseOf(resp), err)
	return resp, err
}

// stream makes a call that has many answers, and gives each to part.
func stream[Req requestMessage, Resp any](
	ctx context.Context, s *shell, name string,
	method func(context.Context, Req, ...grpc.CallOption) (grpc.ServerStreamingClient[Resp], error), req Req, part func(*Resp) error,
) error {
	s.announce(name, req)
	ctx, cancel := context.WithCancel(ctx) // also where part fails
	defer cancel()
	parts, err := method(ctx, req)
	for err == nil {
		var resp *Resp
		if resp, err = parts.Recv(); err != nil {
			break
		}
		if response := responseOf(resp); response != "" {
			s.settle(response, nil)
		}
		err = part(resp)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	s.settle("", err)
	return err
}

// responseOf returns the status line of an answer, or "".
func responseOf(resp any) string {
	if r, ok := resp.(interface{ GetResponse() string }); ok {
		return r.GetResponse()
	}
	return ""
}
