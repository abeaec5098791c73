package server

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// The benchmarks compare the gateway with a floor of the same run, both on loopback in this process, and report the ratio as
// "x-floor".

// flood is a POP3 server that does no work an octet: it answers a command by writing what was prepared for it.
func flood(b *testing.B, replies map[string][]byte) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go floodConn(conn, replies)
		}
	}()
	return listener.Addr().String()
}

func floodConn(conn net.Conn, replies map[string][]byte) {
	defer conn.Close()
	_, _ = io.WriteString(conn, "+OK flood\r\n")
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		verb, number, one := strings.Cut(lines.Text(), " ")
		reply, ok := replies[verb]
		switch {
		case verb == "LIST" && one:
			reply = fmt.Appendf(nil, "+OK %s 1\r\n", number)
		case !ok:
			reply = []byte("+OK\r\n")
		}
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

// mail returns a message of n octets in lines of 76, as base64 has them.
func mail(n int) []byte {
	line := strings.Repeat("x", 76) + "\r\n"
	return []byte(strings.Repeat(line, n/len(line)+1)[:n-2] + "\r\n")
}

func retrReply(message []byte) []byte {
	return bytes.Join([][]byte{[]byte("+OK\r\n"), message, []byte(".\r\n")}, nil)
}

// benchClient starts a gateway for a POP3 server, and opens a session.
func benchClient(b *testing.B, target string) (pb.Pop3ServiceClient, string) {
	b.Helper()
	targets, err := ParseTargets([]string{target})
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(Config{Targets: targets, UnsafeAllowPlaintext: true})
	if err != nil {
		b.Fatal(err)
	}
	client := pb.NewPop3ServiceClient(serveBench(b, s.grpc))
	host, port, _ := net.SplitHostPort(target)
	number, _ := net.LookupPort("tcp", port)
	opened, err := client.OpenSession(context.Background(), &pb.OpenSessionRequest{Server: &pb.Server{
		Host: host, Port: new(uint32(number)), Tls: &pb.TlsOptions{Mode: pb.TlsMode_TLS_MODE_PLAINTEXT},
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_, _ = client.CloseSession(context.Background(), &pb.CloseSessionRequest{SessionId: opened.GetSessionId()})
	})
	return client, opened.GetSessionId()
}

// serveBench serves on loopback and returns a connection.
func serveBench(b *testing.B, s *grpc.Server) *grpc.ClientConn {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = s.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = conn.Close()
		s.Stop()
	})
	return conn
}

// constant is the floor of a large message: a gRPC stream of constant octets.
type constant struct {
	pb.UnimplementedPop3ServiceServer
	chunk []byte
	count int
}

func (c constant) Retr(_ *pb.RetrRequest, stream grpc.ServerStreamingServer[pb.RetrResponse]) error {
	for range c.count {
		if err := stream.Send(&pb.RetrResponse{Data: c.chunk}); err != nil {
			return err
		}
	}
	return nil
}

func (constant) Noop(context.Context, *pb.NoopRequest) (*pb.NoopResponse, error) {
	return &pb.NoopResponse{Response: "+OK"}, nil
}

func constantClient(b *testing.B, size, chunk int) pb.Pop3ServiceClient {
	b.Helper()
	s := grpc.NewServer()
	pb.RegisterPop3ServiceServer(s, constant{chunk: make([]byte, chunk), count: size / chunk})
	return pb.NewPop3ServiceClient(serveBench(b, s))
}

func retr(b *testing.B, client pb.Pop3ServiceClient, id string, want int) {
	b.Helper()
	stream, err := client.Retr(context.Background(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})
	if err != nil {
		b.Fatal(err)
	}
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		want -= len(part.GetData())
	}
	if want != 0 {
		b.Fatalf("%d octets are missing", want)
	}
}

// ratio runs work in the benchmark's loop and the floor beside it, in turns, so that both meet the same machine.
func ratio(b *testing.B, floor, work func()) {
	b.Helper()
	floor()
	work()
	var floorTime, workTime time.Duration
	for b.Loop() {
		begin := time.Now()
		floor()
		middle := time.Now()
		work()
		floorTime += middle.Sub(begin)
		workTime += time.Since(middle)
	}
	n := time.Duration(b.N)
	b.ReportMetric(float64(workTime)/float64(floorTime), "x-floor")
	b.ReportMetric(float64((workTime / n).Nanoseconds()), "ns/work")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkRetr256MiB(b *testing.B) {
	const size = 256 << 20
	client, id := benchClient(b, flood(b, map[string][]byte{"RETR": retrReply(mail(size))}))
	floor := constantClient(b, size, 128<<10)
	ratio(b, func() { retr(b, floor, "", size) }, func() { retr(b, client, id, size) })
}

func BenchmarkRetr4KiB(b *testing.B) {
	const size = 4 << 10
	client, id := benchClient(b, flood(b, map[string][]byte{"RETR": retrReply(mail(size))}))
	floor := constantClient(b, size, size)
	ratio(b, func() { retr(b, floor, "", size) }, func() { retr(b, client, id, size) })
}

func BenchmarkNoop(b *testing.B) {
	client, id := benchClient(b, flood(b, nil))
	floor := constantClient(b, 0, 1)
	noop := func(c pb.Pop3ServiceClient) func() {
		return func() {
			if _, err := c.Noop(context.Background(), &pb.NoopRequest{SessionId: id}); err != nil {
				b.Fatal(err)
			}
		}
	}
	ratio(b, noop(floor), noop(client))
}
