package server

import (
	"iter"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/pop3/pop3test"
)

// certificatePEM returns the certificate that all servers of pop3test have.
func certificatePEM() []byte {
	srv := pop3test.NewUnstartedServer(nil)
	defer srv.Close()
	return srv.CertificatePEM()
}

// place is where a dialogue is cut.
type place struct {
	reply
	start     bool // not an octet of the reply goes out
	handshake bool // TLS cannot begin
}

// place returns where the dialogue is cut. Without a cut that is its last reply, and false.
func (c *cut) place() (at place, isCut bool) {
	if c.below && c.faults.Action != pop3test.NoFault {
		i := max(0, slices.IndexFunc(c.replies, func(r reply) bool { return r.tls }))
		return place{reply: c.replies[i], handshake: true}, true
	}
	left := int(c.faults.After)
	for _, r := range c.replies {
		at.reply = r
		if left < r.octets {
			at.start = left == 0
			return at, true
		}
		if left -= r.octets; left == 0 && r.tls {
			at.handshake = true
			return at, true
		}
	}
	return at, false
}

// limitSlack is what a wait may take longer in virtual time.
const limitSlack = 100 * time.Millisecond

// limit is for how long the server may be silent there; DESIGN.md section 7.
func (p place) limit() time.Duration {
	switch {
	case p.handshake:
		return 10 * time.Second
	case p.verb == "":
		return 30 * time.Second
	case slices.Contains([]string{"PASS", "APOP", "RPOP", "AUTH", "QUIT"}, p.verb):
		return 5 * time.Minute
	}
	return time.Minute
}

// outcomes lists what the call may end in that is cut there; the fault matrix, row "FIN, RST, stall at every octet".
func (p place) outcomes(action pop3test.FaultAction) []failure {
	lost := failure{codes.Unavailable, "CONNECTION_LOST", map[string]string{"command": p.verb, "outcome": "NOT_COMMITTED", "cause": ""}}
	if action == pop3test.Stall {
		lost.code, lost.reason = codes.DeadlineExceeded, "TIMEOUT"
	}
	if p.verb != "QUIT" {
		return []failure{lost}
	}
	unknown := failure{codes.Unknown, "COMMIT_UNKNOWN", map[string]string{
		"command": "QUIT", "outcome": "UNKNOWN", "cause": lost.reason, "replayed": "",
	}}
	if p.start && action != pop3test.Stall {
		return []failure{lost, unknown} // it depends on whether the end of the connection is there before the line goes out
	}
	return []failure{unknown}
}

// everywhere yields every cut of a dialogue that is new, and the one behind its last octet.
func everywhere(d *dialogue, action pop3test.FaultAction) iter.Seq[*cut] {
	return func(yield func(*cut) bool) {
		for k := d.first; k <= d.octets; k++ {
			if !yield(&cut{dialogue: d, faults: pop3test.Faults{After: int64(k), Action: action}}) {
				return
			}
		}
	}
}

const (
	handshakeOctets = 600 // less than a server's part of a TLS handshake has
	handshakeStep   = 13
)

// handshakes yields cuts inside the TLS handshake of OpenSession, counted below TLS.
func handshakes(action pop3test.FaultAction) iter.Seq[*cut] {
	implicit := newDialogue("implicit handshake", pb.TlsMode_TLS_MODE_IMPLICIT, []act{greeted, bye})
	stls := newDialogue("STLS handshake", pb.TlsMode_TLS_MODE_STLS, []act{encrypted, bye})
	return func(yield func(*cut) bool) {
		for d, begin := range map[*dialogue]int{implicit: 0, stls: stls.replies[0].octets + stls.replies[1].octets} {
			for k := begin; k < begin+handshakeOctets; k += handshakeStep {
				if !yield(&cut{dialogue: d, faults: pop3test.Faults{After: int64(k), Action: action}, below: true}) {
					return
				}
			}
		}
	}
}

// tooMany is when a test that fails everywhere gives up.
const tooMany = 20

// tryAll tries cuts until there are no more, or none is worth it.
func (r *rig) tryAll(t *testing.T, cuts <-chan *cut) {
	for c := range cuts {
		if r.failed.Load() > tooMany {
			continue
		}
		if wrong := r.try(t.Context(), c); wrong != "" {
			r.failed.Add(1)
			t.Errorf("%s, after %d octets: %s", c.name, c.faults.After, wrong)
		}
	}
}

// TestCutEverywhere ends the connection to the server at every octet of every dialogue, and in TLS handshakes, by FIN and by reset.
// Afterwards no goroutine, no connection and no session is left.
func TestCutEverywhere(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for name, action := range map[string]pop3test.FaultAction{"FIN": pop3test.CutFIN, "reset": pop3test.CutRST} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, certificatePEM(), loopback(t))
			cuts := make(chan *cut)
			var workers sync.WaitGroup
			for range 2 * runtime.GOMAXPROCS(0) {
				workers.Go(func() { r.tryAll(t, cuts) })
			}
			for _, d := range dialogues() {
				for c := range everywhere(d, action) {
					cuts <- c
				}
			}
			for c := range handshakes(action) {
				cuts <- c
			}
			close(cuts)
			workers.Wait()
			t.Logf("%d cuts", len(r.cuts))
			if r.registry.live != 0 {
				t.Errorf("%d sessions are left", r.registry.live)
			}
		})
	}
	goleak.VerifyNone(t, before)
}

// TestStallEverywhere lets the server fall silent at every octet of every dialogue, and in TLS handshakes, in virtual time: each call
// fails when its own limit is over. The bubble fails where a goroutine is left.
func TestStallEverywhere(t *testing.T) {
	pem := certificatePEM()
	stall := func(name string, cuts iter.Seq[*cut]) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, pem, pipes)
				feed := make(chan *cut)
				go func() {
					defer close(feed)
					for c := range cuts {
						feed <- c
					}
				}()
				r.tryAll(t, feed)
				t.Logf("%d cuts", len(r.cuts))
			})
		})
	}
	for _, d := range dialogues() {
		stall(d.name, everywhere(d, pop3test.Stall))
	}
	stall("handshakes", handshakes(pop3test.Stall))
}
