package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/popgate/popgate/server"
)

// wrong finds what serve would find wrong with its settings and the files that they name. It does not listen.
func (c serveConfig) wrong(flags *pflag.FlagSet) error {
	config, _, err := c.assemble(flags)
	if err != nil {
		return err
	}
	gateway, err := server.New(config)
	if err != nil {
		return withOrigins(err, flags)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	gateway.Shutdown(over)
	return nil
}

// assemble makes the configuration of a gateway of the settings, and reads the files that they name. Errors say where the settings stand.
func (c serveConfig) assemble(flags *pflag.FlagSet) (server.Config, accepted, error) {
	config, callers, err := c.gateway(flags)
	return config, callers, withOrigins(err, flags)
}

func (c serveConfig) gateway(flags *pflag.FlagSet) (server.Config, accepted, error) {
	if err := cmp.Or(checkLimits(flags, c.limits), c.observe.check()); err != nil {
		return server.Config{}, accepted{}, err
	}
	callers, err := c.open()
	if err != nil {
		return server.Config{}, accepted{}, err
	}
	proxy, err := proxyOf(c)
	if err != nil {
		return server.Config{}, accepted{}, err
	}
	return server.Config{
		Replica: c.replica, TLS: callers.tls, Callers: callers.callers,
		Targets: c.allowTargets.targets, Proxy: proxy, Sources: c.sources.sources,
		UnsafeAllowPlaintext: c.unsafeAllowPlaintext, UnsafeAllowUnverifiedTLS: c.unsafeAllowUnverifiedTLS,
		Limits: c.limits,
	}, callers, nil
}

// open reads the files of callers, and sees to it that plaintext stays at home.
func (c serveConfig) open() (accepted, error) {
	if err := c.check(); err != nil {
		return accepted{}, err
	}
	callers, err := c.load()
	if err != nil {
		return accepted{}, err
	}
	if err := checkAddress(c.listen); err != nil && c.listen != socketOfSystemd {
		return accepted{}, fmt.Errorf("--listen: %w", err)
	}
	if c.exposed() && !c.unsafeAllowPlaintextCallers {
		return accepted{}, fmt.Errorf("--listen %s: only loopback without TLS; give --tls-cert and --tls-key", c.listen)
	}
	return callers, nil
}

// checkAddress finds an address that nobody could listen on.
func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.DefaultResolver.LookupPort(context.Background(), "tcp", port)
	}
	return err
}

// exposed reports whether callers come over a network in plaintext.
func (c serveConfig) exposed() bool { return c.tlsCert == "" && !isLoopback(c.listen) }

// proxyOf returns the proxy for outgoing connections, or nil. No error shows a secret.
func proxyOf(c serveConfig) (*server.Proxy, error) {
	if c.proxy == "" {
		if c.proxyCredentials != "" {
			return nil, errors.New("--proxy-credentials needs --proxy")
		}
		return nil, nil //nolint:nilnil // none is no error
	}
	proxy, err := server.ParseProxy(c.proxy)
	if err != nil {
		return nil, fmt.Errorf("--proxy: %w", err)
	}
	if c.proxyCredentials != "" {
		credentials, err := os.ReadFile(c.proxyCredentials)
		if err != nil {
			return nil, fmt.Errorf("--proxy-credentials: %w", err)
		}
		if err := proxy.SetCredentials(strings.TrimRight(string(credentials), "\r\n")); err != nil {
			return nil, fmt.Errorf("--proxy-credentials %s: %w", c.proxyCredentials, err)
		}
	}
	return proxy, nil
}

// certPool reads PEM certificates.
func certPool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", file)
	}
	return pool, nil
}

// isLoopback reports whether an address to listen on is reached from this host alone.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
