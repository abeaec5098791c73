package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// watch begins to watch a session: when it returns, no line is missed.
func (g *gateway) watch(t testing.TB, id string) grpc.ServerStreamingClient[pb.WatchDebugResponse] {
	t.Helper()
	stream, err := g.WatchDebug(t.Context(), &pb.WatchDebugRequest{SessionId: id})
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := stream.Recv(); err != nil || len(resp.GetLines()) > 0 {
		t.Fatalf("WatchDebug begins with %v, %v", resp, err)
	}
	return stream
}

// seen closes a session and returns what its watcher was told, with "C: " before the lines sent and "S: " before the received.
func (g *gateway) seen(t testing.TB, id string, stream grpc.ServerStreamingClient[pb.WatchDebugResponse]) []string {
	t.Helper()
	if _, err := g.CloseSession(context.Background(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
		t.Fatal(err)
	}
	batches, err := collect(stream, nil)
	if err != nil {
		t.Errorf("WatchDebug: %v", err)
	}
	var all []string
	for _, batch := range batches {
		if batch.GetLostLines() != 0 {
			t.Errorf("%d lines are lost", batch.GetLostLines())
		}
		for _, line := range batch.GetLines() {
			mark := map[pb.DebugDirection]string{
				pb.DebugDirection_DEBUG_DIRECTION_SENT: "C: ", pb.DebugDirection_DEBUG_DIRECTION_RECEIVED: "S: ",
			}[line.GetDirection()]
			if line.GetTime().CheckValid() != nil || mark == "" {
				t.Errorf("line %v", line)
			}
			all = append(all, mark+line.GetLine())
		}
	}
	return all
}

func (g *gateway) level(t testing.TB, id string, level uint32) {
	t.Helper()
	if _, err := g.SetDebugLevel(t.Context(), &pb.SetDebugLevelRequest{SessionId: id, Level: level}); err != nil {
		t.Fatal(err)
	}
}

// TestWatchDebug switches through poplib's levels. Each tells what it should, the message lines of level 2 included.
func TestWatchDebug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		m.NoAPOP, m.Banner = true, "+OK hello"
		m.drop.Add(pop3test.NewMessage([]byte("Subject: \x1b[31mred\r\n\r\ncaf\u00e9 \u202e\xff \\\r\n")))
		g := newGateway(t, m.piped)
		id := g.openMailbox(t) // level 0
		stream := g.watch(t, id)
		for _, level := range []uint32{0, 1, 2, 0, 1 << 31} {
			g.level(t, id, level)
			if err := g.noop(t, id); err != nil {
				t.Fatal(err)
			}
		}
		g.level(t, id, 2)
		if _, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})); err != nil {
			t.Fatal(err)
		}
		if _, err := g.Stat(t.Context(), &pb.StatRequest{SessionId: id}); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"C: NOOP",           // 1
			"C: NOOP", "S: +OK", // 2
			"C: NOOP", "S: +OK", // more than 2
			"C: RETR 1", "S: +OK 35 octets", `S: Subject: \x1b[31mred`, "S: ", `S: café \xe2\x80\xae\xff \\`, "S: .",
			"C: STAT", "S: +OK 1 35",
		}
		if got := g.seen(t, id, stream); !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// The level takes effect while a command runs.
func TestDebugLevelWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 1)
		arrived, release := m.hold(t, "RETR")
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		stream := g.watch(t, id)
		done := make(chan error, 1)
		go func() {
			_, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1}))
			done <- err
		}()
		<-arrived
		g.level(t, id, 2)
		release()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got := g.seen(t, id, stream); len(got) < 4 || got[1] != "S: Subject: 1" {
			t.Errorf("got %q", got)
		}
	})
}

// A watcher that does not read loses lines and is told how many; the session goes on as if nobody watched.
func TestSlowWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text strings.Builder
		const count = 20_000
		for i := range count {
			fmt.Fprintf(&text, "%d%s\r\n", i, strings.Repeat(" lorem ipsum", 20))
		}
		m := newMailbox(t, 0)
		m.drop.Add(pop3test.NewMessage([]byte(text.String())))
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		stream := g.watch(t, id)
		g.level(t, id, 2)
		begin := time.Now()
		if _, err := collect(g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begin); d > time.Second {
			t.Errorf("the watcher slows the session: %v", d)
		}
		g.level(t, id, 0)
		if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
			t.Fatal(err)
		}
		batches, err := collect(stream, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, lost := 0, int64(0)
		for _, batch := range batches {
			got += len(batch.GetLines())
			lost = batch.GetLostLines()
			if len(batch.GetLines()) > watchBatch {
				t.Errorf("%d lines in a batch", len(batch.GetLines()))
			}
		}
		// RETR and +OK come with them, and the dot at the end.
		if sum := got + int(lost); sum != count+3 || lost == 0 || got < watchBacklog {
			t.Errorf("%d lines and %d lost of %d", got, lost, count)
		}
	})
}

// Every end of a session ends its watchers with OK, and they do not keep an idle one alive.
func TestWatchersEndWithTheSession(t *testing.T) {
	for name, end := range map[string]func(g *gateway, id string){
		"idle": func(*gateway, string) { time.Sleep(6 * time.Minute) },
		"quit": func(g *gateway, id string) { _, _ = g.Quit(context.Background(), &pb.QuitRequest{SessionId: id}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 0)
				g := newGateway(t, m.piped)
				id := g.openMailbox(t)
				streams := []grpc.ServerStreamingClient[pb.WatchDebugResponse]{g.watch(t, id), g.watch(t, id)}
				g.level(t, id, 1)
				end(g, id)
				for _, stream := range streams {
					batches, err := collect(stream, nil)
					if err != nil {
						t.Error(err)
					}
					if name == "quit" && (len(batches) != 1 || batches[0].GetLines()[0].GetLine() != "QUIT") {
						t.Errorf("got %v", batches)
					}
				}
				stream, err := g.WatchDebug(t.Context(), &pb.WatchDebugRequest{SessionId: id})
				if err == nil {
					_, err = stream.Recv()
				}
				if errors.Is(err, io.EOF) || reasonOf(err) != "ERROR_REASON_SESSION_ENDED" {
					t.Errorf("WatchDebug of an ended session: %v", err)
				}
			})
		})
	}
}

// Watchers are limited, since each of them costs memory; one that leaves makes room.
func TestTooManyWatchers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		g := newGateway(t, m.piped)
		id := g.openMailbox(t)
		ctx, cancel := context.WithCancel(t.Context())
		for range maxWatchers {
			stream, err := g.WatchDebug(ctx, &pb.WatchDebugRequest{SessionId: id})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		_, err := collect(g.WatchDebug(t.Context(), &pb.WatchDebugRequest{SessionId: id}))
		wantFailure(t, "one more", err, failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", nil})
		cancel()
		synctest.Wait()
		g.watch(t, id)
	})
}

func TestDebugLine(t *testing.T) {
	now := time.Now()
	line := debugLine(pop3.Event{Time: now, Sent: true, Line: "a\x07\\"})
	if !line.GetTime().AsTime().Equal(now) || line.GetDirection() != pb.DebugDirection_DEBUG_DIRECTION_SENT || line.GetLine() != `a\x07\\` {
		t.Errorf("got %v", line)
	}
}
