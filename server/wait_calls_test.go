package server

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// deleteNothing deletes a message that is not there, as a user, and returns the header.
func (g *gateway) deleteNothing(ctx context.Context, user string) (header metadata.MD, err error) {
	credentials := alicesMailbox()
	credentials.Username = user
	_, err = g.mailboxes().DeleteMessages(ctx, &pb.DeleteMessagesRequest{
		Server: anywhere(), Credentials: credentials, Messages: []*pb.MessageToDelete{{UniqueId: "none"}},
	}, grpc.Header(&header))
	return header, err
}

// dials notes when a gateway connects, from its start on.
func dials(c *Config) *[]time.Duration {
	begun, dial, all := time.Now(), c.dial, &[]time.Duration{}
	c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		*all = append(*all, time.Since(begun))
		return dial(ctx, network, address)
	}
	return all
}

// seconds rounds what header and log say, since a call takes some milliseconds by itself.
func seconds(ms any) string {
	n, err := strconv.ParseFloat(fmt.Sprint(ms), 64)
	if err != nil {
		return fmt.Sprint(ms)
	}
	return fmt.Sprint(time.Duration(n * float64(time.Millisecond)).Round(100 * time.Millisecond))
}

// waitedIn returns what the lines of the log about MailboxService say of waiting.
func waitedIn(t *testing.T, log *journal) (all []string) {
	t.Helper()
	for _, entry := range log.entries(t) {
		if entry["grpc.service"] == "popgate.v1.MailboxService" {
			all = append(all, fmt.Sprint(entry["grpc.code"], " ", seconds(entry[waitedField])))
		}
	}
	slices.Sort(all)
	return all
}

// TestWaited: the header and the log say how long a call waited for the mailbox, for a place at the host and for its login.
func TestWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, log := newMailbox(t, 1), &journal{}
		arrived, release := m.hold(t, "UIDL")
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			log.into(c)
			c.Limits.SessionsPerHost, c.Limits.LoginsPerSecond = 1, 0.1
		})
		waited := make(chan string, 3)
		call := func(user string) {
			header, _ := g.deleteNothing(t.Context(), user)
			waited <- user + " " + seconds(strings.Join(header.Get(waitedHeader), ","))
		}
		go call("alice")
		<-arrived
		go call("alice") // for the mailbox, then for its login
		synctest.Wait()
		time.Sleep(time.Second)
		go call("bob") // for a place, then for its login, which is refused: before an error there is no header
		synctest.Wait()
		time.Sleep(3 * time.Second)
		release()
		var got []string
		for range 3 {
			got = append(got, <-waited)
		}
		slices.Sort(got)
		if want := []string{"alice 0s", "alice 20s", "bob "}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		<-g.shutdown(0)
		if got, want := waitedIn(t, log), []string{"OK 0s", "OK 20s", "PermissionDenied 9s"}; !slices.Equal(got, want) {
			t.Errorf("in the log %q, want %q", got, want)
		}
	})
}

// TestWaitedInVain: the log says how long a call waited that was not let in. At the deadline the caller cancels, too.
func TestWaitedInVain(t *testing.T) {
	for name, limit := range map[string]func(*Limits){
		"place": func(l *Limits) { l.SessionsPerHost = 1 },
		"login": func(l *Limits) { l.LoginsPerSecond = 0.001 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, log := newMailbox(t, 1), &journal{}
				arrived, release := m.hold(t, "UIDL")
				g := newGateway(t, func(c *Config) {
					m.piped(c)
					log.into(c)
					limit(&c.Limits)
				})
				running := make(chan error, 1)
				go func() {
					_, err := g.deleteNothing(t.Context(), "alice")
					running <- err
				}()
				<-arrived
				late, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				if _, err := g.deleteNothing(late, "bob"); err == nil {
					t.Error("let in")
				}
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				_, err := g.deleteNothing(ctx, "bob")
				wantFailure(t, "cancelled", err, failure{codes.Canceled, "", nil})
				release()
				if err := <-running; err != nil {
					t.Error(err)
				}
				synctest.Wait()
				got := strings.Join(waitedIn(t, log), ", ")
				if got != "Canceled 1s, Canceled 2s, OK 0s" && got != "Canceled 1s, OK 0s, ResourceExhausted 2s" {
					t.Error(got)
				}
				if n := g.registry.live; n != 0 {
					t.Errorf("%d places", n)
				}
			})
		})
	}
}

// TestWaitersDrain: whatever a call waits for, the drain ends the wait at once, so that the caller goes to another replica.
func TestWaitersDrain(t *testing.T) {
	for name, tt := range map[string]struct {
		user  string
		limit func(*Limits)
	}{
		"mailbox": {"alice", func(*Limits) {}},
		"place":   {"bob", func(l *Limits) { l.SessionsPerHost = 1 }},
		"login":   {"bob", func(l *Limits) { l.LoginsPerSecond = 0.001 }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 1)
				arrived, release := m.hold(t, "UIDL")
				g := newGateway(t, func(c *Config) {
					m.piped(c)
					tt.limit(&c.Limits)
				})
				running, waiting := make(chan error, 1), make(chan error, 3)
				go func() {
					_, err := g.deleteNothing(t.Context(), "alice")
					running <- err
				}()
				<-arrived
				for range cap(waiting) {
					go func() {
						_, err := g.deleteNothing(t.Context(), tt.user)
						waiting <- err
					}()
				}
				synctest.Wait()
				begun := time.Now()
				drained := g.shutdown(time.Minute)
				for range cap(waiting) {
					wantFailure(t, "a call that waits", <-waiting, drains)
				}
				if d := time.Since(begun); d != 0 {
					t.Errorf("after %v", d)
				}
				release()
				if err := <-running; err != nil {
					t.Errorf("the call that runs: %v", err)
				}
				<-drained
			})
		})
	}
}

// TestLaterLogin: a login inside a call waits as the first one does. The time that it waited is in the log, and too late for the header.
func TestLaterLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, log := newMailbox(t, 2), &journal{}
		var at *[]time.Duration
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			at = dials(c)
			log.into(c)
			c.Limits.LoginsPerSecond = 0.5
		})
		id := m.drop.UniqueIDs()[0]
		m.Intercept = func(line string) (string, bool) {
			return "-ERR not now\r\n", line == "QUIT" // it is looked what became of the message
		}
		var first metadata.MD
		resp, err := g.mailboxes().DeleteMessages(t.Context(), &pb.DeleteMessagesRequest{
			Server: anywhere(), Credentials: alicesMailbox(), Messages: []*pb.MessageToDelete{{UniqueId: id}},
		}, grpc.Header(&first))
		if err != nil || resp.GetMessages()[0].GetOutcome() != pb.DeleteOutcome_DELETE_OUTCOME_KEPT {
			t.Errorf("%v, %v", resp, err)
		}
		second, err := g.deleteNothing(t.Context(), "alice")
		if err != nil {
			t.Error(err)
		}
		if want := []time.Duration{0, 2 * time.Second, 4 * time.Second, 6 * time.Second}; !slices.Equal(*at, want) {
			t.Errorf("logged in at %v, want %v", *at, want)
		}
		<-g.shutdown(0)
		if got, want := waitedIn(t, log), []string{"OK 2s", "OK 4s"}; !slices.Equal(got, want) {
			t.Errorf("in the log %q, want %q", got, want)
		}
		if got := first.Get(waitedHeader)[0] + " " + seconds(second.Get(waitedHeader)[0]); got != "0 2s" {
			t.Errorf("in the headers %s", got)
		}
	})
}

// TestErrorsCanBeRepeated: a call that gets no answer but an error gets no header before it, or no gRPC library would repeat it, though
// the error asks for that.
func TestErrorsCanBeRepeated(t *testing.T) {
	m := newMailbox(t, 1)
	g := newGateway(t, m.piped)
	var header metadata.MD
	request := &pb.DeleteMessagesRequest{
		Server: anywhere(), Credentials: &pb.Credentials{Username: "alice", Secret: &pb.Credentials_Password{Password: "wrong"}},
		Messages: []*pb.MessageToDelete{{UniqueId: "none"}},
	}
	_, err := g.mailboxes().DeleteMessages(t.Context(), request, grpc.Header(&header))
	wantFailure(t, "DeleteMessages", err, failure{codes.PermissionDenied, "LOGIN_FAILED", nil})
	if len(header.Get(waitedHeader)) > 0 {
		t.Errorf("header %v before the error", header)
	}
	request.Credentials.Secret = &pb.Credentials_Password{Password: password}
	if _, err := g.mailboxes().DeleteMessages(t.Context(), request, grpc.Header(&header)); err != nil || len(header.Get(waitedHeader)) != 1 {
		t.Errorf("%v, header %v", err, header)
	}
}
