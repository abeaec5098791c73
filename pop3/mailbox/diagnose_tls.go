package mailbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/popgate/popgate/pop3"
)

// soon is how long before its end a certificate should be renewed, unless it has more than two thirds of its life behind it anyway.
const soon = 14 * 24 * time.Hour

// maxNames is how many names of a certificate stand in a text.
const maxNames = 10

// inspect looks why TLS was refused. Where that does not show it is the given finding.
func (d *diagnosing) inspect(ctx context.Context, err *pop3.BrokenError, otherwise Finding) {
	state, failed := pop3.InspectTLS(ctx, d.address, &d.opts)
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err.Err); ok && failed != nil {
		state.PeerCertificates = certificate.UnverifiedCertificates
	}
	d.judgeTLS(state)
	if !d.found(TLSVersionOld, CertificateExpired, CertificateNameWrong, CertificateUntrusted) {
		d.add(otherwise, d.at+": "+d.brokenText(err))
	}
}

// judgeTLS tells what is wrong with TLS.
func (d *diagnosing) judgeTLS(state tls.ConnectionState) {
	if len(state.PeerCertificates) == 0 {
		return
	}
	d.TLS = &state
	if state.Version != 0 && state.Version < tls.VersionTLS12 {
		d.add(TLSVersionOld, "the server speaks "+tls.VersionName(state.Version)+" and nothing later")
	}
	config := d.opts.TLS
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	now := time.Now()
	if config.Time != nil {
		now = config.Time()
	}
	leaf := state.PeerCertificates[0]
	d.judgeDates(leaf, now)
	if name := cmp.Or(config.ServerName, d.host); leaf.VerifyHostname(name) != nil {
		d.add(CertificateNameWrong, "the certificate is for "+namesOf(leaf)+", and not for "+name)
	}
	if len(state.VerifiedChains) == 0 {
		d.judgeTrust(state, config.RootCAs, now)
	}
}

// judgeDates tells whether it is time for a new certificate.
func (d *diagnosing) judgeDates(leaf *x509.Certificate, now time.Time) {
	left, life := leaf.NotAfter.Sub(now), leaf.NotAfter.Sub(leaf.NotBefore)
	switch day := leaf.NotAfter.UTC().Format(time.DateOnly); {
	case left < 0:
		d.add(CertificateExpired, "the certificate has expired on "+day)
	case now.Before(leaf.NotBefore):
		d.add(CertificateUntrusted, "the certificate is valid only from "+leaf.NotBefore.UTC().Format(time.DateTime))
	case left < soon && left < life/3:
		d.add(CertificateExpiresSoon, "the certificate expires on "+day)
	}
}

// judgeTrust tells whether the chain leads to an authority that is trusted, whatever the names and the dates of the certificate are.
func (d *diagnosing) judgeTrust(state tls.ConnectionState, roots *x509.CertPool, now time.Time) {
	leaf := state.PeerCertificates[0]
	if now.After(leaf.NotAfter) {
		now = leaf.NotAfter
	}
	if now.Before(leaf.NotBefore) {
		now = leaf.NotBefore
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: now}
	for _, certificate := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(certificate)
	}
	if _, err := leaf.Verify(options); err != nil {
		d.add(CertificateUntrusted, fmt.Sprintf("the certificate of %s, signed by %s, is refused: %v", leaf.Subject, leaf.Issuer, err))
	}
}

// CertificateNames returns the DNS names and the IP addresses that a certificate is for.
func CertificateNames(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// namesOf returns names for a text.
func namesOf(c *x509.Certificate) string {
	names := CertificateNames(c)
	switch {
	case len(names) == 0:
		return "no name"
	case len(names) > maxNames:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNames], ", "), len(names)-maxNames)
	}
	return strings.Join(names, ", ")
}
