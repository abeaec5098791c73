package server

import (
	"context"
	"errors"
	"math/bits"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
)

// What an id gets that is nobody's depends on its replica's name alone.
func TestFind(t *testing.T) {
	r := newRegistry("eu-1.a", Limits{}.withDefaults())
	mine := &session{id: r.newID(), caller: "dns:a"}
	if err := r.add(mine); err != nil {
		t.Fatal(err)
	}
	random := strings.TrimPrefix(mine.id, "eu-1.a.")
	last := byte('A')
	if strings.HasSuffix(mine.id, "A") {
		last = 'B'
	}
	for _, tt := range []struct{ caller, id, reason, owner string }{
		{"dns:a", mine.id, "", ""},
		{"dns:b", mine.id, "SESSION_NOT_FOUND", ""},
		{"", mine.id, "SESSION_NOT_FOUND", ""},
		{"dns:a", "eu-1.a." + strings.Repeat("A", 43), "SESSION_NOT_FOUND", ""},
		{"dns:a", mine.id[:len(mine.id)-1] + string(last), "SESSION_NOT_FOUND", ""},
		{"dns:a", mine.id + "A", "SESSION_NOT_FOUND", ""},
		{"dns:a", "eu-1.a.", "SESSION_NOT_FOUND", ""},
		{"dns:a", random, "SESSION_NOT_FOUND", ""},
		{"dns:a", "." + random, "SESSION_NOT_FOUND", ""},
		{"dns:a", "eu-1.b." + random, "WRONG_REPLICA", "eu-1.b"},
		{"dns:b", "eu-1.b." + random, "WRONG_REPLICA", "eu-1.b"},
		{"dns:a", "EU-1.a." + random, "WRONG_REPLICA", "EU-1.a"},
		{"dns:a", "eu-1." + random, "WRONG_REPLICA", "eu-1"},
		{"dns:a", "x.y", "WRONG_REPLICA", "x"},
	} {
		s, err := r.find(tt.caller, tt.id)
		if tt.reason == "" {
			if err != nil || s != mine {
				t.Errorf("%s: %v", tt.id, err)
			}
			continue
		}
		var f *fault
		if !errors.As(err, &f) || f.reason.String() != "ERROR_REASON_"+tt.reason || f.metadata["owner"] != tt.owner {
			t.Errorf("%s for %q: %v, want %s", tt.id, tt.caller, err, tt.reason)
		}
	}
}

// Each RPC finds out alike, and a replica that forgot the session by a restart as well.
func TestForgedSession(t *testing.T) {
	g := newGateway(t, func(c *Config) { c.Replica = "eu-1" })
	random := strings.Repeat("x", 43)
	for _, method := range sessionMethods(t) {
		for id, want := range map[string]failure{
			"eu-1." + random: {codes.NotFound, "SESSION_NOT_FOUND", map[string]string{}},
			random:           {codes.NotFound, "SESSION_NOT_FOUND", map[string]string{}},
			"eu-2." + random: {codes.FailedPrecondition, "WRONG_REPLICA", map[string]string{"owner": "eu-2"}},
		} {
			err := invoke(t.Context(), g.conn, method, requestFor(t, method, id)).err
			wantFailure(t, string(method.Name())+" of "+id, err, want)
		}
	}
}

// Ids are as random as they look: none comes twice, and their bits are even.
func TestNewID(t *testing.T) {
	const n = 100_000
	r := newRegistry("r", Limits{})
	seen := make(map[string]bool, n)
	ones := 0
	for range n {
		id := r.newID()
		if seen[id] {
			t.Fatalf("%s comes twice", id)
		}
		seen[id] = true
		for _, c := range []byte(id[2:]) {
			ones += bits.OnesCount8(uint8(strings.IndexByte(base64Alphabet, c)))
		}
	}
	// 256 bits each (the last character's two spare bits are 0): the deviation of the sum is half the square root of their count.
	const total, sigma = 256 * n, 2530
	if off := ones - total/2; off < -5*sigma || off > 5*sigma {
		t.Errorf("%d of %d bits are 1", ones, total)
	}
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Under a storm of short sessions the oldest tombstones go, and the memory is bounded.
func TestTombstonesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry("r", Limits{Sessions: 1}.withDefaults())
		var ids []string
		for range 3 * tombstonesPerSession {
			if err := r.reserve("c", "h"); err != nil {
				t.Fatal(err)
			}
			s := newSession(r, "c", "h")
			if err := r.add(s); err != nil {
				t.Fatal(err)
			}
			s.over = time.Now()
			r.bury(s)
			ids = append(ids, s.id)
		}
		if n := len(r.sessions); n != tombstonesPerSession {
			t.Errorf("%d tombstones", n)
		}
		if _, err := r.find("c", ids[0]); err == nil {
			t.Error("the oldest is there still")
		}
		if _, err := r.find("c", ids[len(ids)-1]); err != nil {
			t.Errorf("the newest: %v", err)
		}
		time.Sleep(r.limits.Tombstone + time.Second)
		synctest.Wait()
		if len(r.sessions) != 0 || len(r.ended) != 0 {
			t.Errorf("%d sessions, %d tombstones", len(r.sessions), len(r.ended))
		}
	})
}

// A session that was opened while the drain began is not let in, and its connection is closed.
func TestDrainWhileDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(t, 0)
		dialled, held := make(chan struct{}), make(chan struct{})
		g := newGateway(t, func(c *Config) {
			m.piped(c)
			c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				close(dialled)
				<-held
				return m.dialPipe(ctx, network, address)
			}
		})
		opened := make(chan error, 1)
		go func() {
			_, err := g.openAt(t, "mail.example")
			opened <- err
		}()
		<-dialled
		if live := g.registry.drain(); len(live) != 0 {
			t.Errorf("%d sessions", len(live))
		}
		close(held)
		wantFailure(t, "OpenSession", <-opened, failure{codes.Unavailable, "DRAINING", nil})
		g.registry.waitEmpty(nil) // returns, since the place is free
	})
}

func TestReplicaName(t *testing.T) {
	for name, ok := range map[string]bool{
		"": true, "a": true, "eu-1.b_2": true, strings.Repeat("a", 63): true,
		strings.Repeat("a", 64): false, "a b": false, "a/b": false, "ä": false, "a\n": false, "\na": false,
	} {
		if _, err := New(Config{Replica: name}); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestDefaultLimits(t *testing.T) {
	want := Limits{
		IdleTimeout: 5 * time.Minute, MaxAge: time.Hour, Tombstone: 10 * time.Minute, SessionsPerCaller: 1000,
		SessionsPerHost: 500, Sessions: 10_000, Queue: 16, FailedLogins: 3, SendStall: 2 * time.Minute, MessageOctets: 4 << 30, Connections: 4096,
	}
	if got := (Limits{}).withDefaults(); got != want {
		t.Errorf("got %+v", got)
	}
	set := Limits{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	if got := set.withDefaults(); got != set {
		t.Errorf("what is set became %+v", got)
	}
}
