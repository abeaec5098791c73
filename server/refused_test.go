package server

import (
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// TestRefused has a server answer one command by a line, and looks at the error; the session has to live on.
func TestRefused(t *testing.T) {
	unsupported := failure{codes.FailedPrecondition, "NOT_SUPPORTED_BY_SERVER", nil}
	refused := failure{codes.FailedPrecondition, "COMMAND_REFUSED", nil}
	malformed := failure{codes.FailedPrecondition, "MALFORMED_REPLY", nil}
	login := failure{codes.PermissionDenied, "LOGIN_FAILED", map[string]string{"certain": "", "responseCode": ""}}
	sure := failure{codes.PermissionDenied, "LOGIN_FAILED", map[string]string{"certain": "true", "responseCode": "AUTH"}}
	busy := failure{codes.Unavailable, "MAILBOX_IN_USE", nil}
	for _, tt := range []struct {
		rpc, capa, command, reply string
		want                      failure
	}{
		{"Capa", "", "CAPA", "-ERR what?", unsupported},
		{"Capa", "", "CAPA", "-ERR [SYS/TEMP] x", failure{codes.Unavailable, "SERVER_TEMPORARY", nil}},
		{"Stls", "", "STLS", "-ERR what?", refused},
		{"Stls", "USER", "STLS", "-ERR what?", unsupported},
		{"Stls", "STLS", "STLS", "-ERR not now", refused},
		{"Utf8", "USER", "UTF8", "-ERR what?", unsupported},
		{"Lang", "USER", "LANG", "-ERR what?", unsupported},
		{"User", "", "USER", "-ERR no such user", refused},
		{"User", "", "USER", "-ERR [SYS/PERM] no", failure{codes.FailedPrecondition, "SERVER_PERMANENT", nil}},
		{"Pass", "", "PASS", "-ERR no", login},
		{"Pass", "", "PASS", "-ERR [auth] no", sure},
		{"Pass", "", "PASS", "-ERR [IN-USE] wait", busy},
		{"Pass", "", "PASS", "-ERR maildrop already locked", busy},
		{"Pass", "", "PASS", "-ERR [LOGIN-DELAY] wait", failure{codes.ResourceExhausted, "LOGIN_DELAY", nil}},
		{"Pass", "", "PASS", "-ERR [SYS/TEMP] wait", failure{codes.Unavailable, "SERVER_TEMPORARY", nil}},
		{"Pass", "", "PASS", "-ERR [SYS/PERM] never", failure{codes.FailedPrecondition, "SERVER_PERMANENT", nil}},
		{"Apop", "", "APOP", "-ERR no", login},
		{"Apop", "", "APOP", "-ERR [AUTH] no", sure},
		{"Rpop", "", "RPOP", "-ERR no", login},
		{"Auth", "", "AUTH", "-ERR no", login},
		{"Auth", "SASL PLAIN", "AUTH", "-ERR [AUTH] no", sure},
		{"Auth", "SASL X-ELSE", "AUTH", "-ERR what?", unsupported},
		{"AuthExchange", "", "AUTH", "-ERR no", login},
		{"AuthExchange", "SASL X-ELSE", "AUTH", "-ERR what?", unsupported},
		{"Stat", "", "STAT", "-ERR no", refused},
		{"Stat", "", "STAT", "+OK", malformed},
		{"Stat", "", "STAT", "+OK two 300", malformed},
		{"List", "", "LIST", "-ERR no", refused},
		{"Uidl", "", "UIDL", "-ERR no", refused}, // before login, where nobody knows
		{"Top", "", "TOP", "-ERR no such message", refused},
		{"Top", "USER", "TOP", "-ERR what?", unsupported},
		{"Retr", "", "RETR", "-ERR no such message", refused},
		{"Dele", "", "DELE", "-ERR no such message", refused},
		{"Rset", "", "RSET", "-ERR no", refused},
		{"Noop", "", "NOOP", "-ERR no", refused},
	} {
		t.Run(tt.rpc+" "+tt.capa+" "+tt.reply, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(t, 0)
				answers := map[string]string{tt.command: tt.reply}
				if tt.capa != "" {
					answers["CAPA"] = "+OK\r\n" + tt.capa + "\r\n."
				}
				m.answer(answers)
				g := newGateway(t, m.piped)
				id := g.openSession(t, anywhere())
				if tt.capa != "" {
					if _, err := g.Capa(t.Context(), &pb.CapaRequest{SessionId: id}); err != nil {
						t.Fatal(err)
					}
				}
				method := byName(t, tt.rpc)
				req := requestFor(t, method, id)
				if list, ok := req.(*pb.ListRequest); ok {
					list.MessageNumber = nil
				}
				if uidl, ok := req.(*pb.UidlRequest); ok {
					uidl.MessageNumber = nil
				}
				err := invoke(t.Context(), g.conn, method, req).err
				wantFailure(t, tt.rpc, err, tt.want)
				if got := infoOf(err).GetMetadata()["command"]; got != tt.command {
					t.Errorf("command %q", got)
				}
				if m.sent(tt.command) != 1 {
					t.Errorf("sent %q", m.Commands())
				}
				if _, err := g.CloseSession(t.Context(), &pb.CloseSessionRequest{SessionId: id}); err != nil {
					t.Error(err)
				}
				wantFailure(t, "which had lived on", g.noop(t, id), ended("CLOSED"))
			})
		})
	}
}

// UIDL without a number after login: a server that does not list it does not have it.
func TestUidlNotOffered(t *testing.T) {
	m := newMailbox(t, 1)
	m.Capabilities = []string{"USER"}
	m.answer(map[string]string{"UIDL": "-ERR what?"})
	g := newGateway(t, m.piped)
	id := g.openMailbox(t)
	_, err := collect(g.Uidl(t.Context(), &pb.UidlRequest{SessionId: id}))
	wantFailure(t, "Uidl", err, failure{codes.FailedPrecondition, "NOT_SUPPORTED_BY_SERVER", map[string]string{"command": "UIDL"}})
	_, err = collect(g.Uidl(t.Context(), &pb.UidlRequest{SessionId: id, MessageNumber: new(uint32(1))}))
	wantFailure(t, "Uidl 1", err, failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{"command": "UIDL"}})
}

// What is not offered is not tried.
func TestNotOffered(t *testing.T) {
	m := newMailbox(t, 0)
	m.NoAPOP = true
	m.Capabilities = []string{"SASL X-ELSE"}
	g := newGateway(t, m.piped)
	id := g.openSession(t, anywhere())
	unsupported := failure{codes.FailedPrecondition, "NOT_SUPPORTED_BY_SERVER", nil}
	_, err := g.Apop(t.Context(), &pb.ApopRequest{SessionId: id, Username: "alice", Secret: password})
	wantFailure(t, "Apop", err, unsupported)
	auth := requestFor(t, byName(t, "Auth"), id).(*pb.AuthRequest)
	auth.Credentials.Mechanism = "" // the server's best
	_, err = g.Auth(t.Context(), auth)
	wantFailure(t, "Auth", err, unsupported)
	if m.sent("APOP")+m.sent("AUTH") != 0 {
		t.Errorf("sent %q", m.Commands())
	}
}

// TestGreeting has a server greet, and looks at the error of OpenSession. Only what POP3 servers say is read out to the caller.
func TestGreeting(t *testing.T) {
	refused := func(code codes.Code, response, responseCode string) failure {
		return failure{code, "GREETING_REFUSED", map[string]string{"response": response, "responseCode": responseCode}}
	}
	broken := failure{codes.Aborted, "PROTOCOL_ERROR", map[string]string{"response": ""}}
	for _, tt := range []struct {
		greeting string
		lenient  bool
		want     failure
	}{
		{"-ERR go away", false, refused(codes.Unavailable, "-ERR go away", "")},
		{"-ERR [SYS/TEMP] down", false, refused(codes.Unavailable, "-ERR [SYS/TEMP] down", "SYS/TEMP")},
		{"-ERR [SYS/PERM] down", false, refused(codes.FailedPrecondition, "-ERR [SYS/PERM] down", "SYS/PERM")},
		{"SSH-2.0-OpenSSH_9.2p1", false, broken},
		{"HTTP/1.1 400 Bad Request", false, broken},
		{"220 smtp.example ESMTP", false, broken},
		{"+PONG", false, broken},
		{"SSH-2.0-OpenSSH_9.2p1", true, refused(codes.Unavailable, "", "")},
		{"-ERR go away", true, refused(codes.Unavailable, "-ERR go away", "")},
	} {
		t.Run(tt.greeting, func(t *testing.T) {
			g := newGateway(t, scripted(t, "S: "+tt.greeting))
			server := anywhere()
			server.LenientStatus = tt.lenient
			_, err := g.OpenSession(t.Context(), &pb.OpenSessionRequest{Server: server})
			wantFailure(t, "OpenSession", err, tt.want)
			if tt.want.meta["response"] == "" && inside.MatchString(err.Error()) {
				t.Errorf("reads out %v", err)
			}
		})
	}
}
