package mailbox

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/popgate/popgate/pop3"
	"github.com/popgate/popgate/pop3/pop3test"
)

// drowsy is a server's connection whose end the server sees late, and holds the maildrop until then.
type drowsy struct{ net.Conn }

const drowsiness = 200 * time.Millisecond

func (d drowsy) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	if err != nil {
		time.Sleep(drowsiness)
	}
	return n, err
}

// newDrowsyRig returns a rig whose server takes any number of connections at a time, and sees the end of each late.
func newDrowsyRig(t *testing.T, ids ...string) *rig {
	t.Helper()
	r := newRig(t, ids...)
	r.opts.DialContext = func(context.Context, string, string) (net.Conn, error) {
		r.dials++
		client, server := pop3test.Pipe()
		r.over.Go(func() { r.srv.ServeConn(drowsy{server}) })
		return client, nil
	}
	return r
}

// TestHangUp: the server has seen the end of a job that sends no QUIT when the job is over, so that the next one can log in.
func TestHangUp(t *testing.T) {
	for name, job := range map[string]func(ctx context.Context, r *rig) error{
		"fetch": func(ctx context.Context, r *rig) error {
			_, err := r.Fetch(ctx, Fetch{}, &recorder{})
			return err
		},
		"fetch nothing": func(ctx context.Context, r *rig) error {
			_, err := r.Fetch(ctx, Fetch{Selection: Selection{UniqueIDs: []string{"none"}}}, &recorder{})
			return err
		},
		"list with headers": func(ctx context.Context, r *rig) error {
			_, err := r.List(ctx, true, func(Item, []byte, *pop3.RefusedError) error { return nil })
			return err
		},
		"list for one that has enough": func(ctx context.Context, r *rig) error {
			_, err := r.List(ctx, false, func(Item, []byte, *pop3.RefusedError) error { return errSink })
			if !errors.Is(err, errSink) {
				return errors.New("the error of the sink is lost")
			}
			return nil
		},
		"fetch for one that wants none": func(ctx context.Context, r *rig) error {
			if _, err := r.Fetch(ctx, Fetch{}, &recorder{at: "progress"}); !errors.Is(err, errSink) {
				return errors.New("the error of the sink is lost")
			}
			return nil
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newDrowsyRig(t, "a", "b", "c")
			for range 3 {
				if err := job(t.Context(), r); err != nil {
					t.Fatal(err)
				}
				if r.drop.InUse() {
					t.Error("the maildrop is locked still")
				}
			}
			if r.sent("QUIT") > 0 || r.dials != 3 {
				t.Errorf("%d times QUIT, %d logins", r.sent("QUIT"), r.dials)
			}
		})
	}
}

// TestHangUpLast: what there is to deliver is delivered before the server is waited for, the cursor too.
func TestHangUpLast(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		r := newDrowsyRig(t, "a", "b")
		sink := &recorder{at: "cursor"}
		begin := time.Now()
		var handedOut time.Time
		_, err := r.Fetch(t.Context(), Fetch{}, &timed{sink, &handedOut})
		if !errors.Is(err, errSink) || time.Since(handedOut) != drowsiness || handedOut.Sub(begin) >= drowsiness {
			t.Errorf("%v, %v, %v", err, handedOut.Sub(begin), time.Since(handedOut))
		}
		sink.want(t, "progress|1 a|2 b|cursor")
	})
}

// timed is a Sink that notes when it gets a cursor.
type timed struct {
	*recorder

	at *time.Time
}

func (s *timed) Cursor(cursor []byte) error {
	*s.at = time.Now()
	return s.recorder.Cursor(cursor)
}

// TestHangUpBetweenLogins: a job that logs in twice does not meet the lock of its own first login.
func TestHangUpBetweenLogins(t *testing.T) {
	for name, job := range map[string]func(t *testing.T, r *rig) error{
		"diagnose": func(t *testing.T, r *rig) error {
			t.Helper()
			report, err := r.Diagnose(t.Context(), "hangup.example:110", r.opts)
			if err == nil && (report.Maildrop == nil || report.Maildrop.UniqueIDsStable == nil) {
				t.Errorf("%s, without a second login", dump(report))
			}
			return err
		},
		"collect, and one is never settled": func(t *testing.T, r *rig) error {
			t.Helper()
			_, err := r.collect(t, Collect{AckTimeout: time.Minute}, &caller{got: func(c *caller, d *Delivery) error {
				if d.UniqueID == "b" {
					return nil
				}
				return c.Settle(ToDelete, d.ID)
			}})
			if !errors.Is(err, ErrUnsettled) || r.left() != "b" || r.sent("QUIT") != 1 {
				t.Errorf("%v, %s left, %d times QUIT", err, r.left(), r.sent("QUIT"))
			}
			return nil
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			r := newDrowsyRig(t, "a", "b", "c")
			logins, refused := 0, 0
			r.opts.Observe = func(_ context.Context, d pop3.Done) {
				if d.Command == "AUTH" {
					logins++
				}
				if d.Command == "AUTH" && d.Err != nil {
					refused++
				}
			}
			if err := job(t, r); err != nil {
				t.Fatal(err)
			}
			if logins != 2 || refused > 0 {
				t.Errorf("%d logins, of which %d were refused", logins, refused)
			}
		})
	}
}

// TestHangUpForNobody: the look at what a lost QUIT has deleted does not wait for the server where the caller waits no more.
func TestHangUpForNobody(t *testing.T) {
	for name, wait := range map[string]time.Duration{"cancelled": 0, "not cancelled": drowsiness} {
		inBubble(t, name, func(t *testing.T) {
			r := newDrowsyRig(t, "a", "b")
			ctx, cancel := contextOf(t)
			onQuit(1, func(u *pop3test.Update) {
				u.NoReply = true
				if wait == 0 {
					cancel()
				}
			})(r)
			var known time.Time
			r.opts.Observe = func(context.Context, pop3.Done) { known = time.Now() }
			d, err := r.Delete(ctx, targets("a"))
			if err != nil || d.Outcome != pop3.Unknown || d.Fates[0] != Deleted || r.dials != 2 {
				t.Errorf("%+v, %v, %d logins", d, err, r.dials)
			}
			if took := time.Since(known); took != wait {
				t.Errorf("it took %v when all was known, want %v", took, wait)
			}
		})
	}
}
