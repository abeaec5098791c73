package mailbox

import (
	"testing"
)

func TestCollect(t *testing.T) {
	collectTest(t, func(t *testing.T) {
		r := newRig(t, numbered(3)...)
		c := &caller{}
		summary, err := r.collect(t, Collect{}, c)
		if err != nil || summary.Delivered != 3 {
			t.Fatal(summary, err)
		}
		c.want(t, "progress|1 id-1|2 id-2|3 id-3|COMMITTED id-1=deleted id-2=deleted id-3=deleted|cursor|progress|cursor")
		if left := r.left(); left != "" {
			t.Error(left)
		}
	})
}
