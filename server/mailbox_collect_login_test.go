package server

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// tokenOf are alice's credentials by a token.
func tokenOf(token string) *pb.Credentials {
	return &pb.Credentials{Username: "alice", Secret: &pb.Credentials_AccessToken{AccessToken: token}}
}

// tokens makes a mailbox take tokens alone: the nth login takes the nth, and all after the last take that.
func (m *mailbox) tokens(tokens ...string) {
	var logins atomic.Int32
	m.Mechanisms = map[string]pop3test.Mechanism{"PLAIN": nil, "XOAUTH2": pop3test.XOAUTH2(func(user, token string) bool {
		n := min(int(logins.Load()), len(tokens)-1)
		if user != "alice" || token != tokens[n] {
			return false
		}
		logins.Add(1)
		return true
	})}
}

// collectByToken collects two batches of one message each. renew is what the caller says when credentials are asked for.
func (g *gateway) collectByToken(t *testing.T, renew func(c *collecting)) (*collecting, []*pb.CredentialsNeeded, error) {
	t.Helper()
	var asked []*pb.CredentialsNeeded
	fetch := &pb.FetchMessagesRequest{Server: anywhere(), Credentials: tokenOf("first")}
	c := g.collect(t, &pb.CollectOpen{CommitMessages: new(uint32(1)), Fetch: fetch})
	err := c.run(t, func(resp *pb.CollectMessagesResponse) {
		if needed := resp.GetCredentialsNeeded(); needed != nil {
			asked = append(asked, needed)
			renew(c)
		}
		for _, id := range whole(resp) {
			c.settle(t, remove, id)
		}
	})
	return c, asked, err
}

// TestCollectRenewed: a token that has expired between two logins is asked for anew, with what the server said, and the new one works.
func TestCollectRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		m.tokens("first", "second")
		g := newGateway(t, m.piped)
		c, asked, err := g.collectByToken(t, func(c *collecting) {
			time.Sleep(59 * time.Second) // it has to ask somebody
			c.say(t, renewalOf(tokenOf("second")))
		})
		if err != nil || len(c.commits) != 2 || len(m.drop.Snapshot()) != 0 || c.summary.GetDelivered() != 2 {
			t.Errorf("%v, %v, %v", err, c.commits, c.summary)
		}
		if len(asked) != 1 {
			t.Fatalf("asked for: %v", asked)
		}
		why := asked[0].GetFailure()
		if why.GetReason() != pb.ErrorReason_ERROR_REASON_LOGIN_FAILED || !strings.HasPrefix(why.GetResponse(), "-ERR [AUTH]") || why.GetResponseCode() != "AUTH" {
			t.Errorf("%v", why)
		}
	})
}

// TestCollectRenewedBefore: credentials that came before they were needed are used, and nobody is asked.
func TestCollectRenewedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 2)
		m.tokens("first", "second")
		g := newGateway(t, m.piped)
		fetch := &pb.FetchMessagesRequest{Server: anywhere(), Credentials: tokenOf("first")}
		c := g.collect(t, &pb.CollectOpen{CommitMessages: new(uint32(1)), Fetch: fetch})
		err := c.run(t, func(resp *pb.CollectMessagesResponse) {
			if resp.GetCredentialsNeeded() != nil {
				t.Error("asked for credentials")
			}
			for _, id := range whole(resp) {
				c.say(t, renewalOf(tokenOf("second")))
				c.settle(t, remove, id)
			}
		})
		if err != nil || len(c.commits) != 2 {
			t.Errorf("%v, %v", err, c.commits)
		}
	})
}

// TestCollectNotRenewed: credentials that do not come within a minute, that are wrong again, or that cannot come, are LOGIN_FAILED;
// what was committed stays so.
func TestCollectNotRenewed(t *testing.T) {
	for name, tt := range map[string]struct {
		renew func(t *testing.T, c *collecting)
		asked int
		took  time.Duration
	}{
		"none":       {func(*testing.T, *collecting) {}, 1, time.Minute},
		"half-close": {func(_ *testing.T, c *collecting) { _ = c.CloseSend() }, 1, 0},
		"wrong ones": {func(t *testing.T, c *collecting) { c.say(t, renewalOf(tokenOf("third"))) }, 2, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 2)
				m.tokens("first", "second")
				g := newGateway(t, m.piped)
				began, said := time.Now(), false
				c, asked, err := g.collectByToken(t, func(c *collecting) {
					if !said {
						tt.renew(t, c)
					}
					said = true
				})
				wantFailure(t, name, err, failure{codes.PermissionDenied, "LOGIN_FAILED", map[string]string{"certain": "true"}})
				if took := time.Since(began).Truncate(time.Second); took != tt.took || len(asked) != tt.asked {
					t.Errorf("asked %d times, %v", len(asked), took)
				}
				if len(c.commits) != 1 || fatesOf(c.commits[0]) != "COMMITTED 1=DELETED" || len(m.drop.Snapshot()) != 1 {
					t.Errorf("%v, %d are left", c.commits, len(m.drop.Snapshot()))
				}
				synctest.Wait()
				if g.registry.live != 0 || m.drop.InUse() {
					t.Error("something is left behind")
				}
			})
		})
	}
}

// TestCollectFirstLogin: the first login has the credentials that it has, and a refusal is the call's.
func TestCollectFirstLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 1)
		m.tokens("other")
		g := newGateway(t, m.piped)
		_, asked, err := g.collectByToken(t, func(*collecting) {})
		wantFailure(t, "first", err, failure{codes.PermissionDenied, "LOGIN_FAILED", nil})
		if len(asked) != 0 {
			t.Errorf("asked: %v", asked)
		}
		g.leftNothing(t, m, 1)
	})
}

// TestCollectSecrets: whatever a server echoes of a secret, neither the log nor the caller sees it.
func TestCollectSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secrets := []string{"canary-first/1", "canary-second~2"}
		in64 := base64.StdEncoding.EncodeToString
		m, log := newMailbox(t, 2), &journal{}
		logins := 0
		m.Intercept = func(line string) (string, bool) {
			verb, arg, _ := strings.Cut(line, " ")
			if verb != "AUTH" {
				return "", false
			}
			if logins++; logins == 1 {
				return "", false
			}
			raw, _ := base64.StdEncoding.DecodeString(arg[strings.LastIndexByte(arg, ' ')+1:])
			return fmt.Sprintf("-ERR [AUTH] %s %s %q\r\n", arg, raw[bytes.LastIndexByte(raw, 0)+1:], raw), true
		}
		m.drop.Password = secrets[0]
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			log.into(c)
		})
		var seen []string
		credentials := func(secret string) *pb.Credentials {
			return &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: secret}}
		}
		c := g.collect(t, &pb.CollectOpen{
			CommitMessages: new(uint32(1)), Fetch: &pb.FetchMessagesRequest{Server: anywhere(), Credentials: credentials(secrets[0])},
		})
		err := c.run(t, func(resp *pb.CollectMessagesResponse) {
			seen = append(seen, fmt.Sprint(resp))
			if resp.GetCredentialsNeeded() != nil && logins == 2 {
				c.say(t, renewalOf(credentials(secrets[1])))
			}
			for _, id := range whole(resp) {
				c.settle(t, remove, id)
			}
		})
		wantFailure(t, "the last login", err, failure{codes.PermissionDenied, "LOGIN_FAILED", nil})
		wrong := g.collect(t, &pb.CollectOpen{Fetch: &pb.FetchMessagesRequest{Server: anywhere(), Credentials: credentials(secrets[1] + "\n")}})
		seen = append(seen, fmt.Sprint(err, infoOf(err), wrong.run(t, nil)))
		<-g.shutdown(0)
		for _, secret := range slices.Clone(secrets) {
			secrets = append(secrets, in64([]byte(secret)), in64([]byte("\x00alice\x00"+secret)))
		}
		wantNoSecret(t, "the caller", seen, secrets...)
		wantNoSecret(t, "the log", []string{log.String()}, secrets...)
		if n := strings.Count(log.String(), `"grpc.method":"CollectMessages"`); n != 2 || logins != 3 || !strings.Contains(strings.Join(seen, ""), "***") {
			t.Errorf("%d lines in the log, %d logins, %q", n, logins, seen)
		}
	})
}
