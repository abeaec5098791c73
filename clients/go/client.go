package popgate

import (
	"context"
	"crypto/tls"
	_ "embed"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// Timeout is how long a call may take that is not a stream, where the context has no deadline of its own: the gateway waits for the
// reply to QUIT for 300 seconds.
const Timeout = 330 * time.Second

// serviceConfig is clients/service_config.json: calls that may be repeated are, where the gateway cannot be reached.
//
//go:embed service_config.json
var serviceConfig string

// Options say how to speak with a gateway. The zero value is verified TLS by the system's roots, and plaintext to this machine.
type Options struct {
	// TLS has an own CA (RootCAs), a certificate of the caller (Certificates), or the name that the gateway's has to hold. Where it
	// is not nil it is used to this machine too.
	TLS *tls.Config
	// Token is a bearer token, which goes with every call. It goes over plaintext only where calls do.
	Token string
	// InsecurePlaintext speaks in plaintext with a gateway that is not on this machine: everybody between can read along.
	InsecurePlaintext bool
	// Dial are further options of gRPC.
	Dial []grpc.DialOption
}

// Client is a gateway. It is safe for concurrent use.
type Client struct {
	// Pop3 and Mailbox are the generated stubs, for what the methods here do not offer. Their errors are statuses, which [AsError]
	// decodes.
	Pop3    pb.Pop3ServiceClient
	Mailbox pb.MailboxServiceClient

	conn *grpc.ClientConn
}

// Connect opens a channel to the gateway at a target, such as "popgate.internal.example:9110"; nil is the zero Options. It
// connects at the first call.
func Connect(target string, options *Options) (*Client, error) {
	if options == nil {
		options = new(Options)
	}
	dial := []grpc.DialOption{grpc.WithTransportCredentials(options.transport(target)), grpc.WithDefaultServiceConfig(serviceConfig)}
	if options.Token != "" {
		dial = append(dial, grpc.WithPerRPCCredentials(bearer{options.Token, !options.plaintext(target)}))
	}
	conn, err := grpc.NewClient(target, append(dial, options.Dial...)...)
	if err != nil {
		return nil, fmt.Errorf("popgate: %w", err)
	}
	return &Client{pb.NewPop3ServiceClient(conn), pb.NewMailboxServiceClient(conn), conn}, nil
}

// Close ends all calls. Sessions that are open end by their idle time-out, without QUIT: close them first.
func (c *Client) Close() error { return c.conn.Close() }

func (o *Options) plaintext(target string) bool {
	return o.TLS == nil && (o.InsecurePlaintext || isLocal(target))
}

func (o *Options) transport(target string) credentials.TransportCredentials {
	if o.plaintext(target) {
		return insecure.NewCredentials()
	}
	return credentials.NewTLS(o.TLS)
}

// isLocal reports whether a target is this machine, so that nobody can read along.
func isLocal(target string) bool {
	if strings.HasPrefix(target, "unix:") || strings.HasPrefix(target, "unix-abstract:") {
		return true
	}
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// bearer sends a token with every call (RFC 6750 section 2.1).
type bearer struct {
	token  string
	secure bool
}

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.token}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials.
func (b bearer) RequireTransportSecurity() bool { return b.secure }

// Host is a POP3 server by its name alone: verified TLS on port 995.
func Host(name string) *pb.Server { return &pb.Server{Host: name} }

// Plaintext is a POP3 server without TLS, for tests: a gateway allows logins there only if its operator does.
func Plaintext(host string, port uint32) *pb.Server {
	return &pb.Server{Host: host, Port: &port, Tls: &pb.TlsOptions{Mode: pb.TlsMode_TLS_MODE_PLAINTEXT}}
}

// Password is who logs in by a password.
func Password(username, password string) *pb.Credentials {
	return &pb.Credentials{Username: username, Secret: &pb.Credentials_Password{Password: password}}
}

// AccessToken is who logs in by an OAuth 2.0 access token, of Gmail for instance.
func AccessToken(username, token string) *pb.Credentials {
	return &pb.Credentials{Username: username, Secret: &pb.Credentials_AccessToken{AccessToken: token}}
}
