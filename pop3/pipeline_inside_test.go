package pop3

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestLiarsBounded: the set of addresses stays small, keeps what came last, and forgets what is old.
func TestLiarsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := addresses{until: make(map[string]time.Time)}
		a.add("")
		for i := range 3 * maxLiars {
			a.add(fmt.Sprint(i))
			if !a.has(fmt.Sprint(i)) || len(a.until) > maxLiars {
				t.Fatalf("%d of %d", len(a.until), i)
			}
		}
		if a.has("") || len(a.until) != maxLiars {
			t.Errorf("%d", len(a.until))
		}
		time.Sleep(liarTime)
		if a.has(fmt.Sprint(3*maxLiars - 1)) {
			t.Error("remembered for ever")
		}
		a.add("one")
		if len(a.until) != 1 {
			t.Errorf("%d", len(a.until))
		}
	})
}
