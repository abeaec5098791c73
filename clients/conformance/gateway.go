package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/popgate/popgate/server"
)

// gatewaySpec is a gateway: in plaintext, with logins over plaintext allowed, unless it says otherwise.
type gatewaySpec struct {
	// TLS is "address" for a certificate of 127.0.0.1, "name" for one of gateway.example, and "mutual" for one of 127.0.0.1 where
	// callers have to have a certificate too.
	TLS string `yaml:"tls"`
	// Strict allows no login over plaintext.
	Strict bool `yaml:"strict"`
	// Sessions is the greatest number of sessions of a caller; Idle is the idle time-out, Stall how long a caller may not read a
	// stream, both in seconds.
	Sessions int `yaml:"sessions"`
	Idle     int `yaml:"idle"`
	Stall    int `yaml:"stall"`
	// Callers are those that it knows, by their tokens: the methods that each may call. Without them it asks for no token.
	Callers map[string][]string `yaml:"callers"`
	// Front is what stands before it: "cut", which cuts connections when a server says so; "stall", which lets nothing through to
	// the client from then on, until no server's maildrop is in use; "relay", which gives its own value to the session header;
	// "damage", which also spoils an octet of each message.
	Front string `yaml:"front"`
}

// gateway is one that runs.
type gateway struct {
	*server.Server

	addr   string
	served chan error
}

// startGateway starts a gateway that may dial the targets.
func startGateway(spec gatewaySpec, targets []string, ca *authority) (*gateway, error) {
	allowed, err := server.ParseTargets(targets)
	if err != nil {
		return nil, err
	}
	config := server.Config{Replica: "one", Targets: allowed, UnsafeAllowPlaintext: !spec.Strict}
	config.Limits.SessionsPerCaller, config.Limits.IdleTimeout = spec.Sessions, time.Duration(spec.Idle)*time.Second
	config.Limits.SendStall = time.Duration(spec.Stall) * time.Second
	if config.Callers, err = spec.callers(); err != nil {
		return nil, err
	}
	if config.TLS, err = ca.server(spec.TLS); err != nil {
		return nil, err
	}
	s, err := server.New(config)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback
	if err != nil {
		return nil, err
	}
	g := &gateway{s, listener.Addr().String(), make(chan error, 1)}
	go func() { g.served <- s.Serve(listener) }()
	return g, nil
}

// callers returns the callers, each with a role of its own, or nil. A file says them, as an operator's does.
func (spec *gatewaySpec) callers() (*server.Callers, error) {
	if spec.Callers == nil {
		return nil, nil //nolint:nilnil // everybody may call
	}
	roles, callers := map[string]any{}, []any{}
	for token, methods := range spec.Callers {
		digest := sha256.Sum256([]byte(token))
		name := hex.EncodeToString(digest[:])
		roles[name] = map[string]any{"methods": methods}
		callers = append(callers, map[string]any{"name": name, "role": name, "token-sha256": name})
	}
	text, err := yaml.Marshal(map[string]any{"roles": roles, "callers": callers})
	if err != nil {
		return nil, err
	}
	return server.LoadCallers("callers.yaml", func(string) ([]byte, error) { return text, nil })
}

// close ends the gateway, its sessions too.
func (g *gateway) close() {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	g.Shutdown(now)
	<-g.served //nolint:errcheck // it was asked to end
}

// authority is a certificate authority for one run.
type authority struct {
	dir  string // of files
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes one, whose certificate is in ca.pem; other.pem is that of another one.
func newAuthority(dir string) (*authority, error) {
	var ca *authority
	for _, file := range []string{"other.pem", "ca.pem"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "conformance " + file}, IsCA: true,
			BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			return nil, err
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			return nil, err
		}
		ca = &authority{dir, cert, key}
	}
	return ca, nil
}

// server returns a gateway's TLS, or nil.
func (a *authority) server(kind string) (*tls.Config, error) {
	if kind == "" {
		return nil, nil //nolint:nilnil // plaintext
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "gateway"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	if kind == "name" {
		template.DNSNames = []string{"gateway.example"}
	} else {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	if kind == "mutual" {
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AddCert(a.cert)
	}
	return config, nil
}
