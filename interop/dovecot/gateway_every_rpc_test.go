package dovecot_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// refusedRPCs are those that Dovecot has no command for. All others have to
// succeed at least once.
var refusedRPCs = []string{"Lang", "Rpop", "Utf8"}

// TestGatewayEveryRPC calls every RPC of the service, says so, and fails where
// the contract has one that was not called.
func TestGatewayEveryRPC(t *testing.T) {
	loadSetup(t)
	overTransports(t, func(t *testing.T, via drive.Transport) {
		c := newClient(gatewayFor(t, upgraded), via)
		c.tourLogins(t)
		c.tourMaildrop(t)
		t.Logf("driven: %v", c.Driven)
		methods := drive.Pop3Service.Methods()
		for i := range methods.Len() {
			rpc := string(methods.Get(i).Name())
			how := c.Driven[rpc]
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
	s.Fails(&pb.Utf8Request{}, drive.RefusedBy("UTF8", "-ERR Unknown command.", pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED))
	s.Fails(&pb.LangRequest{}, drive.RefusedBy("LANG", "-ERR Unknown command.", pb.ErrorReason_ERROR_REASON_COMMAND_REFUSED))
	drive.Must[*pb.CapaResponse](s, &pb.CapaRequest{})
	s.upgrade()
	s.Fails(&pb.RpopRequest{Username: user.Name}, rpopRefused)
	drive.Must[*pb.ApopResponse](s, &pb.ApopRequest{Username: user.Name, Secret: user.Password})
	drive.Must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})
	s = c.openMode(t, upgraded)
	if _, err := s.auth(user, ""); err != nil {
		t.Errorf("Auth: %v", err)
	}
	drive.Must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})
	s = c.openMode(t, upgraded)
	if _, err := s.Exchange(drive.ScramMechanism(user.Name, user.Password)); err != nil {
		t.Errorf("AuthExchange: %v", err)
	}
	drive.Must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})
}

// tourMaildrop calls the RPCs of the TRANSACTION state, watched, and Quit.
func (c *client) tourMaildrop(t *testing.T) {
	user := loadSetup(t).account(t, "alice")
	s := c.openMode(t, upgraded)
	w := s.Watch(1)
	s.logIn(user)
	s.wantStat(user)
	drive.MustAll[*pb.ListResponse](s, &pb.ListRequest{})
	ids := s.uniqueIDs()
	s.checkMessage(loadSetup(t).Messages[1])
	drive.Join(t, drive.MustAll[*pb.TopResponse](s, &pb.TopRequest{MessageNumber: 1, Lines: 1}), false)
	s.wantNoop()
	s.mark(ids, 1)
	drive.Must[*pb.RsetResponse](s, &pb.RsetRequest{})
	s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
	want := []string{
		"USER alice", "PASS ***", "STAT", "LIST", "UIDL", "LIST 2", "RETR 2", "TOP 1 1", "NOOP", "UIDL 1", "DELE 1", "RSET", "QUIT",
	}
	if got := w.Lines(); strings.Join(got, "\n") != "C: "+strings.Join(want, "\nC: ") {
		t.Errorf("the commands were %q, want %q", got, want)
	}
}

// TestGatewayReflection compares what a running gateway tells of its contract
// with the contract.
func TestGatewayReflection(t *testing.T) {
	loadSetup(t)
	g := gatewayFor(t, implicit)
	name := string(drive.Pop3Service.FullName())
	out, err := exec.Command(string(findGrpcurl(t)), "-plaintext", g.Address, "list", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range drive.Pop3Service.Methods().Len() {
		want = append(want, name+"."+string(drive.Pop3Service.Methods().Get(i).Name()))
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("reflection lists %q, want %q", got, want)
	}
}
