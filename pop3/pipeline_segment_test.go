package pop3_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/popgate/popgate/pop3"
)

// segmentServer lists PIPELINING, and makes of the honest replies to what came in one segment what say does.
type segmentServer struct {
	t    *testing.T
	say  say
	lied bool
	size []int    // the most commands of a segment, for each connection
	gone []string // removed by QUIT
}

// say returns what is said in place of replies, and whether the server hangs up then.
type say func(replies []segmentReply) (octets string, hangUp bool)

// segmentReply is an honest reply to one command.
type segmentReply struct {
	status string
	text   string // of a message, without its end
	end    string // of a message
}

func (r segmentReply) String() string { return r.status + r.text + r.end }

// segmentText is the message of a number. The last line of 7 looks like a reply, and so does all of 1.
func segmentText(number string) string {
	switch number {
	case "1":
		return "+OK 1 192\r\n"
	case "7":
		return "Subject: 7\r\n\r\n+OK 7 192\r\n"
	}
	return "Subject: " + number + "\r\n\r\n" + strings.Repeat("line of "+number+"\r\n", 3)
}

// serve serves a connection. Marks of DELE hold until its end, and QUIT carries them out.
func (s *segmentServer) serve(conn net.Conn) {
	defer conn.Close()
	_, _ = io.WriteString(conn, "+OK\r\n")
	n := len(s.size)
	s.size = append(s.size, 0)
	marked := make(map[string]bool)
	for buf := make([]byte, 64<<10); ; {
		k, err := conn.Read(buf)
		if err != nil {
			return
		}
		lines := strings.Split(strings.TrimSuffix(string(buf[:k]), "\r\n"), "\r\n")
		s.size[n] = max(s.size[n], len(lines))
		var replies []segmentReply
		for _, line := range lines {
			replies = append(replies, s.reply(line, marked))
		}
		honest, _ := asOne(replies)
		octets, hangUp := s.say(replies)
		s.lied = s.lied || octets != honest
		if _, err := io.WriteString(conn, octets); err != nil || hangUp {
			return
		}
	}
}

func (s *segmentServer) reply(line string, marked map[string]bool) segmentReply {
	words := append(strings.Fields(line), "", "")
	verb, number := words[0], words[1]
	switch {
	case verb == "CAPA":
		return segmentReply{"+OK\r\n", "PIPELINING\r\n", ".\r\n"}
	case verb == "QUIT":
		for number := range marked {
			s.gone = append(s.gone, number)
		}
		return segmentReply{status: "+OK\r\n"}
	case number == "9" || marked[number]:
		return segmentReply{status: "-ERR no such message\r\n"}
	case verb == "LIST":
		return segmentReply{status: fmt.Sprintf("+OK %s %d\r\n", number, len(segmentText(number)))}
	case verb == "DELE":
		marked[number] = true
		return segmentReply{status: "+OK marked\r\n"}
	case verb == "RETR", verb == "TOP":
		return segmentReply{fmt.Sprintf("+OK %d octets\r\n", len(segmentText(number))), segmentText(number), ".\r\n"}
	}
	s.t.Errorf("the client sent %q", line)
	return segmentReply{}
}

// asOne are replies as they ought to be.
func asOne(replies []segmentReply) (octets string, hangUp bool) {
	for _, r := range replies {
		octets += r.String()
	}
	return octets, false
}

// dialer returns options with which Dial gets a connection to the server, and a function that waits for the server to end.
func (s *segmentServer) dialer() (opts *pop3.Options, wait func()) {
	var served []chan struct{}
	opts = &pop3.Options{Mode: pop3.Plaintext, DialContext: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		done := make(chan struct{})
		served = append(served, done)
		go func() { defer close(done); s.serve(server) }()
		return client, nil
	}}
	return opts, func() {
		for _, done := range served {
			<-done
		}
	}
}
