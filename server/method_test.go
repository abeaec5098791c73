package server

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

func durationOf(d time.Duration) *durationpb.Duration { return durationpb.New(d) }

// methods returns all RPCs of the contract, as its descriptor has them: a new one is in every test that walks over them.
func methods(t testing.TB) []protoreflect.MethodDescriptor {
	t.Helper()
	var all []protoreflect.MethodDescriptor
	list := pb.File_popgate_v1_pop3_service_proto.Services().ByName("Pop3Service").Methods()
	for i := range list.Len() {
		all = append(all, list.Get(i))
	}
	if len(all) < 24 {
		t.Fatalf("only %d methods", len(all))
	}
	return all
}

// sessionMethods returns the RPCs that name a session.
func sessionMethods(t testing.TB) []protoreflect.MethodDescriptor {
	t.Helper()
	var all []protoreflect.MethodDescriptor
	for _, m := range methods(t) {
		if m.Input().Fields().ByName("session_id") != nil {
			all = append(all, m)
		}
	}
	return all
}

// typed makes an empty message.
func typed(t testing.TB, d protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}

// requestFor makes a request that is valid. A session is named where the RPC has one.
func requestFor(t testing.TB, method protoreflect.MethodDescriptor, session string) proto.Message {
	t.Helper()
	m := typed(t, method.Input())
	for name, value := range map[protoreflect.Name]any{
		"session_id": session, "username": "alice", "password": password, "mechanism": "PLAIN", "message_number": uint32(1),
		"server": anywhere(),
		"credentials": &pb.Credentials{
			Username: "alice", Mechanism: "PLAIN", Secret: &pb.Credentials_Password{Password: password},
		},
	} {
		field := m.ProtoReflect().Descriptor().Fields().ByName(name)
		if field == nil {
			continue
		}
		if nested, ok := value.(proto.Message); ok {
			m.ProtoReflect().Set(field, protoreflect.ValueOfMessage(nested.ProtoReflect()))
			continue
		}
		m.ProtoReflect().Set(field, protoreflect.ValueOf(value))
	}
	return m
}

// methodOf returns the RPC that takes a request.
func methodOf(t testing.TB, req proto.Message) protoreflect.MethodDescriptor {
	t.Helper()
	return byName(t, strings.TrimSuffix(string(req.ProtoReflect().Descriptor().Name()), "Request"))
}

// byName returns an RPC of the contract.
func byName(t testing.TB, name string) protoreflect.MethodDescriptor {
	t.Helper()
	for _, m := range methods(t) {
		if string(m.Name()) == name {
			return m
		}
	}
	t.Fatalf("there is no RPC %s", name)
	return nil
}

// outcome is what a call came to.
type outcome struct {
	header, trailer metadata.MD
	replies         []proto.Message
	err             error // nil for OK
}

// invoke makes a call of any kind, with one request.
func invoke(ctx context.Context, conn *grpc.ClientConn, method protoreflect.MethodDescriptor, req proto.Message) outcome {
	name := "/" + string(method.Parent().FullName()) + "/" + string(method.Name())
	desc := &grpc.StreamDesc{ClientStreams: method.IsStreamingClient(), ServerStreams: true}
	stream, err := conn.NewStream(ctx, desc, name)
	if err != nil {
		return outcome{err: err}
	}
	// Where sending fails, receiving says why.
	_ = stream.SendMsg(req)
	_ = stream.CloseSend()
	o := outcome{}
	kind, err := protoregistry.GlobalTypes.FindMessageByName(method.Output().FullName())
	for err == nil {
		m := kind.New().Interface()
		if err = stream.RecvMsg(m); err == nil {
			o.replies = append(o.replies, m)
		}
	}
	if !errors.Is(err, io.EOF) {
		o.err = err
	}
	o.header, _ = stream.Header()
	o.trailer = stream.Trailer()
	return o
}
