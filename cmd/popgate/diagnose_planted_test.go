package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3/pop3test"
)

// patient is a server to plant a defect in.
type patient struct {
	*pop3test.Server

	drop *pop3test.Maildrop
	cert *x509.Certificate // of its own, where it is not nil
}

// planted are the defects, the arguments that find them, the findings from WARNING on, and the exit status.
var planted = []struct {
	name   string
	plant  func(p *patient)
	args   string
	want   string
	status int
}{
	{"none", func(*patient) {}, "", "", 0},
	{"expired certificate", func(p *patient) { p.cert = certificate(-time.Hour, "localhost") }, "", "CERTIFICATE_EXPIRED", 4},
	{"wrong name", func(p *patient) { p.cert = certificate(1000*time.Hour, "other.example") }, "", "CERTIFICATE_NAME_WRONG", 4},
	{"TLS 1.0 alone", func(p *patient) {
		p.cert = certificate(1000*time.Hour, "localhost")
		p.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}
	}, "", "TLS_VERSION_OLD", 4},
	{"no STLS", func(p *patient) { p.NoSTLS = true }, "", "STLS_MISSING", 4},
	{"no UIDL", func(p *patient) {
		p.Capabilities = []string{"TOP", "PIPELINING", "SASL PLAIN", "STLS"}
		p.Intercept = refusingAll("UIDL")
	}, "", "UIDL_MISSING", 3},
	{"unstable ids", func(p *patient) { p.drop.OnLogin = pop3test.RenameAtLogin }, "", "UNIQUE_IDS_UNSTABLE", 4},
	{"duplicate ids", func(p *patient) {
		p.Intercept = func(line string) (string, bool) {
			return "+OK\r\n1 a\r\n2 b\r\n3 b\r\n4 c\r\n5 d\r\n.\r\n", line == "UIDL"
		}
	}, "", "UNIQUE_IDS_DUPLICATE", 3},
	{"TOP ignores its count", func(p *patient) {
		const message = "Subject: one\r\n\r\nbody\r\n"
		p.drop.Messages[0] = pop3test.NewMessage([]byte(message))
		p.Intercept = func(line string) (string, bool) { return "+OK\r\n" + message + ".\r\n", line == "TOP 1 0" }
	}, "", "TOP_IGNORES_COUNT", 3},
	{"false sizes", func(p *patient) {
		p.Intercept = func(line string) (string, bool) {
			return "+OK\r\n1 10\r\n2 20\r\n3 30\r\n4 40\r\n5 50\r\n.\r\n", line == "LIST"
		}
	}, "", "SIZES_WRONG", 0},
	{"lying PIPELINING", func(p *patient) { p.Listener = &spoiling{p.Listener, deafToMore} }, "--unsafe-plaintext --io-timeout 5s", "PIPELINING_BROKEN", 3},
	{"closes on CAPA", func(p *patient) { p.Listener = &spoiling{p.Listener, closingOnCapa} }, "--unsafe-plaintext", "CAPA_CLOSES", 3},
	{"LOGIN-DELAY", func(p *patient) { p.LoginDelay = 300 * time.Second }, "", "LOGIN_DELAY", 3},
}

// TestDiagnosePlanted: popgate diagnose finds and names each defect, and nothing else from WARNING on, and ends with the status that
// its help tells. What else can be wrong is tested where it is found out, in pop3/mailbox.
func TestDiagnosePlanted(t *testing.T) {
	t.Setenv("POPGATE_PASSWORD", password)
	for _, defect := range planted {
		t.Run(defect.name, func(t *testing.T) {
			var drop *pop3test.Maildrop
			address, ca := admit(t, func(p *patient) {
				drop = p.drop
				defect.plant(p)
			})
			args := []string{"diagnose", "--direct", "--user", "alice", "--pop3-ca", ca, "--pop3-server-name", "localhost", address}
			args = append(args, strings.Fields(defect.args)...)

			var text, object, complaints bytes.Buffer
			err := run(t.Context(), args, &text, &complaints)
			if got := exitStatus(err); got != defect.status {
				t.Errorf("exit status %d, %v", got, err)
			}
			for finding := range strings.FieldsSeq(defect.want) {
				if !strings.Contains(text.String(), " "+finding+": ") {
					t.Errorf("the report does not name %s:\n%s", finding, &text)
				}
			}
			if strings.Contains(text.String()+complaints.String(), password) {
				t.Error("the password is shown")
			}
			if defect.args != "" {
				return // once is enough of what takes seconds
			}
			eventually(t, func() error {
				if drop.InUse() {
					return errors.New("the server has not seen yet that the connection before is closed")
				}
				return nil
			})
			if err := run(t.Context(), append(args, "--json"), &object, &complaints); exitStatus(err) != defect.status {
				t.Errorf("with --json: %v", err)
			}
			if got := findingsOf(t, object.Bytes()); got != defect.want {
				t.Errorf("found %q, want %q", got, defect.want)
			}
		})
	}
}

// findingsOf returns the names of the findings in a JSON object, but those that say how the server is built.
func findingsOf(t *testing.T, object []byte) string {
	t.Helper()
	var look struct {
		Report struct {
			Findings []struct {
				Finding string `json:"finding"`
				Text    string `json:"text"`
				Remedy  string `json:"remedy"`
			} `json:"findings"`
		} `json:"report"`
	}
	if err := json.Unmarshal(object, &look); err != nil {
		t.Fatalf("%v: %s", err, object)
	}
	var names []string
	for _, f := range look.Report.Findings {
		if f.Text == "" || f.Remedy == "" {
			t.Errorf("%+v", f)
		}
		if name := strings.TrimPrefix(f.Finding, "FINDING_"); name != "PLAINTEXT_LOGIN" {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// admit starts a server with a defect, and returns its address and the file of its CA.
func admit(t *testing.T, plant func(*patient)) (address, ca string) {
	t.Helper()
	drop := pop3test.SampleMaildrop()
	drop.Password = password
	p := &patient{Server: pop3test.NewUnstartedServer(map[string]*pop3test.Maildrop{"alice": drop}), drop: drop}
	plant(p)
	if p.cert != nil {
		if p.TLS == nil {
			p.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		p.TLS.Certificates = []tls.Certificate{selfSigned(t, p.cert)}
	}
	p.Start()
	t.Cleanup(p.Close)
	trusted := p.CertificatePEM()
	if p.cert != nil {
		trusted = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.TLS.Certificates[0].Certificate[0]})
	}
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, trusted, 0o600); err != nil {
		t.Fatal(err)
	}
	return p.Addr, ca
}

// certificate returns what a certificate is to say that is good for so long, for a name.
func certificate(left time.Duration, name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(3), DNSNames: []string{name}, NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(left),
		IsCA: true, BasicConstraintsValid: true,
	}
}

func selfSigned(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// refusingAll refuses a command.
func refusingAll(command string) func(string) (string, bool) {
	return func(line string) (string, bool) { return "-ERR what?\r\n", line == command }
}

// spoiling is a listener whose connections read what spoil makes of each segment that comes.
type spoiling struct {
	net.Listener

	spoil func(segment []byte) ([]byte, error)
}

func (l *spoiling) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &spoiled{conn, l.spoil}, nil
}

type spoiled struct {
	net.Conn

	spoil func([]byte) ([]byte, error)
}

func (c *spoiled) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		return n, err
	}
	segment, err := c.spoil(slices.Clone(p[:n]))
	return copy(p, segment), err
}

// deafToMore loses what came together with a command, as servers do that read a line and throw the rest away.
func deafToMore(segment []byte) ([]byte, error) {
	line, _, _ := bytes.Cut(segment, []byte("\n"))
	return append(line, '\n'), nil
}

// closingOnCapa ends the connection at CAPA.
func closingOnCapa(segment []byte) ([]byte, error) {
	if bytes.HasPrefix(segment, []byte("CAPA")) {
		return nil, fmt.Errorf("hung up: %w", net.ErrClosed)
	}
	return segment, nil
}
