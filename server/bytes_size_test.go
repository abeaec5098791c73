package server

import (
	"testing"

	"google.golang.org/grpc/codes"

	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

const tenOctets = "S: +OK\nS: 12345678\nS: ."

// TestMaxOctets has LIST say how large a message of 10 octets is. What is refused is not retrieved.
func TestMaxOctets(t *testing.T) {
	tooLarge := func(response string) failure {
		return failure{codes.ResourceExhausted, "MESSAGE_TOO_LARGE", map[string]string{"command": "RETR", "response": response}}
	}
	malformed := failure{codes.FailedPrecondition, "MALFORMED_REPLY", map[string]string{"command": "LIST"}}
	r := newRig(t, nil, loopback(t))
	for _, tt := range []struct {
		name, list string
		limit      int64
		want       failure // the zero value is success
		agrees     bool
	}{
		{"agrees", "+OK 1 10", 10, failure{}, true},
		{"agrees, text", "+OK 1 10 octets", 1 << 40, failure{}, true},
		{"is larger", "+OK 1 9", 10, failure{}, false},
		{"is smaller", "+OK 1 12", 12, failure{}, false},
		{"one too many", "+OK 1 11", 10, tooLarge("+OK 1 11"), false},
		{"far too many", "+OK 1 9223372036854775807", 9223372036854775806, tooLarge("+OK 1 9223372036854775807"), false},
		{"refused", "-ERR no such message", 10, failure{codes.FailedPrecondition, "COMMAND_REFUSED", map[string]string{"command": "LIST"}}, false},
		{"no size", "+OK 1", 10, malformed, false},
		{"no number", "+OK", 10, malformed, false},
		{"another message", "+OK 2 10", 10, malformed, false},
		{"negative", "+OK 1 -10", 10, malformed, false},
		{"overflow", "+OK 1 9223372036854775808", 10, malformed, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines := "\nC: LIST 1\nS: " + tt.list
			if tt.want.reason == "" {
				lines += "\nC: RETR 1\n" + tenOctets
			}
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, lines+"\nC: NOOP\nS: +OK")
			l, err := join(r.Retr(t.Context(), &pb.RetrRequest{SessionId: from.session, MessageNumber: 1, MaxOctets: &tt.limit}))
			if tt.want.reason != "" {
				wantFailure(t, "Retr", err, tt.want)
			} else if got := l.last.(*pb.RetrResponse); err != nil || got.SizeAgrees == nil || got.GetSizeAgrees() != tt.agrees {
				t.Errorf("%v, %v", got, err)
			}
			if err := from.noop(); err != nil {
				t.Errorf("Noop: %v", err)
			}
			from.over(t, c)
		})
	}
}

// TestTop asks for the beginning of a message.
func TestTop(t *testing.T) {
	r := newRig(t, nil, loopback(t))
	for _, tt := range []struct {
		number, lines uint32
		command       string
	}{
		{1, 0, "TOP 1 0"}, {7, 10, "TOP 7 10"}, {4294967295, 4294967295, "TOP 4294967295 4294967295"},
	} {
		t.Run(tt.command, func(t *testing.T) {
			from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, "\nC: "+tt.command+"\n"+topLines+"S: .")
			l, err := join(r.Top(t.Context(), &pb.TopRequest{
				SessionId: from.session, MessageNumber: tt.number, Lines: tt.lines, WantSha256: true,
			}))
			if err != nil {
				t.Fatal(err)
			}
			l.check(t, "+OK message follows", cutTop)
			from.over(t, c)
		})
	}
}

// TestOddEntries has lines in listings that are not as the RFC has them. Each is an entry, and none fails the call.
func TestOddEntries(t *testing.T) {
	lines := "S: 1 10\nS: 2 caf\\xe9 \\\\\nS:\nS: x 5\nS: 0 5\nS: 4294967296 5\nS: 3  30  more\nS: ..4 4\nS: 5\nS: 1 10\nS: ."
	r := newRig(t, nil, loopback(t))
	from, c := r.stage(t, pb.TlsMode_TLS_MODE_PLAINTEXT, []act{greeted}, "\nC: LIST\nS: +OK\n"+lines+"\nC: UIDL\nS: +OK\n"+lines)
	listed, err := collect(r.List(t.Context(), &pb.ListRequest{SessionId: from.session}))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := collect(r.Uidl(t.Context(), &pb.UidlRequest{SessionId: from.session}))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		line         string
		number       uint32
		octets       int64
		id           string
		noOct, noUID bool
	}{
		{line: "1 10", number: 1, octets: 10, id: "10"},
		{line: `2 caf\xe9 \\`, number: 2, noOct: true, id: `caf\xe9 \\`},
		{line: "", noOct: true, noUID: true},
		{line: "x 5", noOct: true, noUID: true},
		{line: "0 5", noOct: true, noUID: true},
		{line: "4294967296 5", noOct: true, noUID: true},
		{line: "3  30  more", number: 3, octets: 30, id: "30  more"},
		{line: ".4 4", noOct: true, noUID: true},
		{line: "5", number: 5, noOct: true, noUID: true},
		{line: "1 10", number: 1, octets: 10, id: "10"},
	}
	if len(listed) != 1 || len(ids) != 1 || len(listed[0].GetEntries()) != len(want) || len(ids[0].GetEntries()) != len(want) {
		t.Fatalf("%v, %v", listed, ids)
	}
	for i, w := range want {
		l, u := listed[0].GetEntries()[i], ids[0].GetEntries()[i]
		if l.GetLine() != w.line || l.GetMessageNumber() != w.number || (l.MessageNumber == nil) != (w.number == 0) ||
			l.GetOctets() != w.octets || (l.Octets == nil) != w.noOct {
			t.Errorf("LIST: %v, want %v", l, w)
		}
		if u.GetLine() != w.line || u.GetMessageNumber() != w.number || u.GetUniqueId() != w.id || (u.UniqueId == nil) != w.noUID {
			t.Errorf("UIDL: %v, want %v", u, w)
		}
	}
	from.over(t, c)
}
