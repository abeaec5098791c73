package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/channelz/service"
	"google.golang.org/grpc/reflection"

	"github.com/popgate/popgate/server"
)

// adminTimeout is how long the admin listener waits for a request.
const adminTimeout = 10 * time.Second

// serveAdmin serves the admin pages until stop is called. Without --admin-listen it does nothing.
func (c *observeConfig) serveAdmin(ctx context.Context, gateway *server.Server, log *slog.Logger) (stop func(), err error) {
	if c.admin == "" {
		return func() {}, nil
	}
	listener, err := listen(ctx, c.admin)
	if err != nil {
		return nil, fmt.Errorf("--admin-listen: %w", err)
	}
	channelz := grpc.NewServer()
	service.RegisterChannelzServiceToServer(channelz)
	reflection.Register(channelz)
	pages := &http.Server{
		Handler: adminHandler(gateway, channelz, c.pprof), ReadHeaderTimeout: adminTimeout, Protocols: new(http.Protocols),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) }, // they are there during a drain, too
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	pages.Protocols.SetHTTP1(true)
	pages.Protocols.SetUnencryptedHTTP2(true) // for gRPC
	served := make(chan error, 1)
	go func() { served <- pages.Serve(listener) }()
	log.Info("admin pages", "address", listener.Addr().String(), "pprof", c.pprof)
	return func() {
		_ = pages.Close() // nothing there is worth waiting for
		channelz.Stop()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			log.Error("admin pages", "error", err)
		}
	}, nil
}

// adminHandler returns the admin pages, and gRPC's channelz beside them.
func adminHandler(gateway *server.Server, channelz http.Handler, withPprof bool) http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	pages.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !gateway.Ready() {
			http.Error(w, "draining", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
	pages.Handle("GET /metrics", promhttp.HandlerFor(gateway.Metrics(), promhttp.HandlerOpts{}))
	if withPprof {
		pages.HandleFunc("GET /debug/pprof/", pprof.Index)
		pages.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		pages.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		pages.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		pages.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			channelz.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}
