package server

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// attemptsHeader is what gRPC libraries set on a call that they repeat by themselves.
const attemptsHeader = "grpc-previous-rpc-attempts"

// repeats refuses a call that the caller's gRPC library sends again by itself, where the contract does not call it idempotent and its last
// answer did not ask for it. Whoever cut the caller off may have done so when the command was sent already: DELE would go out twice,
// and a login that worked be told as one that failed.
func (s *session) repeats(ctx context.Context) error {
	method, _ := grpc.Method(ctx)
	if len(metadata.ValueFromIncomingContext(ctx, attemptsHeader)) == 0 || isIdempotent(method) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.invited[method] {
		return nil
	}
	return &fault{
		code: codes.FailedPrecondition, reason: pb.ErrorReason_ERROR_REASON_WRONG_STATE,
		message: "this call was repeated by a gRPC library, and may have been carried out before: nothing is sent",
	}
}

// answered remembers whether the answer to a call asks to have it repeated.
func (s *session) answered(ctx context.Context, err error) {
	method, _ := grpc.Method(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.invited, method)
	if err != nil && faultOf(err).retry > 0 {
		if s.invited == nil {
			s.invited = map[string]bool{}
		}
		s.invited[method] = true
	}
}

// isIdempotent reports whether the contract says that a method, "/service/name", may be called more than once.
func isIdempotent(method string) bool {
	name := strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", ".")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return false
	}
	options, _ := d.Options().(*descriptorpb.MethodOptions)
	return options.GetIdempotencyLevel() == descriptorpb.MethodOptions_IDEMPOTENT
}
