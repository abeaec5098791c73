package server

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Limits of the transport towards callers.
const (
	maxStreams       = 1000
	maxHeaderOctets  = 8 << 10
	readBuffer       = 4 << 10          // of a connection, in octets: requests are small, and connections many and idle
	handshakeTimeout = 10 * time.Second // TLS and HTTP/2 preface
	keepaliveMinimum = 10 * time.Second
	keepalivePing    = time.Minute
	keepaliveTimeout = 20 * time.Second
)

// Server is a gateway.
type Server struct {
	config     Config
	policy     atomic.Pointer[policy]
	admissions admissions
	registry   *registry
	health     *health.Server
	grpc       *grpc.Server
	gatherer   *prometheus.Registry
}

// New assembles a gateway.
func New(config Config) (*Server, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	if config.dial == nil {
		config.dial = (&dialer{targets: config.Targets, sources: config.Sources, proxy: config.Proxy}).DialContext
	}
	s := &Server{
		config:   config,
		registry: newRegistry(config.Replica, config.Limits),
		health:   health.NewServer(),
	}
	s.policy.Store(&policy{tls: forCallers(config.TLS), callers: config.Callers})
	s.registry.quota = func(caller string) int { return s.policy.Load().callers.sessions(caller) }
	s.registry.observer = newObserver(config)
	s.grpc = grpc.NewServer(slices.Concat(s.traced(), s.transport(), s.chainOptions())...)
	services := newService(config, s.registry)
	pb.RegisterPop3ServiceServer(s.grpc, services)
	pb.RegisterMailboxServiceServer(s.grpc, services)
	healthpb.RegisterHealthServer(s.grpc, s.health)
	s.health.SetServingStatus(pb.Pop3Service_ServiceDesc.ServiceName, healthpb.HealthCheckResponse_SERVING)
	s.health.SetServingStatus(pb.MailboxService_ServiceDesc.ServiceName, healthpb.HealthCheckResponse_SERVING)
	reflection.Register(s.grpc) // v1 and v1alpha: older debuggers know only the latter
	if err := s.policy.Load().check(s.grpc.GetServiceInfo()); err != nil {
		return nil, err
	}
	s.gatherer = s.registry.observer.metrics.gatherer(s)
	return s, nil
}

// transport returns the options of the connections to callers.
func (s *Server) transport() []grpc.ServerOption {
	resets := newResets(s.policy.Load, s.resetRefused)
	options := []grpc.ServerOption{
		grpc.InTapHandle(resets.begin),
		grpc.StatsHandler(resets),
		grpc.StatsHandler(accounts{}),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxHeaderListSize(maxHeaderOctets),
		grpc.ReadBufferSize(readBuffer),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: keepaliveMinimum, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: keepalivePing, Timeout: keepaliveTimeout}),
	}
	if s.config.TLS == nil {
		return options
	}
	return append(options, grpc.Creds(newCallerTLS(func() *tls.Config { return s.policy.Load().tls })))
}

// Serve accepts callers on a listener until Shutdown. It returns nil after Shutdown.
func (s *Server) Serve(listener net.Listener) error {
	err := s.grpc.Serve(throttled{netutil.LimitListener(listener, s.config.Limits.Connections)})
	if errors.Is(err, grpc.ErrServerStopped) { // Shutdown came first
		return nil
	}
	return err
}

// Shutdown drains the gateway: it reports NOT_SERVING, lets no new session in, waits for the sessions to end until ctx does, closes
// the rest without QUIT, and returns when every call has returned.
func (s *Server) Shutdown(ctx context.Context) {
	s.health.Shutdown()
	known := s.registry.drain()
	s.registry.waitEmpty(ctx.Done())
	for _, session := range known {
		session.endFromOutside(pb.Cause_CAUSE_DRAINING)
	}
	s.registry.stopJobs()
	s.stop(known)
}

// lastCalls is how long calls get to hand out their errors, and a QUIT that is under way to get its reply.
const lastCalls = 5 * time.Second

// stop ends the transport: gracefully, and then not.
func (s *Server) stop(known []*session) {
	hard := time.AfterFunc(lastCalls, func() {
		for _, session := range known {
			session.end(pb.Cause_CAUSE_DRAINING, pb.CommitOutcome_COMMIT_OUTCOME_UNKNOWN)
		}
		s.grpc.Stop()
	})
	defer hard.Stop()
	s.grpc.GracefulStop()
}
