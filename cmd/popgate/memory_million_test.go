package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// millionLimit is what the memory of a gateway may come to while it works on a maildrop of a million messages.
const millionLimit = 256 * mebi

// traffic counts the octets of connections.
type traffic struct{ read, written atomic.Int64 }

func (t *traffic) reset() {
	t.read.Store(0)
	t.written.Store(0)
}

type countedConn struct {
	net.Conn
	*traffic
}

func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (c countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}

type countedListener struct {
	net.Listener
	*traffic
}

func (l countedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return countedConn{conn, l.traffic}, err
}

// idOf is the unique-id of the i-th message of the million.
func idOf(i int) string { return fmt.Sprintf("000000016b03%08x", i) }

// TestMillion: a caller that keeps the unique-ids of a million messages itself is offered all of them, chooses ten, and gets them.
func TestMillion(t *testing.T) {
	program := toMeasure(t)
	const each = crowd / 10 // among so many messages one is new
	text := strings.Repeat("a line of a message, of 64 octets with its line end and all....\r\n", 60)
	messages, known := make([]pop3test.Message, crowd), make(map[string]struct{}, crowd)
	for i := range messages {
		messages[i] = pop3test.Message{UniqueID: idOf(i), Octets: int64(len(text)), Open: func() io.Reader { return strings.NewReader(text) }}
		if i%each != each-1 {
			known[idOf(i)] = struct{}{}
		}
	}
	var pop, rpc traffic
	drop := pop3test.NewMaildrop(password, messages...)
	srv := pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop})
	srv.Listener = countedListener{srv.Listener, &pop}
	srv.Start()
	t.Cleanup(srv.Close)
	m := measured{process: start(t, program, append([]string{"serve", "--listen", "127.0.0.1:0"}, towards(srv)...)...), srv: srv}
	conn, err := grpc.NewClient(m.address(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
			return countedConn{conn, &rpc}, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })

	for _, stops := range []bool{true, false} { // without it another login looks for what is new since
		pop.reset()
		rpc.reset()
		began, before := time.Now(), m.peak(t)
		c := collectNew(t, pb.NewMailboxServiceClient(conn), srv, known, stops)
		t.Logf("%d messages, %d new: %s; POP3 %.1f MiB from the server in %d logins; gRPC %.1f MiB to the caller, %.1f KiB from it; VmHWM %.1f MiB, then %.1f MiB",
			crowd, c.delivered, time.Since(began).Round(time.Millisecond), float64(pop.written.Load())/mebi, c.logins,
			float64(rpc.read.Load())/mebi, float64(rpc.written.Load())/1024, float64(before)/mebi, float64(m.peak(t))/mebi)
		if pop.written.Load() > int64(c.logins)*45*crowd || rpc.read.Load() > 36*crowd || rpc.written.Load() > mebi/4 {
			t.Error("that is more than 45 octets a message and login, 36 octets a message, and 256 KiB")
		}
		if c.delivered != 10 || c.kept != 10 || c.offered != crowd || len(drop.Snapshot()) != crowd || stops != (c.logins == 1) {
			t.Errorf("%+v", c)
		}
	}
	if m.peak(t) > millionLimit {
		t.Errorf("VmHWM is above %d MiB", millionLimit/mebi)
	}
}

// collected counts what a CollectMessages came to.
type collected struct{ offered, delivered, kept, logins int }

// collectNew collects, to be kept, what is offered and not known, and then stops where it is to.
func collectNew(t *testing.T, client pb.MailboxServiceClient, srv *pop3test.Server, known map[string]struct{}, stops bool) (c collected) {
	t.Helper()
	stream, err := client.CollectMessages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	say := func(req *pb.CollectMessagesRequest) {
		if err := stream.Send(req); err != nil && err != io.EOF { // io.EOF: the call is over, and Recv says why
			t.Fatal(err)
		}
	}
	say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Open{Open: &pb.CollectOpen{
		Fetch: &pb.FetchMessagesRequest{
			Server:      opening(srv).GetServer(),
			Credentials: &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: password}},
		},
		Offer: true,
	}}})
	chosen := 0
	each(t, grpc.ServerStreamingClient[pb.CollectMessagesResponse](stream), func(resp *pb.CollectMessagesResponse) {
		if offer := resp.GetOffer(); offer != nil {
			choice := &pb.Choose{Done: offer.GetDone()}
			for _, item := range offer.GetMessages() {
				c.offered++
				if _, seen := known[item.GetUniqueId()]; !seen {
					choice.MessageNumbers = append(choice.MessageNumbers, item.GetMessageNumber())
				}
			}
			chosen += len(choice.GetMessageNumbers())
			if choice.GetDone() || len(choice.GetMessageNumbers()) > 0 {
				say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Choose{Choose: choice}})
			}
		}
		for _, part := range resp.GetParts() {
			if part.GetEnd() != nil {
				c.delivered++
				if stops && c.delivered == chosen {
					say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Stop{Stop: &pb.Stop{}}})
				}
				say(&pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Settle{Settle: &pb.Settle{
					DeliveryIds: []uint64{part.GetDeliveryId()}, Disposition: pb.Disposition_DISPOSITION_KEEP,
				}}})
			}
		}
		c.kept += len(resp.GetCommit().GetMessages())
		if resp.GetProgress() != nil {
			c.logins++
		}
	})
	return c
}
