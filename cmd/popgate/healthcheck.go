package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// healthConfig are the settings of popgate healthcheck.
type healthConfig struct {
	address    string
	tls        bool
	tlsCA      string
	serverName string
	timeout    time.Duration
}

func healthcheckCommand() *cobra.Command {
	var c healthConfig
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a gateway whether it serves",
		Long:  "Ask a gateway by grpc.health.v1.Health whether it serves. The exit status is 0 if it does, else 1.",
		Example: `  popgate healthcheck
  popgate healthcheck --address popgate.internal.example:9110 --tls-ca ca.pem`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			status, err := checkHealth(cmd.Context(), c)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), status)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.address, "address", defaultListen, "`address` of the gateway")
	f.BoolVar(&c.tls, "tls", false, "use TLS, verified by the system's roots")
	f.StringVar(&c.tlsCA, "tls-ca", "", "use TLS, verified by the certificates in this PEM `file`")
	f.StringVar(&c.serverName, "tls-server-name", "", "`name` that the certificate has to hold, in place of the address")
	f.DurationVar(&c.timeout, "timeout", 5*time.Second, "how long to wait")
	return cmd
}

// checkHealth returns the gateway's status, and an error if it is not SERVING.
func checkHealth(ctx context.Context, c healthConfig) (healthpb.HealthCheckResponse_ServingStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	creds := insecure.NewCredentials()
	if c.tls || c.tlsCA != "" || c.serverName != "" {
		config := &tls.Config{ServerName: c.serverName, MinVersion: tls.VersionTLS12}
		if c.tlsCA != "" {
			var err error
			if config.RootCAs, err = certPool(c.tlsCA); err != nil {
				return 0, fmt.Errorf("--tls-ca: %w", err)
			}
		}
		creds = credentials.NewTLS(config)
	}
	conn, err := grpc.NewClient(c.address, grpc.WithTransportCredentials(creds))
	if err != nil {
		return 0, err
	}
	defer conn.Close() //nolint:errcheck // nothing is lost
	resp, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c.address, err)
	}
	if resp.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		return 0, fmt.Errorf("%s: %s", c.address, resp.GetStatus())
	}
	return resp.GetStatus(), nil
}
