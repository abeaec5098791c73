package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"testing"

	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	engine "github.com/popgate/popgate/pop3/mailbox"
)

// manyMails prepares a POP3 server with so many messages of one size.
func manyMails(b *testing.B, messages, size int) string {
	b.Helper()
	var uidl, list bytes.Buffer
	uidl.WriteString("+OK\r\n")
	list.WriteString("+OK\r\n")
	for i := range messages {
		fmt.Fprintf(&uidl, "%d 00000001%08x\r\n", i+1, i)
		fmt.Fprintf(&list, "%d %d\r\n", i+1, size)
	}
	uidl.WriteString(".\r\n")
	list.WriteString(".\r\n")
	return flood(b, map[string][]byte{
		"CAPA": []byte("+OK\r\nPIPELINING\r\nUIDL\r\n.\r\n"),
		"UIDL": uidl.Bytes(), "LIST": list.Bytes(), "RETR": retrReply(mail(size)),
	})
}

// counting is a sink that reads and counts.
type counting struct{ octets int64 }

func (c *counting) Progress(engine.Progress) error { return nil }
func (c *counting) Deliver(d *engine.Delivery) error {
	n, err := io.Copy(io.Discard, d)
	c.octets += n
	return err
}
func (c *counting) Failed(uint64, engine.Item, *pop3.RefusedError) error { return nil }
func (c *counting) Skipped(uint64, engine.Item) error                    { return nil }
func (c *counting) Cursor([]byte) error                                  { return nil }

// benchFetch compares FetchMessages with the engine alone, or with a gRPC stream of constant octets.
func benchFetch(b *testing.B, messages, size int, alone, omit bool) {
	b.Helper()
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
		Server: &pb.Server{
			Host: host, Port: new(uint32(number)), Tls: &pb.TlsOptions{Mode: pb.TlsMode_TLS_MODE_PLAINTEXT},
		},
		Credentials: alicesMailbox(), OmitSha256: omit,
	}
	fetch := func() {
		stream, err := client.FetchMessages(context.Background(), req)
		if err != nil {
			b.Fatal(err)
		}
		left := messages * size
		for {
			resp, err := stream.Recv()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			for _, part := range resp.GetParts() {
				left -= len(part.GetData())
			}
		}
		if left != 0 {
			b.Fatalf("%d octets are missing", left)
		}
	}
	if alone {
		box := &engine.Mailbox{Dial: func(ctx context.Context) (*pop3.Client, error) {
			return pop3.Dial(ctx, target, &pop3.Options{Mode: pop3.Plaintext, UnsafeAllowPlaintext: true})
		}, Credentials: credentialsOf(alicesMailbox())}
		ratio(b, func() {
			if _, err := box.Fetch(context.Background(), engine.Fetch{OmitSHA256: omit}, &counting{}); err != nil {
				b.Fatal(err)
			}
		}, fetch)
		return
	}
	floor := constantClient(b, messages*size, 128<<10)
	ratio(b, func() { retr(b, floor, "", messages*size) }, fetch)
}

// partial sends as constant does, but first reads the octets from a connection, or hashes them, or both.
type partial struct {
	constant

	from   string // address of a flood; empty: nothing is read
	hashed bool
}

func (p partial) Retr(_ *pb.RetrRequest, stream grpc.ServerStreamingServer[pb.RetrResponse]) error {
	var source io.Reader = zeros{}
	if p.from != "" {
		conn, err := net.Dial("tcp", p.from)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "RETR 1\r\n"); err != nil {
			return err
		}
		source = conn
	}
	chunk, sum := make([]byte, len(p.chunk)), sha256.New()
	for range p.count {
		if _, err := io.ReadFull(source, chunk); err != nil {
			return err
		}
		if p.hashed {
			sum.Write(chunk)
		}
		if err := stream.Send(&pb.RetrResponse{Data: chunk}); err != nil {
			return err
		}
	}
	return nil
}

// zeros fills what it is asked to, in no time.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// BenchmarkPartial shows what is to be expected of BenchmarkFetchLarge: it compares the constant stream with itself and only a part of
// a gateway's work, which is SHA-256, a POP3 server's octets through loopback, and both.
func BenchmarkPartial(b *testing.B) {
	const size, chunk = 256 << 20, 128 << 10
	floor := constantClient(b, size, chunk)
	from := flood(b, map[string][]byte{"RETR": retrReply(mail(size))})
	same := constant{chunk: make([]byte, chunk), count: size / chunk}
	for _, part := range []struct {
		name string
		partial
	}{
		{"Hashed", partial{same, "", true}}, {"Read", partial{same, from, false}}, {"ReadHashed", partial{same, from, true}},
	} {
		b.Run(part.name, func(b *testing.B) {
			s := grpc.NewServer()
			pb.RegisterPop3ServiceServer(s, part.partial)
			client := pb.NewPop3ServiceClient(serveBench(b, s))
			ratio(b, func() { retr(b, floor, "", size) }, func() { retr(b, client, "", size) })
		})
	}
}

func BenchmarkFetchMany(b *testing.B)       { benchFetch(b, 20_000, 4<<10, false, false) }
func BenchmarkFetchManyAlone(b *testing.B)  { benchFetch(b, 20_000, 4<<10, true, false) }
func BenchmarkFetchLarge(b *testing.B)      { benchFetch(b, 4, 64<<20, false, false) }
func BenchmarkFetchLargeAlone(b *testing.B) { benchFetch(b, 4, 64<<20, true, false) }

// BenchmarkFetchLargeUnhashed leaves the SHA-256 out, which is most of the work on a large message.
func BenchmarkFetchLargeUnhashed(b *testing.B) { benchFetch(b, 4, 64<<20, false, true) }
