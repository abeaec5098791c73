package server

import (
	"context"
	"math"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// wantQuota checks that a call is refused by a limit of this subject, and returns when to try again.
func wantQuota(t *testing.T, what string, err error, subject string) time.Duration {
	t.Helper()
	wantFailure(t, what, err, failure{codes.ResourceExhausted, "QUOTA_EXCEEDED", map[string]string{}})
	quota := detailOf[*errdetails.QuotaFailure](err)
	if violations := quota.GetViolations(); len(violations) != 1 || violations[0].GetSubject() != subject {
		t.Errorf("%s: QuotaFailure %v, want %s", what, quota, subject)
	}
	return detailOf[*errdetails.RetryInfo](err).GetRetryDelay().AsDuration().Round(time.Second / 100)
}

// A hundred wrong passwords through the gateway: three reach the server at once, and each next one after a longer pause (D10).
func TestPasswordsAreNotTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		g := newGateway(t, m.piped)
		try := func(user, secret string) error {
			id, err := g.openAt(t, "mail.example")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := g.User(t.Context(), &pb.UserRequest{SessionId: id, Username: user}); err != nil {
				t.Fatal(err)
			}
			_, err = g.Pass(t.Context(), &pb.PassRequest{SessionId: id, Password: secret})
			if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
				t.Fatal(err)
			}
			return err
		}
		var pauses []time.Duration
		for i := range 100 {
			err := try("alice", strconv.Itoa(i))
			if reasonOf(err) == "ERROR_REASON_LOGIN_FAILED" {
				continue
			}
			pause := wantQuota(t, "a wrong password", err, "user")
			if len(pauses) < 6 {
				pauses = append(pauses, pause)
				time.Sleep(pause)
			}
		}
		want := []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 15 * time.Second, 15 * time.Second}
		for i := range want {
			if i >= len(pauses) || pauses[i] != want[i] {
				t.Errorf("pauses %v, want %v", pauses, want)
				break
			}
		}
		if n := m.sent("PASS"); n != 3+len(want) {
			t.Errorf("%d passwords reached the server", n)
		}
		wantQuota(t, "the right password in a pause", try("alice", password), "user")
		wantQuota(t, "the same user, to most servers", try("ALiCE", password), "user")
		if err := try("bob", password); reasonOf(err) == "ERROR_REASON_QUOTA_EXCEEDED" {
			t.Errorf("another user: %v", err)
		}
		time.Sleep(15 * time.Second)
		for range 2 { // forgotten after a login that works
			if err := try("alice", password); err != nil {
				t.Errorf("after the pause: %v", err)
			}
		}
	})
}

// The jobs of MailboxService share the count, and send nothing in a pause.
func TestJobsAreNotTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		g := newGateway(t, m.piped)
		list := func(secret string) error {
			stream, err := pb.NewMailboxServiceClient(g.conn).ListMessages(t.Context(), &pb.ListMessagesRequest{
				Server: anywhere(), Credentials: &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: secret}},
			})
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = stream.Recv()
			}
			return err
		}
		for range 3 {
			wantFailure(t, "a wrong password", list("wrong"), failure{codes.PermissionDenied, "LOGIN_FAILED", nil})
		}
		before := len(m.Commands())
		wantQuota(t, "the fourth", list(password), "user")
		if len(m.Commands()) != before {
			t.Errorf("sent %q", m.Commands()[before:])
		}
	})
}

func TestPenalties(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPenalties(2)
		var under []func(failed, worked bool)
		for range loginsAtOnce {
			done, later := p.begin("a")
			if later != 0 {
				t.Fatalf("waits %v", later)
			}
			under = append(under, done)
		}
		if _, later := p.begin("a"); later == 0 {
			t.Error("any number of logins may be under way")
		}
		if _, later := p.begin("b"); later != 0 {
			t.Error("one holds up another")
		}
		under[0](false, false) // the connection was lost, say: neither
		under[1](true, false)
		under[2](true, false)
		time.Sleep(firstPause)
		if _, later := p.begin("a"); later == 0 {
			t.Error("there are more at once after failures")
		}
		for _, done := range under[3:] {
			done(false, true)
		}
		if p.each["a"] != nil {
			t.Errorf("%+v is left", p.each["a"])
		}
	})
}

// What is remembered of callers, hosts and users stays bounded.
func TestPenaltiesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, r := newPenalties(1), newRates(1, 1)
		for i := range 3 * mostLimiters {
			done, _ := p.begin(strconv.Itoa(i))
			done(true, false)
			r.take(strconv.Itoa(i))
			if i%mostLimiters == mostLimiters-1 {
				time.Sleep(time.Hour)
			}
		}
		if len(p.each) > mostLimiters || len(r.each) > mostLimiters {
			t.Errorf("%d failures, %d rates", len(p.each), len(r.each))
		}
	})
}

// TestPenaltiesAreSeldomLookedThrough: many that cannot be forgotten yet are not looked through for each login anew, while all others wait.
func TestPenaltiesAreSeldomLookedThrough(t *testing.T) {
	p := newPenalties(1)
	times := 0
	for i := range 8 * mostLimiters {
		before := p.enough
		done, _ := p.begin(strconv.Itoa(i))
		done(true, false)
		if p.enough != before {
			times++
		}
	}
	if len(p.each) != 8*mostLimiters || times != 3 { // at one, two and four times as many
		t.Errorf("%d failures were looked through %d times", len(p.each), times)
	}
}

// TestRatesAreSeldomLookedThrough: many who have taken all there is are not looked through for each new one, while all others wait.
func TestRatesAreSeldomLookedThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRates(1, 1)
		times := 0
		take := func(name string) {
			before := r.enough
			r.take(name)
			if r.enough != before {
				times++
			}
		}
		for i := range 8 * mostLimiters {
			take(strconv.Itoa(i))
		}
		if len(r.each) != 8*mostLimiters || times != 3 { // at one, two and four times as many
			t.Errorf("%d rates were looked through %d times", len(r.each), times)
		}
		time.Sleep(time.Second)
		take("one more")
		if len(r.each) != 1 || r.enough != mostLimiters {
			t.Errorf("%d are remembered, and looked through at %d", len(r.each), r.enough)
		}
	})
}

func TestCallsPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		g := newGuarded(t, func(c *Config) {
			m.piped(c)
			c.Limits.CallsPerSecondPerCaller = 2
		})
		mine, theirs := pb.NewPop3ServiceClient(g.named(t, "mine.test")), pb.NewPop3ServiceClient(g.named(t, "theirs.test"))
		open := func(c pb.Pop3ServiceClient) error {
			_, err := c.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
			return err
		}
		for range 2 {
			if err := open(mine); err != nil {
				t.Fatal(err)
			}
		}
		if again := wantQuota(t, "the third call", open(mine), "caller"); again != time.Second/2 {
			t.Errorf("again after %v", again)
		}
		if err := open(theirs); err != nil {
			t.Errorf("another caller: %v", err)
		}
		time.Sleep(time.Second / 2)
		if err := open(mine); err != nil {
			t.Errorf("half a second later: %v", err)
		}
	})
}

func TestLoginsPerSecondPerCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			c.Limits.LoginsPerSecondPerCaller = 0.1
		})
		login := func() error {
			_, err := g.Apop(t.Context(), &pb.ApopRequest{SessionId: g.openSession(t, anywhere()), Username: "alice", Secret: "wrong"})
			return err
		}
		wantFailure(t, "the first login", login(), failure{codes.PermissionDenied, "LOGIN_FAILED", nil})
		if again := wantQuota(t, "the second", login(), "caller"); again != 10*time.Second {
			t.Errorf("again after %v", again)
		}
		time.Sleep(10 * time.Second)
		wantFailure(t, "10 s later", login(), failure{codes.PermissionDenied, "LOGIN_FAILED", nil})
	})
}

// Logins of both services take turns at a host; one of Pop3Service does not wait so long that the server hangs up.
func TestLoginsPerSecondOfSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			c.Limits.LoginsPerSecond = 0.05
		})
		begun := time.Now()
		login := func() (time.Duration, error) {
			id := g.openSession(t, anywhere())
			_, err := g.Rpop(t.Context(), &pb.RpopRequest{SessionId: id, Username: "alice"})
			return time.Since(begun), err
		}
		done := make(chan error, 3)
		for range 3 {
			go func() {
				_, err := login()
				done <- err
			}()
			synctest.Wait()
		}
		refused := 0
		for range 3 {
			err := <-done
			if reasonOf(err) == "ERROR_REASON_QUOTA_EXCEEDED" {
				refused++
				wantQuota(t, "the third", err, "host")
			}
		}
		if refused != 1 || m.sent("RPOP") != 2 || time.Since(begun) != loginWait {
			t.Errorf("%d refused, %d sent, after %v", refused, m.sent("RPOP"), time.Since(begun))
		}
	})
}

// TestLoginWaitEnds: a login that waits for its turn at the host ends with its session, whatever ends that.
func TestLoginWaitEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(t *testing.T, g *gateway, id string)
		want failure
	}{
		"CloseSession": {
			func(t *testing.T, g *gateway, id string) {
				if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
					t.Error(err)
				}
			},
			failure{codes.FailedPrecondition, "SESSION_ENDED", nil},
		},
		"drain": {func(_ *testing.T, g *gateway, _ string) { g.shutdown(0) }, failure{codes.Unavailable, "DRAINING", nil}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 0)
				g := newGateway(t, func(c *Config) {
					m.piped(c)
					c.Limits.LoginsPerSecond = 0.01
				})
				_, err := g.Rpop(t.Context(), &pb.RpopRequest{SessionId: g.openSession(t, anywhere()), Username: "alice"})
				wantFailure(t, "the first login", err, failure{codes.PermissionDenied, "LOGIN_FAILED", nil}) // but it had its turn
				id := g.openSession(t, anywhere())
				waiting := make(chan error, 1)
				go func() {
					_, err := g.Rpop(t.Context(), &pb.RpopRequest{SessionId: id, Username: "alice"})
					waiting <- err
				}()
				synctest.Wait()
				begun := time.Now()
				tt.end(t, g, id)
				wantFailure(t, "the login", <-waiting, tt.want)
				if waited := time.Since(begun); waited != 0 {
					t.Errorf("waited for another %v", waited)
				}
				if n := m.sent("RPOP"); n != 1 {
					t.Errorf("%d RPOP", n)
				}
			})
		})
	}
}

// TestLoginThatPanics: a defect in a login takes no place of those that may be under way for ever.
func TestLoginThatPanics(t *testing.T) {
	g := newGateway(t, newMailbox(t, 0).piped)
	session, err := g.registry.find(everyone, g.openSession(t, anywhere()))
	if err != nil {
		t.Fatal(err)
	}
	s := newService(g.config, g.registry)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		ctx := context.WithValue(t.Context(), sessionKey{}, session)
		_, _ = s.signIn(ctx, func() string { return "alice" }, func(*pop3.Client, context.Context) (string, error) { panic("a defect") })
	}()
	if n := len(s.penalties.each); n != 0 {
		t.Errorf("%d logins are under way", n)
	}
}

// A caller gets its octets at the rate that the operator has set; its stream waits for them, whole.
func TestOctetsPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			c.Limits.OctetsPerSecondPerCaller = frameSize
			c.Limits.SendStall = time.Second
		})
		m.drop.Add(pop3test.NewMessage([]byte(strings.Repeat("a line\r\n", frameSize/2))))
		id := g.openSession(t, anywhere())
		g.login(t, id, "alice", password)
		begun := time.Now()
		stream, err := g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})
		if err != nil {
			t.Fatal(err)
		}
		octets := 0
		for {
			resp, err := stream.Recv()
			if err != nil {
				break
			}
			octets += len(resp.GetData())
		}
		if took := time.Since(begun); octets != 8*frameSize/2 || took < 2*time.Second || took > 4*time.Second {
			t.Errorf("%d octets in %v", octets, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		stream, err = g.Retr(ctx, &pb.RetrRequest{SessionId: id, MessageNumber: 1})
		for err == nil {
			_, err = stream.Recv()
		}
		if code := status.Code(err); code != codes.DeadlineExceeded && code != codes.Canceled {
			t.Errorf("a deadline while the stream waits: %v", err)
		}
	})
}

// Where memory is short, calls that take more of it are refused; sessions live on and can be ended (F17).
func TestMemoryIsShort(t *testing.T) {
	m := newMailbox(t, 1)
	g := newGateway(t, m.piped)
	id := g.openSession(t, anywhere())
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	if memoryFull() {
		t.Error("memory is full without a limit")
	}
	if use := memoryInUse(); use == 0 || use > 8<<30 {
		t.Errorf("%d octets in use", use)
	}
	g.login(t, id, "alice", password)
	debug.SetMemoryLimit(1 << 20)
	_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: anywhere()})
	if again := wantQuota(t, "OpenSession", err, "gateway"); again != retryMemory {
		t.Errorf("again after %v", again)
	}
	stream, err := g.Retr(t.Context(), &pb.RetrRequest{SessionId: id, MessageNumber: 1})
	if err == nil {
		_, err = stream.Recv()
	}
	wantQuota(t, "Retr", err, "gateway")
	if _, err := g.Noop(t.Context(), &pb.NoopRequest{SessionId: id}); err != nil {
		t.Errorf("Noop: %v", err)
	}
	if _, err := g.Quit(t.Context(), &pb.QuitRequest{SessionId: id}); err != nil {
		t.Errorf("Quit: %v", err)
	}
}
