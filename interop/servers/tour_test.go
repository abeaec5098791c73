package servers_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
	"github.com/popgate/popgate/interop/internal/drive"
)

// checkEveryRPC calls every RPC in a mode, and compares how each ends with
// what the server has. A session has few commands that the server does not
// know: some hang up after three.
func (x *run) checkEveryRPC(t *testing.T, m mode) {
	c := x.client(m)
	x.check(t, "RPC: all of them", m, func(t *testing.T) {
		x.tourExtensions(t, c, m)
		x.tourLogins(t, c, m)
		x.tourMaildrop(t, c, m)
		methods := drive.Pop3Service.Methods()
		for i := range methods.Len() {
			rpc := string(methods.Get(i).Name())
			x.judge(t, rpc, m, c.Driven[rpc])
		}
	})
}

// judge says whether an RPC has ended as it has to in the mode.
func (x *run) judge(t *testing.T, rpc string, m mode, endings map[string]bool) {
	t.Helper()
	refusal, missing := x.refuses[rpc]
	switch {
	case rpc == "Stls" && m.secure():
		if !endings["ERROR_REASON_WRONG_STATE"] {
			t.Errorf("%s over TLS ended with %v", rpc, endings)
		}
		if !endings["OK"] {
			return
		}
	case rpc == "Stls" && x.has(upgraded):
		return // what the other mode is for
	case missing:
		x.checkAbsent(t, "RPC: "+rpc, m, short(refusal.reason)+": "+refusal.why, func(t *testing.T) {
			if !endings[refusal.reason.String()] || endings["OK"] && rpc != "Capa" {
				t.Errorf("ended with %v", endings)
			}
		})
		return
	}
	x.check(t, "RPC: "+rpc, m, func(t *testing.T) {
		if !endings["OK"] {
			t.Errorf("ended with %v", endings)
		}
	})
}

// tourExtensions asks what the server can do beyond RFC 1939.
func (x *run) tourExtensions(t *testing.T, c *drive.Client, m mode) {
	s := c.Open(t, x.server(t, m))
	if got := drive.Must[*pb.GetWelcomeResponse](s, &pb.GetWelcomeRequest{}).GetResponse(); got != s.Opened.GetResponse() {
		t.Errorf("GetWelcome gives %q, OpenSession %q", got, s.Opened.GetResponse())
	}
	if m == upgraded {
		x.compareCapa(s, plaintext)
		drive.Must[*pb.StlsResponse](s, &pb.StlsRequest{Tls: x.server(t, m).GetTls()})
	}
	x.compareCapa(s, m)
	for rpc, request := range map[string]proto.Message{"Utf8": &pb.Utf8Request{}, "Lang": &pb.LangRequest{}} {
		x.tryOut(s, rpc, request)
	}
	drive.Must[*pb.CloseSessionResponse](s, &pb.CloseSessionRequest{})

	s = x.open(t, c, m)
	_, known := s.Call(&pb.CapaRequest{})
	if m.secure() {
		_, err := s.Call(&pb.StlsRequest{})
		wantReason(t, "Stls", err, pb.ErrorReason_ERROR_REASON_WRONG_STATE)
	} else if !x.has(upgraded) {
		x.tryOut(s, "Stls", &pb.StlsRequest{})
	}
	if known == nil {
		x.tryOut(s, "Rpop", &pb.RpopRequest{Username: bob.name})
	}
	s = x.open(t, c, m)
	x.tryOut(s, "Rpop", &pb.RpopRequest{Username: bob.name})
}

// tryOut calls an RPC that succeeds, or is refused as the profile says.
func (x *run) tryOut(s *drive.Session, rpc string, request proto.Message) {
	s.T.Helper()
	_, err := s.Call(request)
	if refusal, missing := x.refuses[rpc]; missing {
		wantReason(s.T, rpc, err, refusal.reason)
	} else if err != nil {
		s.T.Errorf("%s: %v", rpc, err)
	}
}

// compareCapa compares Capa before login with what a direct connection is told
// in the same mode.
func (x *run) compareCapa(s *drive.Session, m mode) {
	s.T.Helper()
	d := x.raw(s.T, m)
	answer := d.Command("CAPA")
	responses, err := s.Call(&pb.CapaRequest{})
	if !strings.HasPrefix(answer, "+OK") {
		wantReason(s.T, "Capa", err, notSupported)
		return
	}
	if err != nil {
		s.T.Errorf("Capa: %v", err)
		return
	}
	for _, c := range responses[0].(*pb.CapaResponse).GetCapabilities() {
		if line := d.ReadLine(); line != c.GetLine() {
			s.T.Errorf("%s: Capa gives %q, a direct connection %q", m, c.GetLine(), line)
		}
	}
	if end := d.ReadLine(); end != "." {
		s.T.Errorf("%s: a direct connection is told %q too", m, end)
	}
}

// tourLogins logs in by each RPC that does, or sees it refused.
func (x *run) tourLogins(t *testing.T, c *drive.Client, m mode) {
	open := func() *drive.Session {
		s := x.open(t, c, m)
		if _, err := s.Call(&pb.CapaRequest{}); err != nil { // so that what it does not list is known
			wantReason(t, "Capa", err, x.refuses["Capa"].reason)
		}
		return s
	}
	end := func(s *drive.Session) { // and give the maildrop back, if it is open
		_, _ = s.Call(&pb.QuitRequest{})
	}
	s := open()
	x.tryOut(s, "Apop", &pb.ApopRequest{Username: bob.name, Secret: bob.password})
	end(s)
	s = open()
	x.tryOut(s, "Auth", &pb.AuthRequest{Credentials: passwordOf(bob, "")})
	end(s)
	s = open()
	_, err := s.Exchange(drive.PlainMechanism(bob.name, bob.password, true))
	if refusal, missing := x.refuses["AuthExchange"]; missing {
		wantReason(t, "AuthExchange", err, refusal.reason)
	} else if err != nil {
		t.Errorf("AuthExchange: %v", err)
	}
	end(s)
}

// tourMaildrop calls the RPCs of the TRANSACTION state, watched, and Quit.
func (x *run) tourMaildrop(t *testing.T, c *drive.Client, m mode) {
	var s *drive.Session
	var w *drive.Watcher
	err := whileInUse(func() error {
		s = x.open(t, c, m)
		w = s.Watch(1)
		drive.Must[*pb.UserResponse](s, &pb.UserRequest{Username: alice.name})
		_, err := s.Call(&pb.PassRequest{Password: alice.password})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Call(&pb.StlsRequest{})
	wantReason(t, "Stls after login", err, pb.ErrorReason_ERROR_REASON_WRONG_STATE)
	drive.Must[*pb.StatResponse](s, &pb.StatRequest{})
	drive.MustAll[*pb.ListResponse](s, &pb.ListRequest{})
	x.tryOut(s, "Uidl", &pb.UidlRequest{})
	drive.Join(t, drive.MustAll[*pb.RetrResponse](s, &pb.RetrRequest{MessageNumber: 2}), false)
	drive.Join(t, drive.MustAll[*pb.TopResponse](s, &pb.TopRequest{MessageNumber: 1, Lines: 1}), false)
	drive.Must[*pb.NoopResponse](s, &pb.NoopRequest{})
	drive.Must[*pb.DeleResponse](s, &pb.DeleRequest{MessageNumber: 1})
	drive.Must[*pb.RsetResponse](s, &pb.RsetRequest{})
	s.WantQuit(pb.CommitOutcome_COMMIT_OUTCOME_NOTHING_MARKED)
	want := "C: USER alice\nC: PASS ***\nC: STAT\nC: LIST\nC: UIDL\nC: RETR 2\nC: TOP 1 1\nC: NOOP\nC: DELE 1\nC: RSET\nC: QUIT"
	if got := strings.Join(w.Lines(), "\n"); got != want {
		t.Errorf("the commands were\n%s\nwant\n%s", got, want)
	}
}
