package dovecot_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// refusedRPCs are those that Dovecot has no command for. All others have to
// succeed at least once.
var refusedRPCs = []string{"Lang", "Rpop", "Utf8"}

// TestGatewayEveryRPC calls every RPC of the service, says so, and fails where
// the contract has one that was not called.
func TestGatewayEveryRPC(t *testing.T) {
	loadSetup(t)
	overTransports(t, func(t *testing.T, via transport) {
		c := newClient(gatewayFor(t, upgraded), via)
		c.tourLogins(t)
		c.tourMaildrop(t)
		t.Logf("driven: %v", c.driven)
		methods := pop3Service.Methods()
		for i := range methods.Len() {
			rpc := string(methods.Get(i).Name())
			how := c.driven[rpc]
			switch {
			case len(how) == 0:
				t.Errorf("%s was not called", rpc)
			case how["OK"] == slices.Contains(refusedRPCs, rpc):
				t.Errorf("%s ended with %v", rpc, how)
			}
		}
	})
}

// tourLogins calls the RPCs of the AUTHORIZATION state, and ends sessions
// without Quit.
func (c *client) tourLogins(t *testing.T) {
	user := loadSetup(t).account(t, "bob")
	s := c.open(t, serverOf(t, upgraded))
	s.checkOpened()
	s.fails(&pb.Utf8Request{}, refusedBy("UTF8", "-ERR Unknown command.", pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED))
	s.fails(&pb.LangRequest{}, refusedBy("LANG", "-ERR Unknown command.", pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED))
	must[*pb.CapaResponse](s, &pb.CapaRequest{})
	s.upgrade()
	s.fails(&pb.RpopRequest{Username: user.Name}, rpopRefused)
	must[*pb.ApopResponse](s, &pb.ApopRequest{Username: user.Name, Secret: user.Password})
	must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})
	s = c.openMode(t, upgraded)
	if _, err := s.auth(user, ""); err != nil {
		t.Errorf("Auth: %v", err)
	}
	must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})
	s = c.openMode(t, upgraded)
	if _, err := s.exchange(scramMechanism(user)); err != nil {
		t.Errorf("AuthExchange: %v", err)
	}
	must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})
}

// tourMaildrop calls the RPCs of the TRANSACTION state, watched, and Quit.
func (c *client) tourMaildrop(t *testing.T) {
	user := loadSetup(t).account(t, "alice")
	s := c.openMode(t, upgraded)
	w := s.watch(1)
	s.logIn(user)
	s.wantStat(user)
	mustAll[*pb.ListResponse](s, &pb.ListRequest{})
	ids := s.uniqueIDs()
	s.checkMessage(loadSetup(t).Messages[1])
	join(t, mustAll[*pb.TopResponse](s, &pb.TopRequest{MessageNumber: 1, Lines: 1}), false)
	s.wantNoop()
	s.mark(ids, 1)
	must[*pb.RsetResponse](s, &pb.RsetRequest{})
	s.wantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
	want := []string{
		"USER alice", "PASS ***", "STAT", "LIST", "UIDL", "LIST 2", "RETR 2", "TOP 1 1", "NOOP", "UIDL 1", "DELE 1", "RSET", "QUIT",
	}
	if got := w.lines(); strings.Join(got, "\n") != "C: "+strings.Join(want, "\nC: ") {
		t.Errorf("the commands were %q, want %q", got, want)
	}
}

// TestGatewayReflection compares what a running gateway tells of its contract
// with the contract.
func TestGatewayReflection(t *testing.T) {
	loadSetup(t)
	g := gatewayFor(t, implicit)
	name := string(pop3Service.FullName())
	out, err := exec.Command(string(findGrpcurl(t)), "-plaintext", g.address, "list", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range pop3Service.Methods().Len() {
		want = append(want, name+"."+string(pop3Service.Methods().Get(i).Name()))
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("reflection lists %q, want %q", got, want)
	}
}
