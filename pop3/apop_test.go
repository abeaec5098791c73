package pop3_test

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
)

// badTimestamps are greetings without a time stamp that is safe (B14).
var badTimestamps = []string{
	"", "<>", "<@>", "<a>", "<a@>", "<@b>", "<a@b", "a@b>", "< a@b>", "<a@b >", "<a b@c>", "<a@b c>", "<a\t@b>", "<a@b@c>", "<<a@b>", "<a<b@c>",
	"<a@b<c>", "<a\x00@b>", "<a\x7f@b>", "<a\x80@b>", "<ä@b>", "<a@\xff>", "<a\r@b>", "<" + strings.Repeat("a", 252) + "@b>", "<a> <a@b>",
}

// TestTimestamp: APOP without a proper time stamp is not tried, and nothing is sent (CVE-2007-1558).
func TestTimestamp(t *testing.T) {
	for _, stamp := range badTimestamps {
		synctest.Test(t, func(t *testing.T) {
			c := pipe(t, plaintext, func(p *peer) {
				p.say("+OK hello " + stamp + "\r\n")
				p.answer("+OK alive\r\n")
			})
			if _, err := c.Apop(t.Context(), "alice", "secret"); !errors.Is(err, pop3.ErrNotOffered) {
				t.Errorf("%q: %v", stamp, err)
			}
			wantAlive(t, c)
		})
	}
	for stamp, digest := range map[string]string{
		"<1@b>":                                "APOP alice 330882fa14f039f1e3bd538481bd3d76",
		"<" + strings.Repeat("a", 251) + "@b>": "",
		"x<1@b>y<2@c>":                         "APOP alice 330882fa14f039f1e3bd538481bd3d76",
	} {
		synctest.Test(t, func(t *testing.T) {
			var line string
			c := pipe(t, plaintext, func(p *peer) {
				p.say("+OK hello " + stamp + "\r\n")
				line = p.hear()
				p.say("+OK in\r\n")
			})
			if _, err := c.Apop(t.Context(), "alice", "secret"); err != nil || digest != "" && line != digest {
				t.Errorf("%q: %q, %v", stamp, line, err)
			}
		})
	}
}

// TestAnyTimestamp: the lenient mode takes all from the first "<" to the last ">", as poplib does.
func TestAnyTimestamp(t *testing.T) {
	for stamp, ok := range map[string]bool{"<>": true, "<a>": true, "<a b> <c>": true, "<\xff>": true, "<a": false, ">a<": false, "": false} {
		synctest.Test(t, func(t *testing.T) {
			c := pipe(t, &pop3.Options{UnsafeAllowPlaintext: true, AllowAnyTimestamp: true}, func(p *peer) {
				p.say("+OK hello " + stamp + "\r\n")
				p.answer("+OK alive\r\n")
			})
			if _, err := c.Apop(t.Context(), "alice", "secret"); ok != (err == nil) {
				t.Errorf("%q: %v", stamp, err)
			}
		})
	}
}

// TestPreparedApop: after UTF8, texts that look alike have one digest (RFC 6856 section 2.2); before it they go as they are.
func TestPreparedApop(t *testing.T) {
	const (
		composed   = "j\u00f6rg \u212b" // the sign of the unit
		decomposed = "jo\u0308rg A\u030a"
		prepared   = "j\u00f6rg \u00c5"
	)
	digest := func(secret string) string {
		sum := md5.Sum([]byte("<1@b>" + secret))
		return hex.EncodeToString(sum[:])
	}
	for _, tt := range []struct{ utf8, secret, sent string }{
		{"", decomposed, decomposed},
		{"C: UTF8\nS: +OK\n", decomposed, prepared},
		{"C: UTF8\nS: +OK\n", composed, prepared},
		{"C: UTF8\nS: +OK\n", "ascii\a", "ascii\a"},
		{"C: UTF8\nS: -ERR\n", decomposed, decomposed},
	} {
		script := "S: +OK <1@b>\n" + tt.utf8 + "C: APOP " + tt.sent + " " + digest(tt.sent) + "\nS: +OK in\n"
		play(t, tt.utf8+tt.secret, script, plaintext, func(t *testing.T, c *pop3.Client) {
			if tt.utf8 != "" {
				_, _ = c.Utf8(t.Context()) // the script says what comes
			}
			response, err := c.Apop(t.Context(), tt.secret, tt.secret)
			want(t, response, err, "+OK in")
		})
	}
	play(t, "forbidden", "S: +OK <1@b>\nC: UTF8\nS: +OK\nC: NOOP\nS: +OK alive\n", plaintext, func(t *testing.T, c *pop3.Client) {
		_, _ = c.Utf8(t.Context())
		_, err := c.Apop(t.Context(), "alice", "\u0627\u0031") // a text from right to left has to end so
		if _, ok := errors.AsType[*pop3.ArgumentError](err); !ok {
			t.Errorf("%v", err)
		}
		wantAlive(t, c)
	})
}
