package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/server"
)

// gatewayConfig are the settings of who calls a gateway.
type gatewayConfig struct {
	address         string
	tls             bool
	tlsCA           string
	serverName      string
	clientCert, key string
	tokenFile       string
}

// flags defines the flags; name is that of the address.
func (c *gatewayConfig) flags(f *pflag.FlagSet, name string) {
	f.StringVar(&c.address, name, defaultListen, "`address` of the gateway")
	f.BoolVar(&c.tls, "tls", false, "use TLS, verified by the system's roots")
	f.StringVar(&c.tlsCA, "tls-ca", "", "use TLS, verified by the certificates in this PEM `file`")
	f.StringVar(&c.serverName, "tls-server-name", "", "`name` that the certificate has to hold, in place of the address")
}

// callerFlags defines the flags of who shows a certificate or a token.
func (c *gatewayConfig) callerFlags(f *pflag.FlagSet) {
	f.StringVar(&c.clientCert, "tls-client-cert", "", "PEM `file` with the certificate chain to show to the gateway")
	f.StringVar(&c.key, "tls-client-key", "", "PEM `file` with its private key")
	f.StringVar(&c.tokenFile, "token-file", "", "`file` with the bearer token to show to the gateway")
}

func (c *gatewayConfig) secure() bool {
	return c.tls || c.tlsCA != "" || c.serverName != "" || c.clientCert != "" || c.key != ""
}

// connect returns a connection, which is made at the first call.
func (c *gatewayConfig) connect() (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	if c.secure() {
		config, err := c.tlsConfig()
		if err != nil {
			return nil, err
		}
		transport = credentials.NewTLS(config)
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(transport)}
	if c.tokenFile != "" {
		token, err := os.ReadFile(c.tokenFile)
		if err != nil {
			return nil, fmt.Errorf("--token-file: %w", err)
		}
		options = append(options, grpc.WithPerRPCCredentials(bearer(strings.TrimSpace(string(token)))))
	}
	return grpc.NewClient(c.address, options...)
}

func (c *gatewayConfig) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{ServerName: c.serverName, MinVersion: tls.VersionTLS12}
	if c.tlsCA != "" {
		var err error
		if config.RootCAs, err = certPool(c.tlsCA); err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
	}
	if c.clientCert != "" || c.key != "" {
		pair, err := tls.LoadX509KeyPair(c.clientCert, c.key)
		if err != nil {
			return nil, fmt.Errorf("--tls-client-cert and --tls-client-key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// bearer is a token to show with each call.
type bearer string

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials: checkSecrets knows better, since loopback needs none.
func (b bearer) RequireTransportSecurity() bool { return false }

// checkSecrets returns an error where a secret would go to the gateway for all to read.
func (c *gatewayConfig) checkSecrets() error {
	if c.secure() || isLoopback(c.address) {
		return nil
	}
	return &usageError{fmt.Errorf("--gateway %s: only loopback without TLS; give --tls, --tls-ca, or --direct", c.address)}
}

// directOctets is how much may be under way between the command and its own gateway.
const directOctets = 1 << 20

// direct returns a connection to a gateway inside this process, which listens nowhere and reaches one POP3 server. stop ends both.
func direct(to *pb.Server, config server.Config) (conn *grpc.ClientConn, stop func(), err error) {
	target := net.JoinHostPort(to.GetHost(), strconv.Itoa(int(serverPort(to))))
	if config.Targets, err = server.OnlyTargets(target); err != nil {
		return nil, nil, err
	}
	gateway, err := server.New(config)
	if err != nil {
		return nil, nil, err
	}
	listener := bufconn.Listen(directOctets)
	served := make(chan error, 1)
	go func() { served <- gateway.Serve(listener) }()
	dial := func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
	conn, err = grpc.NewClient("passthrough:///direct", grpc.WithContextDialer(dial), grpc.WithTransportCredentials(insecure.NewCredentials()))
	stop = func() {
		if conn != nil {
			_ = conn.Close()
		}
		now, cancel := context.WithCancel(context.Background())
		cancel()
		gateway.Shutdown(now)
		<-served //nolint:errcheck // it was asked to end
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return conn, stop, nil
}

// serverPort returns the port of a server, as the contract says it.
func serverPort(to *pb.Server) uint32 {
	switch mode := to.GetTls().GetMode(); {
	case to.Port != nil:
		return to.GetPort()
	case mode == pb.TlsMode_TLS_MODE_STLS, mode == pb.TlsMode_TLS_MODE_PLAINTEXT:
		return 110
	}
	return 995
}
