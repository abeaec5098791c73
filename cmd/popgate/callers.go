package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/popgate/popgate/server"
)

// callerConfig are the settings of who may call.
type callerConfig struct {
	tlsCert, tlsKey string
	tlsClientCA     string
	callers         string
}

// accepted is what the files of a callerConfig say.
type accepted struct {
	tls     *tls.Config     // nil: plaintext
	callers *server.Callers // nil: no file of callers
	content [sha256.Size]byte
}

// check returns an error where flags do not go together.
func (c callerConfig) check() error {
	if (c.tlsCert == "") != (c.tlsKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	if c.tlsClientCA != "" && c.tlsCert == "" {
		return errors.New("--tls-client-ca needs --tls-cert and --tls-key")
	}
	return nil
}

// load reads the files, each once. content, which tells whether one of them has changed, is there also with an error.
func (c callerConfig) load() (accepted, error) {
	var a accepted
	digest := sha256.New()
	read := func(file string) ([]byte, error) {
		text, err := os.ReadFile(file) //nolint:gosec // the operator names it
		_, _ = fmt.Fprintf(digest, "%q %d %v\n", file, len(text), err)
		_, _ = digest.Write(text) // a hash never fails
		return text, err
	}
	err := c.parse(&a, read)
	digest.Sum(a.content[:0])
	return a, err
}

func (c callerConfig) parse(a *accepted, read func(string) ([]byte, error)) (err error) {
	if c.tlsCert != "" {
		if a.tls, err = c.parseTLS(read); err != nil {
			return err
		}
	}
	if c.callers != "" {
		if a.callers, err = server.LoadCallers(c.callers, read); err != nil {
			return fmt.Errorf("--callers: %w", err)
		}
	}
	return nil
}

func (c callerConfig) parseTLS(read func(string) ([]byte, error)) (*tls.Config, error) {
	cert, errCert := read(c.tlsCert)
	key, errKey := read(c.tlsKey)
	err := cmp.Or(errCert, errKey)
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.X509KeyPair(cert, key)
	}
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if c.tlsClientCA == "" {
		return config, nil
	}
	pem, err := read(c.tlsClientCA)
	if err == nil {
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(pem) {
			err = fmt.Errorf("no certificate in %s", c.tlsClientCA)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("--tls-client-ca: %w", err)
	}
	return config, nil
}

// reloadInterval is how often the files are read anew. Their contents are compared, since that finds whatever way they were replaced:
// in place, by a rename, or by the links that Kubernetes turns to another folder.
const reloadInterval = 5 * time.Second

// reloader puts the files of callers into force when they change.
type reloader struct {
	callerConfig
	reload func(*tls.Config, *server.Callers) error
	told   func(error) // how each attempt ended
	hangup hangup
	log    *slog.Logger
	seen   [sha256.Size]byte // what was tried last
	until  time.Time         // the end of the certificate that is in force; zero: there is none
	warned time.Time         // when it was last said that it is near
}

// warnBefore is how long before its end a certificate is warned of, once a day.
const warnBefore = 7 * 24 * time.Hour

// warn says that the certificate ends soon, or has ended.
func (r *reloader) warn(now time.Time) {
	if r.until.IsZero() || r.until.Sub(now) > warnBefore || now.Sub(r.warned) < 24*time.Hour {
		return
	}
	r.warned = now
	r.log.Warn("the gateway's certificate ends soon, or has ended", "certificate_until", r.until)
}

// end returns the end of the certificate of these files, or zero.
func (a accepted) end() time.Time {
	if a.tls == nil {
		return time.Time{}
	}
	return a.tls.Certificates[0].Leaf.NotAfter
}

// run looks at the files again and again, and at SIGHUP, until ctx ends.
func (r *reloader) run(ctx context.Context) {
	ticker := time.NewTicker(reloadInterval)
	defer ticker.Stop()
	for {
		r.warn(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-r.hangup.signals:
			r.log.Info("SIGHUP: reading the files anew")
			r.hangup.reread()
			r.seen = [sha256.Size]byte{}
		case <-ticker.C:
		}
		r.look()
	}
}

// look reads the files and puts them into force where they have changed. What is wrong is said once, and changes nothing.
func (r *reloader) look() {
	if r.tlsCert == "" && r.callers == "" {
		return
	}
	next, err := r.load()
	if next.content == r.seen {
		return
	}
	r.seen = next.content
	if err == nil {
		err = r.reload(next.tls, next.callers)
	}
	r.told(err)
	if err != nil {
		r.log.Error("the new files of callers are refused, and the old ones stay in force", "error", err)
		return
	}
	attributes := []any{}
	r.until, r.warned = next.end(), time.Time{}
	if next.tls != nil {
		attributes = append(attributes, "certificate_until", r.until)
	}
	r.log.Info("new files of callers are in force", attributes...)
}
