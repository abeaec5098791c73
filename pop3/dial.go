package pop3

import (
	"context"
	"crypto/tls"
	"net"
)

// Dial connects to a server, sets up TLS as Options.Mode says, and reads the greeting. Without a port the address means 995, or
// 110 where the mode is STLS or Plaintext.
//
// Errors: a *DialError where no connection came about; a *BrokenError where it broke or TLS failed; a *RefusedError whose
// Command is "" where the greeting, or "STLS" where STLS was refused. An error has closed the connection.
func Dial(ctx context.Context, address string, opts *Options) (*Client, error) {
	if opts == nil {
		opts = &Options{}
	}
	host, port, mode := SplitAddress(address, opts.Mode)
	address = net.JoinHostPort(host, port)
	conn, err := connect(ctx, address, opts)
	if err != nil {
		return nil, &DialError{Address: address, Err: err}
	}
	c := New(conn, opts)
	c.address = address
	if err := c.open(ctx, mode, configFor(host, opts.TLS)); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// SplitAddress returns host and port of an address as Dial takes it, and the mode that they ask for where it is Automatic.
func SplitAddress(address string, mode Mode) (host, port string, _ Mode) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, ""
		if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
			host = host[1 : n-1]
		}
	}
	if mode == Automatic {
		mode = STLS
		if port == "" || port == "995" || port == "pop3s" {
			mode = Implicit
		}
	}
	if port == "" {
		port = "110"
		if mode == Implicit {
			port = "995"
		}
	}
	return host, port, mode
}

func connect(ctx context.Context, address string, opts *Options) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, opts.Timeouts.withDefaults().Connect)
	defer cancel()
	dial := opts.DialContext
	if dial == nil {
		dial = new(Dialer).DialContext
	}
	return dial(ctx, "tcp", address)
}

// open sets up TLS and reads the greeting.
func (c *Client) open(ctx context.Context, mode Mode, config *tls.Config) error {
	if mode == Implicit {
		if err := c.begin(ctx, "", c.opts.Timeouts.Handshake); err != nil {
			return err
		}
		if err := c.end(c.handshake(config)); err != nil {
			return err
		}
	}
	if _, err := c.Welcome(ctx); err != nil {
		return err
	}
	if mode == STLS {
		_, err := c.Stls(ctx, config)
		return err
	}
	return nil
}

// configFor completes a TLS configuration for a host.
func configFor(host string, config *tls.Config) *tls.Config {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	if config.ServerName == "" {
		config.ServerName = host
	}
	return config
}
