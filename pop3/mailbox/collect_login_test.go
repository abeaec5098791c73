package mailbox

import (
	"errors"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// expiring returns a rig of three messages whose password changes at the first QUIT, and what collects two of them before it.
func expiring(t *testing.T) (*rig, Collect) {
	t.Helper()
	r := newRig(t, "d1", "d2", "d3")
	r.drop.OnQuit = func(*pop3test.Update) { r.drop.Password = "fresh" }
	return r, Collect{CommitMessages: 2}
}

// TestCollectRenew: a login within the job that is refused, and what the caller does then.
func TestCollectRenew(t *testing.T) {
	fresh := pop3.Credentials{Username: "alice", Password: "fresh"}
	wrong := pop3.Credentials{Username: "alice", Password: "wrong"}
	for name, tc := range map[string]struct {
		needed  func(t *testing.T, c *caller)
		refused bool
		left    string
		took    time.Duration
		logins  int
	}{
		"at once": {func(t *testing.T, c *caller) {
			t.Helper()
			if err := c.Renew(fresh); err != nil {
				t.Error(err)
			}
		}, false, "", 0, 4},
		"late":  {func(_ *testing.T, c *caller) { time.AfterFunc(59*time.Second, func() { _ = c.Renew(fresh) }) }, false, "", 59 * time.Second, 4},
		"never": {func(*testing.T, *caller) {}, true, "d3", time.Minute, 2},
		"wrong each time": {func(_ *testing.T, c *caller) {
			time.Sleep(15 * time.Second)
			_ = c.Renew(wrong)
		}, true, "d3", time.Minute, 6},
		"another user's": {func(t *testing.T, c *caller) {
			t.Helper()
			for _, cr := range []pop3.Credentials{{Username: "bob", Password: "fresh"}, {Username: "alice", Identity: "bob", Password: "fresh"}} {
				if err := c.Renew(cr); !errors.Is(err, ErrUser) {
					t.Error(err)
				}
			}
		}, true, "d3", time.Minute, 2},
		"no more words": {func(_ *testing.T, c *caller) { time.AfterFunc(time.Second, c.HalfClose) }, true, "d3", time.Second, 2},
		"stopped":       {func(_ *testing.T, c *caller) { time.AfterFunc(time.Second, c.Stop) }, false, "d3", time.Second, 2},
	} {
		inBubble(t, name, func(t *testing.T) {
			r, what := expiring(t)
			c := &caller{}
			c.needed = func() { tc.needed(t, c) }
			begin := time.Now()
			_, err := r.collect(t, what, c)
			took := time.Since(begin).Truncate(time.Second)
			_, refused := errors.AsType[*pop3.RefusedError](err)
			if refused != tc.refused || !refused && err != nil || took != tc.took || c.asked != max(tc.logins-2, 1) && tc.left != "" || r.dials != tc.logins {
				t.Errorf("%v after %v, %d questions, %d logins", err, took, c.asked, r.dials)
			}
			if r.over.Wait(); r.left() != tc.left || len(c.commits) == 0 || len(c.cursors) == 0 {
				t.Errorf("%s are left", r.left())
			}
		})
	}
}

// TestCollectRenewAhead: credentials that come before they are asked for are used, and are not asked for.
func TestCollectRenewAhead(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r, what := expiring(t)
		c := &caller{got: func(c *caller, d *Delivery) error {
			return errors.Join(c.Renew(pop3.Credentials{Username: "alice", Password: "fresh"}), c.Settle(ToDelete, d.ID))
		}}
		if _, err := r.collect(t, what, c); err != nil || c.asked != 0 || r.left() != "" {
			t.Errorf("%v, asked %d times, %q left", err, c.asked, r.left())
		}
	})
}

// TestCollectLoginRefused: what is no matter of credentials is not asked for. The batch before it is told.
func TestCollectLoginRefused(t *testing.T) {
	for text, logins := range map[string]int{"[SYS/TEMP] later": 2, "[SYS/PERM] never": 2, "[IN-USE] wait": 7, "maildrop is locked": 7, "[LOGIN-DELAY] wait": 8} {
		inBubble(t, text, func(t *testing.T) {
			r := newRig(t, "d1", "d2", "d3")
			onLogin(2, func(l *pop3test.Login) { l.Refusal = text })(r)
			c := &caller{}
			_, err := r.collect(t, Collect{CommitMessages: 2}, c)
			if refused, ok := errors.AsType[*pop3.RefusedError](err); !ok || refused.Response != "-ERR "+text || r.dials != logins || c.asked > 0 {
				t.Errorf("%v after %d logins", err, r.dials)
			}
			c.want(t, "progress|1 d1|2 d2|COMMITTED d1=deleted d2=deleted|cursor")
		})
	}
}

// TestCollectInUse: the session before may hold the maildrop for a while.
func TestCollectInUse(t *testing.T) {
	inBubble(t, "at the second login", func(t *testing.T) {
		r := newRig(t, "d1", "d2", "d3")
		onLogin(2, func(l *pop3test.Login) {
			if l.Number < 5 {
				l.Refusal = "[IN-USE] wait"
			}
		})(r)
		c := &caller{}
		if _, err := r.collect(t, Collect{CommitMessages: 2}, c); err != nil || r.left() != "" {
			t.Errorf("%v, %s left", err, r.left())
		}
	})
	inBubble(t, "after a connection that was closed", func(t *testing.T) {
		r := newRig(t, "d1", "x2")
		r.drop.Linger = 20 * time.Second
		c := &caller{got: settling}
		if _, err := r.collect(t, Collect{}, c); !errors.Is(err, ErrUnsettled) || r.left() != "x2" {
			t.Errorf("%v, %s left", err, r.left())
		}
		c.want(t, "progress|1 d1|2 x2|COMMITTED d1=deleted|cursor")
	})
}

// TestCollectStopsResting: the caller need not wait for a LOGIN-DELAY.
func TestCollectStopsResting(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newRig(t, "d1", "d2", "d3")
		r.srv.LoginDelay = time.Minute
		c := &caller{before: func(c *caller) { time.AfterFunc(time.Second, c.Stop) }}
		begin := time.Now()
		if _, err := r.collect(t, Collect{CommitMessages: 2}, c); err != nil || time.Since(begin).Truncate(time.Second) != time.Second || r.left() != "d3" {
			t.Errorf("%v after %v, %s left", err, time.Since(begin), r.left())
		}
		c.want(t, "progress|1 d1|2 d2|COMMITTED d1=deleted d2=deleted|cursor|cursor")
	})
}
