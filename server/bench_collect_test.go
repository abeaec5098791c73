package server

import (
	"context"
	"io"
	"net"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// BenchmarkCollect compares CollectMessages, of which every message is settled for deletion, in one batch, with FetchMessages of the same.
func BenchmarkCollect(b *testing.B) {
	const messages, size = 20_000, 4 << 10
	target := manyMails(b, messages, size)
	targets, err := ParseTargets([]string{target})
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(Config{Targets: targets, UnsafeAllowPlaintext: true})
	if err != nil {
		b.Fatal(err)
	}
	client := pb.NewMailboxServiceClient(serveBench(b, s.grpc))
	host, port, _ := net.SplitHostPort(target)
	number, _ := net.LookupPort("tcp", port)
	req := &pb.FetchMessagesRequest{
		Server:      &pb.Server{Host: host, Port: new(uint32(number)), Tls: &pb.TlsOptions{Mode: pb.TlsMode_TLS_MODE_PLAINTEXT}},
		Credentials: alicesMailbox(),
	}
	sends := 0
	ratio(b, func() {
		stream, err := client.FetchMessages(context.Background(), req)
		for err == nil {
			_, err = stream.Recv()
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}, func() {
		stream, err := client.CollectMessages(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		err = stream.Send(openOf(&pb.CollectOpen{Fetch: req, CommitMessages: new(uint32(messages))}))
		deleted := 0
		for err == nil {
			var resp *pb.CollectMessagesResponse
			if resp, err = stream.Recv(); err != nil {
				break
			}
			sends++
			if ids := whole(resp); len(ids) > 0 {
				err = stream.Send(settleOf(&pb.Settle{Through: ids[len(ids)-1], Disposition: remove}))
			}
			if deleted += len(resp.GetCommit().GetMessages()); deleted == messages && resp.GetCommit().GetDone() {
				err = stream.Send(stopOf())
			}
		}
		if err != io.EOF || deleted != messages {
			b.Fatalf("%v, %d deleted", err, deleted)
		}
	})
	b.ReportMetric(float64(sends)/float64(b.N+1), "responses")
}
