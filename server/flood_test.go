package server

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// TestResetFlood: streams that are opened and reset at once, by the caller (F1) or by a frame that makes the gateway reset them (F2),
// never keep more handlers than there may be streams, and leave none; most are refused before they get one. Another caller is not, be it
// at the same address.
func TestResetFlood(t *testing.T) {
	const calls = 20_000
	callers := callersOf(t, testRoles+"callers:\n"+entryOf("attacker", "all", "attacks")+entryOf("other", "all", "other"), nil)
	for name, reset := range map[string]func(*raw, uint32) error{
		"rapid reset": func(r *raw, stream uint32) error { return r.WriteRSTStream(stream, http2.ErrCodeCancel) },
		"made you reset": func(r *raw, stream uint32) error {
			return r.WriteRawFrame(http2.FrameWindowUpdate, 0, stream, make([]byte, 4))
		},
		"left open": nil,
	} {
		t.Run(name, func(t *testing.T) {
			var now, most, begun atomic.Int32
			listener := bufconn.Listen(1 << 20)
			s := serveOn(t, Config{Callers: callers, Limits: Limits{SessionsPerCaller: calls, SessionsPerHost: calls, Sessions: calls}, dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				begun.Add(1)
				n := now.Add(1)
				defer now.Add(-1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				<-ctx.Done()
				return nil, ctx.Err()
			}}, listener)
			r := rawCaller(t, listener)
			go io.Copy(io.Discard, r.Conn)
			request, err := proto.Marshal(&pb.OpenSessionRequest{Server: anywhere()})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			flooded := make(chan int)
			go func() { flooded <- r.flood(framed(request, false), calls, reset, "authorization", "Bearer attacks") }()
			deadline := time.Now().Add(2 * time.Minute)
			refused := func() float64 { return counted(t, s.Metrics(), "pop3_reset_refusals_total") }
			underWay := func() bool { return refused() >= 100 }
			if reset == nil {
				underWay = func() bool { return most.Load() == maxStreams }
			}
			for !underWay() && time.Now().Before(deadline) {
				time.Sleep(10 * time.Millisecond)
			}
			r.Close()
			sent := <-flooded
			for now.Load() > 0 && time.Now().Before(deadline) {
				time.Sleep(10 * time.Millisecond)
			}
			if reset == nil && most.Load() != maxStreams || most.Load() > maxStreams || now.Load() > 0 || sent == 0 {
				t.Errorf("%d handlers at once, %d left of %d calls", most.Load(), now.Load(), sent)
			}
			t.Logf("%d calls, %v refused, %d handlers, %d at once", sent, refused(), begun.Load(), most.Load())
			// Those that run before the first of them have ended are not counted when they begin, and may be as many as may run.
			if allowed := maxStreams + callerResets + resetsPerSecond*(time.Since(began).Seconds()+1); reset != nil && (refused() < 100 || float64(begun.Load()) > allowed) {
				t.Errorf("%d handlers, %v refused", begun.Load(), refused())
			}
			if got := rawCaller(t, listener).call(t, noopPath, noopFrame(t), "authorization", "Bearer other"); got != "5" {
				t.Errorf("another caller's call: %s", got)
			}
		})
	}
}

// flood opens streams and resets each, until the gateway hangs up. It returns how many it has opened.
func (r *raw) flood(body []byte, calls int, reset func(*raw, uint32) error, more ...string) int {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	fields := append([]string{
		":method", "POST", ":scheme", "http", ":authority", "gateway.test", ":path", pb.Pop3Service_OpenSession_FullMethodName,
		"content-type", "application/grpc", "te", "trailers",
	}, more...)
	for i := range calls {
		stream := uint32(2*i + 1)
		block.Reset()
		for i := 0; i < len(fields); i += 2 {
			_ = encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
		}
		err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true})
		if err == nil {
			err = r.WriteData(stream, true, body)
		}
		if err == nil && reset != nil {
			err = reset(r, stream)
		}
		if err != nil {
			return i
		}
	}
	return calls
}

// TestAbsurdDeadline: a deadline of thousands of years is none (F9), and the limits of each wait stand (F8).
func TestAbsurdDeadline(t *testing.T) {
	m := newMailbox(t, 0)
	listener := bufconn.Listen(1 << 16)
	config := Config{}
	m.piped(&config)
	m.Banner = "-ERR no" // an answer, and so no wait
	serveOn(t, config, listener)
	request, err := proto.Marshal(&pb.OpenSessionRequest{Server: anywhere()})
	if err != nil {
		t.Fatal(err)
	}
	for timeout, want := range map[string]string{"99999999H": "14", "0n": "4", "100000000H": "13", "1x": "13", "": "14"} {
		more := []string{"grpc-timeout", timeout}
		if timeout == "" {
			more = nil
		}
		if got := rawCaller(t, listener).call(t, pb.Pop3Service_OpenSession_FullMethodName, framed(request, false), more...); got != want {
			t.Errorf("grpc-timeout %q: status %s, want %s", timeout, got, want)
		}
	}
}
