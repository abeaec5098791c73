package server

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// alicesMailbox are the credentials of it.
func alicesMailbox() *pb.Credentials {
	return &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: password}}
}

// fetched is what a stream of FetchMessages came to.
type fetched struct {
	progress *pb.Progress
	messages []*fetchedMessage
	cursor   []byte
	summary  *pb.Summary
	sends    int
}

type fetchedMessage struct {
	start   *pb.PartStart
	data    []byte
	end     *pb.PartEnd
	failure *pb.Failure
	skipped *pb.Skipped
}

// mailboxes returns the service's client.
func (g *gateway) mailboxes() pb.MailboxServiceClient { return pb.NewMailboxServiceClient(g.conn) }

// fetch reads a stream to its end, and checks that the parts of each message come one behind the other.
func (g *gateway) fetch(t *testing.T, req *pb.FetchMessagesRequest) (*fetched, error) {
	t.Helper()
	if req.GetServer() == nil {
		req.Server, req.Credentials = anywhere(), alicesMailbox()
	}
	stream, err := g.mailboxes().FetchMessages(t.Context(), req)
	if err != nil {
		return nil, err
	}
	return readFetched(t, stream)
}

func readFetched(t *testing.T, stream grpc.ServerStreamingClient[pb.FetchMessagesResponse]) (*fetched, error) {
	t.Helper()
	f := &fetched{}
	for {
		resp, err := stream.Recv()
		if err == io.EOF {
			return f, nil
		}
		if err != nil {
			return f, err
		}
		f.sends++
		if size := proto.Size(resp); size > 256<<10 {
			t.Errorf("a response of %d octets", size)
		}
		for _, part := range resp.GetParts() {
			f.add(t, part)
		}
		if resp.GetProgress() != nil {
			f.progress = resp.GetProgress()
		}
		if resp.Cursor != nil {
			f.cursor = resp.GetCursor()
		}
		if resp.GetSummary() != nil {
			f.summary = resp.GetSummary()
		}
	}
}

func (f *fetched) add(t *testing.T, part *pb.Part) {
	t.Helper()
	n := len(f.messages)
	if part.GetStart() != nil {
		f.messages = append(f.messages, &fetchedMessage{start: part.GetStart()})
		n++
	}
	if n == 0 || part.GetDeliveryId() != uint64(n) {
		t.Fatalf("a part of %d after %d messages", part.GetDeliveryId(), n)
	}
	m := f.messages[n-1]
	if m.end != nil || m.failure != nil {
		t.Fatalf("a part of %d after its end", n)
	}
	m.data = append(m.data, part.GetData()...)
	m.end, m.failure, m.skipped = part.GetEnd(), part.GetFailure(), part.GetSkipped()
}

// TestFetchMessages: what comes is what the server has, byte for byte, and nothing is deleted, nor QUIT sent.
func TestFetchMessages(t *testing.T) {
	m := newMailbox(t, 0)
	var texts []string
	for i := range 300 {
		text := strings.Repeat(fmt.Sprintf("line of message %d\r\n", i), i*i%701)
		texts = append(texts, text)
		m.drop.Add(pop3test.NewMessage([]byte(text)))
	}
	texts = append(texts, strings.Repeat(strings.Repeat("x", 997)+"\r\n", 2000)) // of 2 MB
	m.drop.Add(pop3test.NewMessage([]byte(texts[300])))
	g := newGateway(t, m.piped)
	f, err := g.fetch(t, &pb.FetchMessagesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if f.summary.GetDelivered() != 301 || f.progress.GetNewMessages() != 301 || len(f.messages) != 301 {
		t.Fatalf("%v, %v, %d messages", f.summary, f.progress, len(f.messages))
	}
	for i, got := range f.messages {
		sum := sha256.Sum256([]byte(texts[i]))
		end := got.end
		if string(got.data) != texts[i] || end.GetOctets() != int64(len(texts[i])) || end.GetCrc32() != crc32.ChecksumIEEE([]byte(texts[i])) ||
			!bytes.Equal(end.GetSha256(), sum[:]) || !end.GetSizeAgrees() || int(got.start.GetPosition()) != i+1 {
			t.Fatalf("message %d: %d octets, %v, %v", i+1, len(got.data), got.start, end)
		}
	}
	m.free(t)
	again, err := g.fetch(t, &pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_Cursor{Cursor: f.cursor}})
	if err != nil || len(again.messages) != 0 || again.progress.GetMessages() != 301 {
		t.Errorf("with the cursor: %d messages, %v, %v", len(again.messages), again.progress, err)
	}
	if m.sent("QUIT")+m.sent("DELE") != 0 || len(m.drop.Messages) != 301 {
		t.Error("QUIT or DELE was sent")
	}
}

// TestFetchOfManyCalls fetches random messages by many calls at once. A buffer that is used again before it is sent shows as octets of
// another message.
func TestFetchOfManyCalls(t *testing.T) {
	t.Parallel()
	const users = 6
	m := newMailbox(t, 0)
	want := m.addRandom(users)
	m.Start()
	g := newGateway(t, func(c *Config) { c.UnsafeAllowPlaintext = true })
	for i := range users {
		t.Run(user(i), func(t *testing.T) {
			t.Parallel()
			for round := range 2 {
				for m.Maildrops[user(i)].InUse() && t.Context().Err() == nil { // the first call has no QUIT, and the server sees its end a little later
					time.Sleep(time.Millisecond)
				}
				f, err := g.fetch(t, &pb.FetchMessagesRequest{
					Server:      plain(t, m.Addr),
					Credentials: &pb.Credentials{Username: user(i), Secret: &pb.Credentials_Password{Password: password}},
					NewestFirst: round > 0,
				})
				if err != nil || len(f.messages) != len(want) {
					t.Fatalf("%d messages, %v", len(f.messages), err)
				}
				for _, got := range f.messages {
					text := want[got.start.GetMessageNumber()-1]
					sum := sha256.Sum256(text)
					if !bytes.Equal(got.data, text) || got.end.GetCrc32() != crc32.ChecksumIEEE(text) || !bytes.Equal(got.end.GetSha256(), sum[:]) {
						t.Errorf("message %d: %d octets, %v", got.start.GetMessageNumber(), len(got.data), got.end)
					}
				}
			}
		})
	}
}
