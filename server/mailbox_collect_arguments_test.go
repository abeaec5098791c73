package server

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// invalidArgument is what is wrong with the caller's words.
var invalidArgument = failure{codes.InvalidArgument, "INVALID_ARGUMENT", nil}

// wantFields fails the test where err is not about these arguments, in ascending order.
func wantFields(t *testing.T, what string, err error, fields ...string) {
	t.Helper()
	wantFailure(t, what, err, invalidArgument)
	got := map[string]string{}
	for _, v := range detailOf[*errdetails.BadRequest](err).GetFieldViolations() {
		got[v.GetField()] = v.GetDescription()
	}
	if !slices.Equal(slices.Sorted(maps.Keys(got)), fields) || slices.Contains(slices.Collect(maps.Values(got)), "") {
		t.Errorf("%s: BadRequest %v, want %q", what, got, fields)
	}
}

// The requests of CollectMessages.
func openOf(r *pb.CollectOpen) *pb.CollectMessagesRequest {
	return &pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Open{Open: r}}
}

func chooseOf(done bool, numbers ...uint32) *pb.CollectMessagesRequest {
	return &pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Choose{Choose: &pb.Choose{MessageNumbers: numbers, Done: done}}}
}

func settleOf(r *pb.Settle) *pb.CollectMessagesRequest {
	return &pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Settle{Settle: r}}
}

func renewalOf(c *pb.Credentials) *pb.CollectMessagesRequest {
	return &pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Credentials{Credentials: c}}
}

func stopOf() *pb.CollectMessagesRequest {
	return &pb.CollectMessagesRequest{Request: &pb.CollectMessagesRequest_Stop{Stop: &pb.Stop{}}}
}

// TestCollectOpenArguments makes calls with faults in their first request: all are named, none of the values is shown, and nothing
// is dialled.
func TestCollectOpenArguments(t *testing.T) {
	many := slices.Repeat([]string{"x"}, 10_001)
	for name, tt := range map[string]struct {
		open   *pb.CollectOpen
		fields string // with spaces between
	}{
		"nothing at all": {&pb.CollectOpen{}, "open.fetch.credentials.secret open.fetch.server.host"},
		"no fetch's credentials": {
			&pb.CollectOpen{Fetch: &pb.FetchMessagesRequest{Server: anywhere()}}, "open.fetch.credentials.secret",
		},
		"header_lines": {
			fetching(&pb.FetchMessagesRequest{HeaderLines: new(uint32(0))}), "open.fetch.header_lines",
		},
		"all, false":    {fetching(&pb.FetchMessagesRequest{Selection: &pb.FetchMessagesRequest_All{}}), "open.fetch.all"},
		"many ids":      {fetching(&pb.FetchMessagesRequest{Selection: idsOf(many...)}), "open.fetch.unique_ids"},
		"many seen":     {fetching(&pb.FetchMessagesRequest{SeenUniqueIds: many}), "open.fetch.seen_unique_ids"},
		"long cursor":   {fetching(&pb.FetchMessagesRequest{Selection: cursorOf(make([]byte, 1<<20+1))}), "open.fetch.cursor"},
		"octets 0":      {fetching(&pb.FetchMessagesRequest{MaxOctets: new(int64(0))}), "open.fetch.max_octets"},
		"octets -1":     {fetching(&pb.FetchMessagesRequest{MaxOctets: new(int64(-1))}), "open.fetch.max_octets"},
		"messages 0":    {fetching(&pb.FetchMessagesRequest{MaxMessages: new(uint32(0))}), "open.fetch.max_messages"},
		"offer, cursor": {offering(&pb.FetchMessagesRequest{Selection: cursorOf(nil)}), "open.offer"},
		"offer, ids":    {offering(&pb.FetchMessagesRequest{Selection: idsOf("a")}), "open.offer"},
		"offer, seen":   {offering(&pb.FetchMessagesRequest{SeenUniqueIds: []string{"a"}}), "open.offer"},
		"all below": {&pb.CollectOpen{
			MaxUnsettledMessages: new(uint32(0)), MaxUnsettledOctets: new(int64(0)), CommitMessages: new(uint32(0)),
			CommitInterval: durationpb.New(time.Second - 1), AckTimeout: durationpb.New(0),
		}, "open.ack_timeout open.commit_interval open.commit_messages open.max_unsettled_messages open.max_unsettled_octets"},
		"all above": {&pb.CollectOpen{
			MaxUnsettledMessages: new(uint32(10_001)), MaxUnsettledOctets: new(int64(-1)), CommitMessages: new(uint32(100_001)),
			CommitInterval: durationpb.New(time.Hour + 1), AckTimeout: &durationpb.Duration{Seconds: 5, Nanos: -1},
		}, "open.ack_timeout open.commit_interval open.commit_messages open.max_unsettled_messages open.max_unsettled_octets"},
		"hostile text": {fetching(&pb.FetchMessagesRequest{
			Server: &pb.Server{Host: "a\r\nQUIT"},
			Credentials: &pb.Credentials{
				Username: "hunter2\r\nQUIT", AuthorizationIdentity: "a\x00", Secret: &pb.Credentials_Password{Password: "hunter2\nQUIT"},
			},
		}), "open.fetch.credentials.authorization_identity open.fetch.credentials.password open.fetch.credentials.username open.fetch.server.host"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t, func(c *Config) { c.dial = nil })
			c := &collecting{BidiStreamingClient: g.collecting(t.Context(), t)}
			if name != "nothing at all" && tt.open.GetFetch() == nil {
				tt.open.Fetch = &pb.FetchMessagesRequest{Server: anywhere(), Credentials: alicesMailbox()}
			}
			c.say(t, openOf(tt.open))
			err := c.run(t, nil)
			wantFields(t, name, err, strings.Fields(tt.fields)...)
			if text := err.Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "QUIT") {
				t.Errorf("shows a value: %s", text)
			}
		})
	}
}

// collecting begins a call and says nothing.
func (g *gateway) collecting(ctx context.Context, t *testing.T) grpc.BidiStreamingClient[pb.CollectMessagesRequest, pb.CollectMessagesResponse] {
	t.Helper()
	stream, err := g.mailboxes().CollectMessages(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// fetching returns what to collect, of alice's mailbox where none is named.
func fetching(r *pb.FetchMessagesRequest) *pb.CollectOpen {
	if r.GetServer() == nil {
		r.Server, r.Credentials = anywhere(), alicesMailbox()
	}
	return &pb.CollectOpen{Fetch: r}
}

func offering(r *pb.FetchMessagesRequest) *pb.CollectOpen {
	open := fetching(r)
	open.Offer = true
	return open
}

func idsOf(ids ...string) *pb.FetchMessagesRequest_UniqueIds {
	return &pb.FetchMessagesRequest_UniqueIds{UniqueIds: &pb.UniqueIds{UniqueIds: ids}}
}

func cursorOf(cursor []byte) *pb.FetchMessagesRequest_Cursor {
	return &pb.FetchMessagesRequest_Cursor{Cursor: cursor}
}

// TestCollectLimits: the least and the most that is allowed gets past the arguments, to a cursor that is none.
func TestCollectLimits(t *testing.T) {
	g := newGateway(t, func(c *Config) { c.dial = nil })
	broken := cursorOf([]byte("no cursor"))
	for name, open := range map[string]*pb.CollectOpen{
		"least": {
			MaxUnsettledMessages: new(uint32(1)), MaxUnsettledOctets: new(int64(1)), CommitMessages: new(uint32(1)),
			CommitInterval: durationpb.New(time.Second), AckTimeout: durationpb.New(time.Second),
		},
		"most": {
			MaxUnsettledMessages: new(uint32(10_000)), MaxUnsettledOctets: new(int64(1<<63 - 1)), CommitMessages: new(uint32(100_000)),
			CommitInterval: durationpb.New(time.Hour), AckTimeout: durationpb.New(time.Hour),
		},
	} {
		open.Fetch = &pb.FetchMessagesRequest{Selection: broken}
		wantFields(t, name, g.collect(t, open).run(t, nil), "open.fetch.cursor")
	}
}

// TestCollectForeign: the cursor of another mailbox, or one that has lost an octet, never means that nothing was seen; nothing is sent.
func TestCollectForeign(t *testing.T) {
	m := newMailbox(t, 1)
	g := newGateway(t, m.piped)
	f, err := g.fetch(t, &pb.FetchMessagesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	sent := len(m.Commands())
	other := &pb.FetchMessagesRequest{
		Server: &pb.Server{Host: "other.example.test", Tls: anywhere().GetTls()}, Credentials: alicesMailbox(), Selection: cursorOf(f.cursor),
	}
	wantFields(t, "foreign", g.collect(t, &pb.CollectOpen{Fetch: other}).run(t, nil), "open.fetch.cursor")
	cut := &pb.FetchMessagesRequest{Selection: cursorOf(f.cursor[:len(f.cursor)-1])}
	wantFields(t, "cut", g.collect(t, &pb.CollectOpen{Fetch: cut}).run(t, nil), "open.fetch.cursor")
	if len(m.Commands()) != sent {
		t.Errorf("sent %q", m.Commands()[sent:])
	}
}

// TestCollectFirst: what does not begin with `open` is no call, and nothing is dialled.
func TestCollectFirst(t *testing.T) {
	g := newGateway(t, func(c *Config) { c.dial = nil })
	for name, tt := range map[string]struct {
		first  *pb.CollectMessagesRequest
		fields string
	}{
		"nothing":         {nil, "open"},
		"an empty one":    {&pb.CollectMessagesRequest{}, "request"},
		"choose":          {chooseOf(true, 1), "open"},
		"settle":          {settleOf(&pb.Settle{Through: 1, Disposition: pb.Disposition_DISPOSITION_DELETE}), "open"},
		"credentials":     {renewalOf(alicesMailbox()), "open"},
		"stop":            {stopOf(), "open"},
		"a faulty settle": {settleOf(&pb.Settle{}), "settle settle.disposition"},
	} {
		stream := g.collecting(t.Context(), t)
		if tt.first != nil {
			if err := stream.Send(tt.first); err != nil {
				t.Fatal(err)
			}
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		_, err := stream.Recv()
		wantFields(t, name, err, strings.Fields(tt.fields)...)
	}
}

// TestCollectWords: each request that is faulty or out of order ends the call, though all was settled for deletion that came: nothing
// is deleted, QUIT is not sent, and nothing is left of the call.
func TestCollectWords(t *testing.T) {
	settled := func(d pb.Disposition, ids ...uint64) *pb.CollectMessagesRequest {
		return settleOf(&pb.Settle{DeliveryIds: ids, Disposition: d})
	}
	const remove, keep = pb.Disposition_DISPOSITION_DELETE, pb.Disposition_DISPOSITION_KEEP
	for name, tt := range map[string]struct {
		req    *pb.CollectMessagesRequest
		fields string
	}{
		"nothing":                 {&pb.CollectMessagesRequest{}, "request"},
		"another open":            {openOf(fetching(&pb.FetchMessagesRequest{})), "open"},
		"choose without an offer": {chooseOf(true, 1), "choose.message_numbers"},
		"settle nothing":          {settled(remove), "settle"},
		"settle both":             {settleOf(&pb.Settle{DeliveryIds: []uint64{1}, Through: 1, Disposition: keep}), "settle"},
		"settle too many":         {settled(remove, make([]uint64, 10_001)...), "settle.delivery_ids"},
		"no disposition":          {settled(pb.Disposition_DISPOSITION_UNSPECIFIED, 1), "settle.disposition"},
		"unknown disposition":     {settled(3, 1), "settle.disposition"},
		"delivery 0":              {settled(remove, 0), "settle.delivery_ids"},
		"a delivery to come":      {settled(keep, 1, 4), "settle.delivery_ids"},
		"a delivery under way":    {settled(remove, 1, 3), "settle.delivery_ids"},
		"the greatest delivery":   {settled(remove, 1<<64-1), "settle.delivery_ids"},
		"through one under way":   {settleOf(&pb.Settle{Through: 3, Disposition: remove}), "settle.through"},
		"through one to come":     {settleOf(&pb.Settle{Through: 1 << 63, Disposition: remove}), "settle.through"},
		"no secret":               {renewalOf(&pb.Credentials{Username: "alice"}), "credentials.secret"},
		"a hostile secret": {renewalOf(&pb.Credentials{
			Username: "alice", Secret: &pb.Credentials_Password{Password: "x\r\nQUIT"},
		}), "credentials.password"},
		"another user": {renewalOf(&pb.Credentials{
			Username: "bob", Secret: &pb.Credentials_Password{Password: password},
		}), "credentials.username"},
		"another identity": {renewalOf(&pb.Credentials{
			Username: "alice", AuthorizationIdentity: "bob", Secret: &pb.Credentials_Password{Password: password},
		}), "credentials.username"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 2)
				arrived, release := m.addStuck(t)
				g := newGateway(t, m.piped)
				c := g.collect(t, &pb.CollectOpen{})
				ended := make(chan error)
				go func() { ended <- c.run(t, nil) }()
				<-arrived
				synctest.Wait()
				if len(c.messages) != 3 || c.messages[1].end == nil || c.messages[2].end != nil {
					t.Fatalf("%d messages", len(c.messages))
				}
				c.settle(t, remove, 1, 2)
				synctest.Wait()
				c.say(t, tt.req)
				wantFields(t, name, <-ended, strings.Fields(tt.fields)...)
				release()
				g.leftNothing(t, m, 3)
			})
		})
	}
}
