package drive

import (
	"context"
	"io"
	"reflect"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Stubs calls a gateway by the generated Go client. Its methods are found by
// their names, so that one test can do with all what it does with one.
type Stubs struct{}

// Begin implements [Transport].
func (Stubs) Begin(ctx context.Context, g *Gateway, rpc protoreflect.MethodDescriptor) (Call, error) {
	method := reflect.ValueOf(pb.NewPop3ServiceClient(g.Conn)).MethodByName(string(rpc.Name()))
	switch {
	case rpc.IsStreamingClient():
		stream, err := invoke(method, ctx)
		if err != nil {
			return nil, err
		}
		return &streamStub{rpc: rpc, stream: stream.(grpc.ClientStream)}, nil
	case rpc.IsStreamingServer():
		return &streamStub{ctx: ctx, rpc: rpc, method: method}, nil
	}
	return &unaryStub{ctx: ctx, method: method}, nil
}

// invoke calls a method of the client that returns a result and an error.
func invoke(method reflect.Value, args ...any) (any, error) {
	values := make([]reflect.Value, len(args))
	for i, arg := range args {
		values[i] = reflect.ValueOf(arg)
	}
	results := method.Call(values)
	err, _ := reflect.TypeAssert[error](results[1])
	return results[0].Interface(), err
}

// unaryStub is a call of a method with one request and one response.
type unaryStub struct {
	ctx             context.Context
	method          reflect.Value
	response        proto.Message // until it is received
	err             error
	header, trailer metadata.MD
}

func (x *unaryStub) Send(request proto.Message) error {
	var response any
	response, x.err = invoke(x.method, x.ctx, request, grpc.Header(&x.header), grpc.Trailer(&x.trailer))
	if x.err == nil {
		x.response, x.err = response.(proto.Message), io.EOF
	}
	return nil // what went wrong is for receive
}

func (x *unaryStub) CloseSend() error { return nil }

func (x *unaryStub) Receive() (proto.Message, error) {
	if response := x.response; response != nil {
		x.response = nil
		return response, nil
	}
	return nil, x.err
}

func (x *unaryStub) Metadata() (header, trailer metadata.MD) { return x.header, x.trailer }

// streamStub is a call of a method with many responses. Where it has but one
// request, the method begins with it.
type streamStub struct {
	ctx    context.Context
	rpc    protoreflect.MethodDescriptor
	method reflect.Value
	stream grpc.ClientStream
}

func (x *streamStub) Send(request proto.Message) error {
	if x.stream != nil {
		return x.stream.SendMsg(request)
	}
	stream, err := invoke(x.method, x.ctx, request)
	if err != nil {
		return err
	}
	x.stream = stream.(grpc.ClientStream)
	return nil
}

func (x *streamStub) CloseSend() error {
	if !x.rpc.IsStreamingClient() {
		return nil // it is done already
	}
	return x.stream.CloseSend()
}

func (x *streamStub) Receive() (proto.Message, error) {
	response, err := NewResponse(x.rpc)
	if err != nil {
		return nil, err
	}
	if err := x.stream.RecvMsg(response); err != nil {
		return nil, err
	}
	return response, nil
}

func (x *streamStub) Metadata() (header, trailer metadata.MD) {
	header, _ = x.stream.Header() // it is there, for the call is over
	return header, x.stream.Trailer()
}

// NewResponse makes an empty response of an RPC, of its generated type.
func NewResponse(rpc protoreflect.MethodDescriptor) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(rpc.Output().FullName())
	if err != nil {
		return nil, err
	}
	return kind.New().Interface(), nil
}
