package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// healthConfig are the settings of popgate healthcheck.
type healthConfig struct {
	gateway gatewayConfig
	timeout time.Duration
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
	c.gateway.flags(f, "address")
	f.DurationVar(&c.timeout, "timeout", 5*time.Second, "how long to wait")
	return cmd
}

// checkHealth returns the gateway's status, and an error if it is not SERVING.
func checkHealth(ctx context.Context, c healthConfig) (healthpb.HealthCheckResponse_ServingStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	conn, err := c.gateway.connect()
	if err != nil {
		return 0, err
	}
	defer conn.Close() //nolint:errcheck // nothing is lost
	resp, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c.gateway.address, err)
	}
	if resp.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		return 0, fmt.Errorf("%s: %s", c.gateway.address, resp.GetStatus())
	}
	return resp.GetStatus(), nil
}
