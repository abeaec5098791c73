package pop3_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

func TestEveryCommand(t *testing.T) {
	ctx := context.Background()
	first := []byte("Subject: one\r\n\r\n.dots\r\n..\r\n")
	drop := pop3test.NewMaildrop("secret", pop3test.NewMessage(first), pop3test.NewMessage(bytes.Repeat([]byte("x\r\n"), 100_000)))
	srv := pop3test.NewServer(map[string]*pop3test.Maildrop{"alice": drop})
	defer srv.Close()
	c, err := pop3.Dial(ctx, srv.Addr, &pop3.Options{TLS: clientTLS(srv)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	caps, _, err := c.Capa(ctx)
	if err != nil || len(caps) == 0 {
		t.Fatal(caps, err)
	}
	if mech, resp, err := c.Auth(ctx, pop3.Credentials{Username: "alice", Password: "secret"}); err != nil || mech != "PLAIN" {
		t.Fatal(mech, resp, err)
	}
	if n, octets, _, err := c.Stat(ctx); n != 2 || octets != int64(300_000+len(first)) || err != nil {
		t.Fatal(n, octets, err)
	}
	l, err := c.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for e, err := range l.Entries() {
		lines = append(lines, e.Line)
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(lines, ","); got != "1 27,2 300000" {
		t.Error(got)
	}
	m, err := c.Retr(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(m); err != nil || !bytes.Equal(got, first) {
		t.Errorf("%q, %v", got, err)
	}
	m, err = c.Top(ctx, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Dele(ctx, 1); err != nil {
		t.Error(err)
	}
	if o, _, err := c.Quit(ctx); o != pop3.Committed || err != nil {
		t.Error(o, err)
	}
}
