package pop3_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/popgate/popgate/pop3"
)

const canary = "hunter2 & Söhne"

// secretive are the calls that send a secret, and the texts that must show nowhere.
var secretive = map[string]struct {
	do     func(ctx context.Context, c *pop3.Client) (string, error)
	hidden []string
}{
	"PASS": {func(ctx context.Context, c *pop3.Client) (string, error) { return c.Pass(ctx, canary) }, []string{canary}},
	"APOP": {func(ctx context.Context, c *pop3.Client) (string, error) { return c.Apop(ctx, "alice", canary) }, []string{canary, apopDigest()}},
	"AUTH": {func(ctx context.Context, c *pop3.Client) (string, error) {
		_, response, err := c.Auth(ctx, pop3.Credentials{Mechanism: "PLAIN", Username: "alice", Password: canary})
		return response, err
	}, []string{canary, "\x00alice\x00" + canary}},
	"AUTH by a token": {func(ctx context.Context, c *pop3.Client) (string, error) {
		_, response, err := c.Auth(ctx, pop3.Credentials{Mechanism: "OAUTHBEARER", Username: "alice", AccessToken: canary})
		return response, err
	}, []string{canary, "n,a=alice,\x01auth=Bearer " + canary + "\x01\x01"}},
	"exchange, initial": {func(ctx context.Context, c *pop3.Client) (string, error) {
		return c.AuthExchange(ctx, "X", []byte(canary), nil)
	}, []string{canary}},
	"exchange": {func(ctx context.Context, c *pop3.Client) (string, error) {
		return c.AuthExchange(ctx, "X", nil, func(pop3.Challenge) ([]byte, error) { return []byte(canary), nil })
	}, []string{canary}},
}

func apopDigest() string {
	sum := md5.Sum([]byte("<1@example.test>" + canary))
	return hex.EncodeToString(sum[:])
}

// echoes are lines in which a server gives a secret away; %s is the secret.
var echoes = []string{
	"-ERR [AUTH] no user with password %s", "-ERR %s", "+OK welcome, %s", "-ERR [%s] no", "-ERR %s%s", "+OK\x00%s",
	"%s", "OK %s", "+%s", "-%s", "+OK%s", "-ERR%s", "-ERR x %sy",
}

// TestSecretsHidden: a secret shows in no response, no error and no trace, also where the server echoes it, plain or in base64, in
// either mode (G1, G4, G6).
func TestSecretsHidden(t *testing.T) {
	encodings := map[string]func(string) string{
		"plain": func(s string) string { return s },
		"base64": func(s string) string {
			return base64.StdEncoding.EncodeToString([]byte(s))
		},
		"unpadded": func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	}
	for name, s := range secretive {
		for _, echo := range echoes {
			for _, encode := range encodings {
				for _, lenient := range []bool{false, true} {
					for _, hidden := range s.hidden {
						synctest.Test(t, func(t *testing.T) {
							line := strings.ReplaceAll(echo, "%s", encode(hidden)) + "\r\n"
							seen := show(t, line, lenient, name == "exchange", s.do)
							for _, secret := range s.hidden {
								for _, encode := range encodings {
									if strings.Contains(seen, encode(secret)) {
										t.Errorf("%s, lenient %v, %q shows %q: %q", name, lenient, line, encode(secret), seen)
									}
								}
							}
						})
					}
				}
			}
		}
	}
}

// show returns all that a client lets out about a call that a server answers with a line.
func show(t *testing.T, line string, lenient, challenge bool, do func(ctx context.Context, c *pop3.Client) (string, error)) string {
	t.Helper()
	var seen strings.Builder
	trace := pop3.NewTrace(func(e pop3.Event) { fmt.Fprintln(&seen, e.Line) })
	trace.SetLevel(pop3.TraceLines)
	c := greeted(t, &pop3.Options{UnsafeAllowPlaintext: true, LenientStatus: lenient, Trace: trace}, func(p *peer) {
		if challenge {
			p.answer("+ \r\n")
		}
		p.answer(line, "-ERR\r\n")
	})
	response, err := do(t.Context(), c)
	fmt.Fprintf(&seen, "%s\n%v\n%+v\n", response, err, err)
	if refused, ok := errors.AsType[*pop3.RefusedError](err); ok {
		fmt.Fprintf(&seen, "%s\n%s\n", refused.Response, refused.Code)
	}
	return seen.String()
}

// TestRedacted: what stands in place of a secret, and what of the line stays.
func TestRedacted(t *testing.T) {
	for _, tc := range []struct{ password, line, want string }{
		{"hunter2", "-ERR [AUTH] hunter2 is wrong, hunter2!", "-ERR [AUTH] *** is wrong, ***!"},
		{"hunter2", "-ERR aHVudGVyMg== is wrong", "-ERR ***== is wrong"},
		{"OK", "+OK you're OK", "+OK you're ***"},
		{"ERR", "-ERR ERR", "-ERR ***"},
		{"E", "-ERR [AUTH] WE", "-ERR [AUTH] W***"},
		{" x", "-ERR x and y", "-ERR ***"},
		{"+OK welcome", "+OK welcome", "+OK ***"},
		{"R bad", "-ERR bad", "-ERR ***"},
		{"*", "-ERR a*b", "-ERR ***"},
		{" ", "-ERR a b", "-ERR a***b"},
		{"aa", "-ERR aaa", "-ERR ***a"},
		{"", "-ERR nothing to hide", "-ERR nothing to hide"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) { p.answer(tc.line+"\r\n", "-ERR hunter2\r\n") })
			response, err := c.Pass(t.Context(), tc.password)
			if refused, ok := errors.AsType[*pop3.RefusedError](err); ok {
				response = refused.Response
			}
			if response != tc.want {
				t.Errorf("%q: %q, want %q", tc.password, response, tc.want)
			}
			// It is hidden for as long as its command runs, and then forgotten.
			_, err = c.Noop(t.Context())
			wantRefused(t, err, pop3.RefusedError{Command: "NOOP", Response: "-ERR hunter2"})
		})
	}
}

// TestRedactedLongest: of two secrets, one of which begins the other, no part shows.
func TestRedactedLongest(t *testing.T) {
	for _, secrets := range [][2]string{{"hunter2", "hunter2 & more"}, {"hunter2 & more", "hunter2"}} {
		synctest.Test(t, func(t *testing.T) {
			c := greeted(t, plaintext, func(p *peer) { p.answer("+ \r\n", "-ERR hunter2 & more\r\n") })
			_, err := c.AuthExchange(t.Context(), "X", []byte(secrets[0]), func(pop3.Challenge) ([]byte, error) { return []byte(secrets[1]), nil })
			wantRefused(t, err, pop3.RefusedError{Command: "AUTH", Response: "-ERR ***"})
		})
	}
}

// TestTrace: what is told at which level.
func TestTrace(t *testing.T) {
	said := []string{
		"+OK hi <1@example.test>\r\n", "+OK\r\n", "+OK in\r\n", "+OK\r\nX-CAP\r\n.\r\n", "+OK\r\n1 2\r\n.\r\n",
		"+OK\r\nSubject: x\r\n\r\n..\r\n" + strings.Repeat("y", 3000) + "\r\nno end", "\r\n.\r\n", "+OK bye\r\n",
	}
	commands := []string{"> USER alice", "> PASS ***", "> CAPA", "> LIST", "> RETR 1", "> QUIT"}
	all := []string{
		"< +OK hi <1@example.test>", "> USER alice", "< +OK", "> PASS ***", "< +OK in", "> CAPA", "< +OK", "< X-CAP", "< .",
		"> LIST", "< +OK", "< 1 2", "< .", "> RETR 1", "< +OK", "< Subject: x", "< ", "< ..", "< " + strings.Repeat("y", 1024), "< no end", "< .",
		"> QUIT", "< +OK bye",
	}
	replies := slices.DeleteFunc(slices.Clone(all), func(line string) bool {
		return !strings.HasPrefix(line, "> ") && !strings.HasPrefix(line, "< +OK")
	})
	for level, wanted := range [][]string{nil, commands, replies, all} {
		inBubble(t, fmt.Sprint(level), func(t *testing.T) {
			var told []string
			trace := pop3.NewTrace(func(e pop3.Event) {
				mark := "< "
				if e.Sent {
					mark = "> "
				}
				if e.Time.IsZero() {
					t.Error("no time")
				}
				if e.Level > level {
					t.Errorf("level %d at %d", e.Level, level)
				}
				told = append(told, mark+e.Line)
			})
			trace.SetLevel(level)
			c := pipe(t, &pop3.Options{UnsafeAllowPlaintext: true, Trace: trace}, func(p *peer) {
				p.say(said[0])
				for _, reply := range said[1:] {
					if reply != said[6] {
						p.hear()
					}
					p.say(reply)
				}
			})
			_, err1 := c.User(t.Context(), "alice")
			_, err2 := c.Pass(t.Context(), "secret")
			_, _, err3 := c.Capa(t.Context())
			err4 := readListing(c.List(t.Context()))
			err5 := readMessage(c.Retr(t.Context(), 1))
			_, _, err6 := c.Quit(t.Context())
			if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
				t.Fatal(err)
			}
			if strings.Join(told, "\n") != strings.Join(wanted, "\n") {
				t.Errorf("%q", told)
			}
		})
	}
}

// TestTraceLevelChanges: a level that rises in the middle of a message tells from there on, and nothing from before.
func TestTraceLevelChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		trace := pop3.NewTrace(func(e pop3.Event) { told = append(told, e.Line) })
		c := greeted(t, &pop3.Options{Trace: trace}, func(p *peer) { p.answer("+OK\r\nold line\r\nhalf a line\r\nnew\r\n.\r\n") })
		m, err := c.Retr(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, level := range []int{-1, 9, 2, pop3.TraceLines} {
			trace.SetLevel(level)
			if _, err := m.Read(make([]byte, 7)); err != nil {
				t.Fatal(err)
			}
		}
		if err := readMessage(m, nil); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(told, "|"); got != "e||new|." {
			t.Errorf("%q", got)
		}
	})
}
