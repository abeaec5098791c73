package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"testing"

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

func BenchmarkFetchMany(b *testing.B)       { benchFetch(b, 20_000, 4<<10, false, false) }
func BenchmarkFetchManyAlone(b *testing.B)  { benchFetch(b, 20_000, 4<<10, true, false) }
func BenchmarkFetchLarge(b *testing.B)      { benchFetch(b, 4, 64<<20, false, false) }
func BenchmarkFetchLargeAlone(b *testing.B) { benchFetch(b, 4, 64<<20, true, false) }

// BenchmarkFetchLargeUnhashed leaves the SHA-256 out, which is most of the work on a large message.
func BenchmarkFetchLargeUnhashed(b *testing.B) { benchFetch(b, 4, 64<<20, false, true) }
