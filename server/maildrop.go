package server

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
)

// batchSize is how many entries of a listing one stream message holds.
const batchSize = 1000

// batchOctets is where a batch ends early: lines may have 8 KiB, and a message must stay below gRPC's 4 MiB.
const batchOctets = 1 << 20

// Stat implements popgate.v1.Pop3Service.
func (s *service) Stat(ctx context.Context, _ *pb.StatRequest) (*pb.StatResponse, error) {
	resp := &pb.StatResponse{}
	err := sessionOf(ctx).run(ctx, func(ctx context.Context, c *pop3.Client) (err error) {
		var response string
		resp.MessageCount, resp.Octets, response, err = c.Stat(ctx)
		resp.Response = escape(response)
		return err
	})
	return resp, err
}

// List implements popgate.v1.Pop3Service.
func (s *service) List(req *pb.ListRequest, stream grpc.ServerStreamingServer[pb.ListResponse]) error {
	batch := &pb.ListResponse{}
	l := listing{
		command: "LIST", one: (*pop3.Client).ListOne, all: (*pop3.Client).List, number: req.MessageNumber,
		begin: func(response string) { batch.Response = response },
		add: func(e pop3.Entry, line string) {
			entry := &pb.ListEntry{Line: line, MessageNumber: numberOf(e)}
			if e.Octets >= 0 {
				entry.Octets = &e.Octets
			}
			batch.Entries = append(batch.Entries, entry)
		},
		flush: func(octets *int64) error {
			batch.Octets = octets
			defer func() { batch = &pb.ListResponse{} }()
			return stream.Send(batch)
		},
	}
	return l.run(stream.Context())
}

// Uidl implements popgate.v1.Pop3Service.
func (s *service) Uidl(req *pb.UidlRequest, stream grpc.ServerStreamingServer[pb.UidlResponse]) error {
	batch := &pb.UidlResponse{}
	l := listing{
		command: "UIDL", one: (*pop3.Client).UidlOne, all: (*pop3.Client).Uidl, number: req.MessageNumber,
		begin: func(response string) { batch.Response = response },
		add: func(e pop3.Entry, line string) {
			entry := &pb.UidlEntry{Line: line, MessageNumber: numberOf(e)}
			if e.UniqueID != "" {
				id := escape(e.UniqueID)
				entry.UniqueId = &id
			}
			batch.Entries = append(batch.Entries, entry)
		},
		flush: func(octets *int64) error {
			batch.Octets = octets
			defer func() { batch = &pb.UidlResponse{} }()
			return stream.Send(batch)
		},
	}
	return l.run(stream.Context())
}

func numberOf(e pop3.Entry) *uint32 {
	if e.Number == 0 {
		return nil
	}
	return &e.Number
}

// listing streams LIST or UIDL.
type listing struct {
	command string
	one     func(*pop3.Client, context.Context, uint32) (pop3.Entry, string, error)
	all     func(*pop3.Client, context.Context) (*pop3.Listing, error)
	number  *uint32 // of one message, or nil
	begin   func(response string)
	add     func(e pop3.Entry, line string)
	flush   func(octets *int64) error // octets with the last batch
}

func (l *listing) run(ctx context.Context) error {
	return sessionOf(ctx).run(ctx, func(ctx context.Context, c *pop3.Client) error {
		if l.number != nil {
			e, response, err := l.one(c, ctx, *l.number)
			if err != nil {
				return err
			}
			l.begin(escape(response))
			l.add(e, escape(e.Line))
			return l.flush(nil)
		}
		all, err := l.all(c, ctx)
		if err != nil {
			return err
		}
		l.begin(escape(all.Response()))
		if err := l.stream(all); err != nil {
			return err
		}
		octets := all.Octets()
		return l.flush(&octets)
	})
}

// stream sends the entries in batches. What is left at the end is for the last one.
func (l *listing) stream(all *pop3.Listing) error {
	count, size := 0, 0
	for e, err := range all.Entries() {
		if err != nil {
			return giveUp(l.command, all, err)
		}
		if count == batchSize || size >= batchOctets {
			if err := l.flush(nil); err != nil {
				return giveUp(l.command, all, err)
			}
			count, size = 0, 0
		}
		line := escape(e.Line)
		l.add(e, line)
		count++
		size += 2 * len(line) // a unique-id stands in it twice
	}
	return nil
}

// Dele implements popgate.v1.Pop3Service.
func (s *service) Dele(ctx context.Context, req *pb.DeleRequest) (*pb.DeleResponse, error) {
	response, err := simple(ctx, func(c *pop3.Client, ctx context.Context) (string, error) {
		if req.IfUniqueId != nil {
			if err := wantUniqueID(ctx, c, req.GetMessageNumber(), req.GetIfUniqueId()); err != nil {
				return "", err
			}
		}
		return c.Dele(ctx, req.GetMessageNumber())
	})
	return &pb.DeleResponse{Response: response}, err
}

// wantUniqueID refuses a message that has another unique-id.
func wantUniqueID(ctx context.Context, c *pop3.Client, number uint32, id string) error {
	e, response, err := c.UidlOne(ctx, number)
	if err != nil {
		return err
	}
	if e.Number != number || e.UniqueID == "" {
		return &pop3.MalformedError{Command: "UIDL", Response: response}
	}
	if escape(e.UniqueID) != id {
		return &fault{
			code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_UNIQUE_ID_MISMATCH,
			message: "another message has this number; nothing is deleted", metadata: about("UIDL", response, ""),
		}
	}
	return nil
}

// Rset implements popgate.v1.Pop3Service.
func (s *service) Rset(ctx context.Context, _ *pb.RsetRequest) (*pb.RsetResponse, error) {
	response, err := simple(ctx, (*pop3.Client).Rset)
	return &pb.RsetResponse{Response: response}, err
}

// Noop implements popgate.v1.Pop3Service.
func (s *service) Noop(ctx context.Context, _ *pb.NoopRequest) (*pb.NoopResponse, error) {
	response, err := simple(ctx, (*pop3.Client).Noop)
	return &pb.NoopResponse{Response: response}, err
}
