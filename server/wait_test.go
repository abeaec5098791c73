package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// waitingRoom is a service whose waiting is looked at without calls.
type waitingRoom struct {
	*service
	mu       sync.Mutex
	admitted []string // who got a place, in this order
	held     [][2]string
}

func newWaitingRoom(limits Limits) *waitingRoom {
	limits = limits.withDefaults()
	return &waitingRoom{service: newService(Config{Limits: limits}, newRegistry("r", limits))}
}

// waits starts calls of a caller that wait for a place at a host, in order, and returns what cancels the last one.
func (w *waitingRoom) waits(t *testing.T, caller, host string, calls int) (cancel func()) {
	for range calls {
		ctx, stop := context.WithCancel(t.Context())
		cancel = stop
		go func() {
			if w.place(ctx, caller, host) == nil {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.admitted = append(w.admitted, caller)
				w.held = append(w.held, [2]string{caller, host})
			}
		}()
		synctest.Wait()
	}
	return cancel
}

// leaves gives back, one after the other, the places that were got, as long as there are any.
func (w *waitingRoom) leaves() {
	for len(w.held) > 0 {
		p := w.held[0]
		w.held = w.held[1:]
		w.registry.free(p[0], p[1])
		synctest.Wait()
	}
}

// wantEmpty fails the test where something is left of calls.
func (w *waitingRoom) wantEmpty(t *testing.T) {
	t.Helper()
	r := w.registry
	if r.live+len(r.callers)+len(r.hosts)+len(r.waiters) != 0 {
		t.Errorf("left are %d places, of %v at %v, and %d waiters", r.live, r.callers, r.hosts, len(r.waiters))
	}
	if n := len(w.places.queue) + len(w.logins.queue) + len(w.mailboxes.queue); n != 0 {
		t.Errorf("%d turns are left", n)
	}
}

// TestHostQueue: callers that wait are served in turn, and the calls of each in order of arrival; one that no place helps holds up no other.
func TestHostQueue(t *testing.T) {
	type calls struct {
		caller, host string
		n            int
	}
	for name, tt := range map[string]struct {
		limits Limits
		first  []calls // these are let in at once
		queue  []calls
		want   string
	}{
		"three callers": {
			Limits{SessionsPerHost: 1}, []calls{{"x", "h", 1}}, []calls{{"a", "h", 3}, {"b", "h", 2}, {"c", "h", 1}},
			"x a b c a b a",
		},
		"a hundred calls": {
			Limits{SessionsPerHost: 1}, []calls{{"a", "h", 1}}, []calls{{"a", "h", 100}, {"b", "h", 1}},
			"a a b" + strings.Repeat(" a", 99),
		},
		"two places": {
			Limits{SessionsPerHost: 2}, []calls{{"a", "h", 2}}, []calls{{"a", "h", 4}, {"b", "h", 2}},
			"a a a b a b a a",
		},
		"full gateway": {
			Limits{Sessions: 1}, []calls{{"a", "g", 1}}, []calls{{"a", "g", 5}, {"b", "h", 2}},
			"a a b a b a a a",
		},
		"another host": {
			Limits{SessionsPerHost: 1}, []calls{{"a", "g", 1}, {"b", "h", 1}}, []calls{{"c", "g", 2}, {"d", "h", 2}},
			"a b c d c d",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWaitingRoom(tt.limits)
				for _, c := range slices.Concat(tt.first, tt.queue) {
					w.waits(t, c.caller, c.host, c.n)
				}
				w.leaves()
				if got := strings.Join(w.admitted, " "); got != tt.want {
					t.Errorf("%s, want %s", got, tt.want)
				}
				w.wantEmpty(t)
			})
		})
	}
}

// TestHostQueuePasses: a caller at its own limit keeps its place in the queue of a full host and holds up nobody behind it.
func TestHostQueuePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(Limits{SessionsPerCaller: 1, SessionsPerHost: 1})
		w.waits(t, "a", "g", 1)
		w.waits(t, "x", "h", 1)
		w.waits(t, "a", "h", 1) // has its one place at g
		w.waits(t, "b", "h", 1)
		w.waits(t, "c", "h", 1)
		w.registry.free("x", "h")
		synctest.Wait()
		w.registry.free("a", "g") // a could have a place now, but there is none
		synctest.Wait()
		w.registry.free("b", "h")
		synctest.Wait()
		w.registry.free("a", "h")
		synctest.Wait()
		if got := strings.Join(w.admitted, " "); got != "a x b a c" {
			t.Error(got)
		}
		w.registry.free("c", "h")
		w.wantEmpty(t)
	})
}

// TestHostQueueAndSessions: OpenSession does not wait, and gets no place that somebody waits for.
func TestHostQueueAndSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(Limits{SessionsPerHost: 1})
		w.waits(t, "a", "h", 2)
		if w.registry.free("a", "h"); w.registry.reserve("b", "h") == nil {
			t.Error("it took the place of a waiter")
		}
		synctest.Wait()
		w.registry.free("a", "h")
		if err := w.registry.reserve("b", "h"); err != nil {
			t.Errorf("a free place: %v", err)
		}
		w.registry.free("b", "h")
		w.wantEmpty(t)
	})
}

// TestGiveUp: who waits no longer leaves the queue, and a place that came at that very moment is the next one's.
func TestGiveUp(t *testing.T) {
	for name, giveUp := range map[string]func(cancel, free func()){
		"well before": func(cancel, free func()) { cancel(); synctest.Wait(); free() },
		"just before": func(cancel, free func()) { cancel(); free() },
		"just after":  func(cancel, free func()) { free(); cancel() },
		"as it comes": func(cancel, free func()) { go free(); cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			for range 100 { // select chooses at random
				synctest.Test(t, func(t *testing.T) {
					w := newWaitingRoom(Limits{SessionsPerHost: 1})
					w.waits(t, "x", "h", 1)
					cancel := w.waits(t, "a", "h", 1)
					w.waits(t, "b", "h", 1)
					giveUp(cancel, func() { w.registry.free("x", "h") })
					synctest.Wait()
					w.held = w.held[1:] // x has gone
					w.leaves()
					if got := strings.Join(w.admitted, " "); got != "x b" && (got != "x a b" || name == "well before") {
						t.Fatal(got)
					}
					w.wantEmpty(t)
				})
			}
		})
	}
}

// TestGiveUpInARush: whatever calls do at the same time, no place is lost and none is there twice.
func TestGiveUpInARush(t *testing.T) {
	const limit = 3
	w := newWaitingRoom(Limits{SessionsPerHost: limit, SessionsPerCaller: 2})
	var all sync.WaitGroup
	inside := make(chan struct{}, limit)
	for i := range 500 {
		all.Go(func() {
			caller := fmt.Sprint(i % 7)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(2000))*time.Microsecond)
			defer cancel()
			if w.place(ctx, caller, "h") != nil {
				return
			}
			select {
			case inside <- struct{}{}:
			default:
				t.Error("more are in than may be")
			}
			time.Sleep(time.Duration(rand.IntN(100)) * time.Microsecond)
			<-inside
			w.registry.free(caller, "h")
		})
	}
	all.Wait()
	w.wantEmpty(t)
}

// TestLoginQueue: logins at a host are spread over time; callers are served in turn, later logins of calls that run among them, and who
// gives up costs the others nothing. Nothing is remembered of a host when the time is over.
func TestLoginQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(Limits{LoginsPerSecond: 0.5})
		begun := time.Now()
		var mu sync.Mutex
		var got []string
		login := func(ctx context.Context, caller, what string, wait func(context.Context, string, string) error) {
			go func() {
				err := wait(ctx, caller, "h")
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					got = append(got, fmt.Sprint(caller, what, " ", time.Since(begun)))
				case gaveUp(ctx, err).Error() != context.Canceled.Error():
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		for i := range 3 {
			login(t.Context(), "a", fmt.Sprint(i), w.place)
		}
		login(t.Context(), "b", "0", w.place)
		ctx, cancel := context.WithCancel(t.Context())
		login(ctx, "c", "0", w.place)
		login(t.Context(), "d", "0", w.login)
		login(t.Context(), "a", "'", w.login)
		login(t.Context(), "b", "1", w.place)
		time.Sleep(3 * time.Second)
		cancel()
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []string{"a0 0s", "a1 2s", "b0 4s", "d0 6s", "a' 8s", "b1 10s", "a2 12s"}
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		if n := w.registry.live; n != 5 {
			t.Errorf("%d places", n)
		}
		if n := len(w.logins.queue); n != 0 {
			t.Errorf("%d turns are left", n)
		}
	})
}

func TestLoginInterval(t *testing.T) {
	for perSecond, want := range map[float64]time.Duration{
		0: 0, -1: 0, 0.1: 10 * time.Second, 4: 250 * time.Millisecond, 1e-300: time.Hour, 1e300: 0,
	} {
		if got := (Limits{LoginsPerSecond: perSecond}).loginInterval(); got != want {
			t.Errorf("%g: %v, want %v", perSecond, got, want)
		}
	}
}

// TestLimitSessions: a limit that rises lets in who waits for it, and one that falls keeps out the next ones, and ends nothing.
func TestLimitSessions(t *testing.T) {
	for name, low := range map[string]Limits{"in all": {Sessions: 1}, "of a caller": {SessionsPerCaller: 1}, "with a host": {SessionsPerHost: 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWaitingRoom(low)
				w.waits(t, "a", "pop.example", 3)
				if len(w.admitted) != 1 {
					t.Fatalf("%d places of 1", len(w.admitted))
				}
				three := Limits{Sessions: 3, SessionsPerCaller: 3, SessionsPerHost: 3}
				w.registry.limitSessions(three.withDefaults())
				synctest.Wait()
				if len(w.admitted) != 3 {
					t.Errorf("%d places of 3", len(w.admitted))
				}
				w.registry.limitSessions(low.withDefaults())
				if err := w.registry.reserve("a", "pop.example"); err == nil {
					t.Error("a place beyond the new limit")
				}
				w.leaves()
				w.wantEmpty(t)
			})
		})
	}
}

// TestReloadLetsIn: a role that may have more sessions lets in who waits for one.
func TestReloadLetsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		with := func(sessions int) *Callers {
			return callersOf(t, fmt.Sprintf("roles:\n  r: {methods: ['*'], sessions: %d}\ncallers:\n", sessions)+entryOf("a", "r", "a"), nil)
		}
		s, err := New(Config{Callers: with(1)})
		if err != nil {
			t.Fatal(err)
		}
		w := &waitingRoom{service: newService(s.config, s.registry)}
		w.waits(t, "a", "g", 1)
		w.waits(t, "a", "h", 1)
		if len(w.admitted) != 1 {
			t.Fatalf("%d places of 1", len(w.admitted))
		}
		if err := s.Reload(nil, with(2)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(w.admitted) != 2 {
			t.Errorf("%d places of 2", len(w.admitted))
		}
		w.leaves()
		w.wantEmpty(t)
	})
}
