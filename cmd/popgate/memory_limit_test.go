package main

import (
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// TestMemoryLimit has slow readers take more memory of a gateway than GOMEMLIMIT grants: it refuses calls, and lives. Each caller has a
// connection of its own, so that HTTP/2 holds up none for another.
func TestMemoryLimit(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("takes its time, and reads /proc")
	}
	const limit, readers, size = 64 * mebi, 200, 8
	program, err := build(filepath.Join(checkout, "cmd/popgate"), ".", "popgate")
	if err != nil {
		t.Fatal(err)
	}
	srv := pop3test.NewServer(manyUsers(readers, newRepeated(size).message()))
	t.Cleanup(srv.Close)
	t.Setenv("GOMEMLIMIT", fmt.Sprint(limit))
	gateway := start(t, program, append([]string{"serve", "--listen", "127.0.0.1:0", "--drain", "0s"}, towards(srv)...)...)
	slow := make([]*slowReader, readers)
	address := gateway.address()
	for i := range slow {
		slow[i] = &slowReader{client: pb.NewPop3ServiceClient(connect(t, address)), user: fmt.Sprint("user", i)}
	}
	var all errgroup.Group
	all.SetLimit(8)
	for _, r := range slow {
		all.Go(func() error { return r.login(t, srv) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, r := range slow {
		if err := r.begin(t); err != nil {
			refused++
			wantMemoryShort(t, err)
		}
	}
	for _, r := range slow {
		if r.stream != nil {
			continue
		}
		if _, err := r.client.Noop(t.Context(), &pb.NoopRequest{SessionId: r.id}); err != nil {
			t.Errorf("a session that waits: %v", err)
		}
	}
	peak := gateway.memory(t, "VmHWM")
	t.Logf("%d of %d refused; VmHWM %.1f MiB with a limit of %d MiB", refused, readers, float64(peak)/mebi, limit/mebi)
	if refused == 0 || refused == readers {
		t.Errorf("%d of %d were refused", refused, readers)
	}
	for _, r := range slow {
		if r.stream == nil {
			continue
		}
		if octets, err := r.finish(); err != nil || octets != newRepeated(size).octets() {
			t.Errorf("%d octets, %v", octets, err)
		}
	}
	for _, r := range slow {
		if r.stream == nil {
			eventually(t, func() error { return r.begin(t) })
			if octets, err := r.finish(); err != nil || octets != newRepeated(size).octets() {
				t.Errorf("later: %d octets, %v", octets, err)
			}
		}
	}
	if peak := gateway.memory(t, "VmHWM"); float64(peak) > 1.3*limit {
		t.Errorf("VmHWM %.1f MiB", float64(peak)/mebi)
	}
}

// slowReader is a caller that reads the first part of a message, and then waits.
type slowReader struct {
	client   pb.Pop3ServiceClient
	user, id string
	stream   grpc.ServerStreamingClient[pb.RetrResponse] // nil: refused
	octets   int64
}

func (r *slowReader) login(t *testing.T, srv *pop3test.Server) error {
	opened, err := r.client.OpenSession(t.Context(), opening(srv))
	if err != nil {
		return err
	}
	id := opened.GetSessionId()
	if _, err := r.client.User(t.Context(), &pb.UserRequest{SessionId: id, Username: r.user}); err != nil {
		return err
	}
	_, err = r.client.Pass(t.Context(), &pb.PassRequest{SessionId: id, Password: password})
	r.id = id
	return err
}

// begin calls Retr and reads one part.
func (r *slowReader) begin(t *testing.T) error {
	stream, err := r.client.Retr(t.Context(), &pb.RetrRequest{SessionId: r.id, MessageNumber: 1})
	if err != nil {
		return err
	}
	part, err := stream.Recv()
	if err == nil {
		r.stream, r.octets = stream, int64(len(part.GetData()))
	}
	return err
}

// finish reads the rest.
func (r *slowReader) finish() (int64, error) {
	for {
		part, err := r.stream.Recv()
		if err == io.EOF {
			return r.octets, nil
		}
		if err != nil {
			return r.octets, err
		}
		r.octets += int64(len(part.GetData()))
	}
}

// wantMemoryShort fails the test unless err is the refusal of a gateway that is short of memory, with the time to wait.
func wantMemoryShort(t *testing.T, err error) {
	t.Helper()
	wait := time.Duration(0)
	for _, detail := range status.Convert(err).Details() {
		if again, ok := detail.(*errdetails.RetryInfo); ok {
			wait = again.GetRetryDelay().AsDuration()
		}
	}
	if info := errorInfo(err); info.GetReason() != "ERROR_REASON_QUOTA_EXCEEDED" || wait == 0 {
		t.Errorf("%v, again after %s", err, wait)
	}
}
