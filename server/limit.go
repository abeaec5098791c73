package server

import (
	"context"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// cheap are the calls that take no memory to speak of, or give some back: they pass when there is little left.
var cheap = map[string]bool{
	pb.Pop3Service_CloseSession_FullMethodName: true,
	pb.Pop3Service_Quit_FullMethodName:         true,
	pb.Pop3Service_GetWelcome_FullMethodName:   true,
	pb.Pop3Service_Noop_FullMethodName:         true,
	pb.Pop3Service_Rset_FullMethodName:         true,
	pb.Pop3Service_Dele_FullMethodName:         true,
	pb.Pop3Service_Stat_FullMethodName:         true,
}

// limited refuses calls of a caller that calls too often, and, where memory is short, those that take more of it.
func (s *Server) limited() step {
	calls := newRates(s.config.Limits.CallsPerSecondPerCaller, 1)
	limit := around(func(ctx context.Context, next func(context.Context) error) error {
		if later := calls.take(callerOf(ctx)); later > 0 {
			return quotaExceeded("caller", "too many calls of this caller").after(later)
		}
		if method, _ := grpc.Method(ctx); !cheap[method] && memoryFull() {
			return quotaExceeded("gateway", "memory is short").after(retryMemory)
		}
		return next(ctx)
	})
	return step{
		selector.UnaryServerInterceptor(limit.unary, isOurs),
		selector.StreamServerInterceptor(limit.stream, isOurs),
	}
}
