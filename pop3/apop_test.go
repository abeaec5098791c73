package pop3_test

import (
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
