package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/popgate/popgate/cmd/popgate/internal/terminal"
	pb "github.com/popgate/popgate/gen/go/popgate/v1"
)

// hidden stands for a secret in what a gateway tells.
const hidden = "***"

// cutAt is where a gateway cuts a line, in octets.
const cutAt = 1024

// transcript writes a dialogue as a script of package pop3test; docs/transcripts.md explains it.
type transcript struct {
	w         *bufio.Writer
	command   string // the last one
	rounds    int    // challenges since then
	tlsAgreed bool   // STLS was answered by +OK, and nothing has come since
}

// newTranscript begins a transcript with a session's greeting.
func newTranscript(w io.Writer, now time.Time, greeting string) *transcript {
	t := &transcript{w: bufio.NewWriter(w)}
	t.note("Saved by popgate watch at " + now.UTC().Format("2006-01-02 15:04 MST") + ". It may hold mail and names of users.")
	t.write("S:", greeting)
	t.note("The watch begins here. What was said between the greeting and now is not told.")
	return t
}

// write writes a line of the dialogue.
func (t *transcript) write(mark, text string) {
	if text != "" {
		mark += " " + terminal.Plain(text)
	}
	_, _ = t.w.WriteString(mark + "\n") // flush has the error
}

func (t *transcript) line(l *pb.DebugLine) {
	t.begunTLS("TLS")
	text := l.GetLine()
	if octets(text) == cutAt {
		t.note("The next line may have been longer: it is cut after 1,024 octets.")
	}
	if l.GetDirection() == pb.DebugDirection_DEBUG_DIRECTION_SENT {
		t.sent(text)
	} else {
		t.received(text)
	}
}

// sent writes a line of the client's. One with a secret begins as it did and goes on as it likes.
func (t *transcript) sent(text string) {
	if text != hidden { // a response of SASL belongs to AUTH
		t.command, t.rounds = text, 0
	}
	if before, _, found := strings.Cut(text, hidden); found {
		t.write("C~", before)
		return
	}
	t.write("C:", text)
}

func (t *transcript) received(text string) {
	if text == "+ "+hidden {
		t.challenge()
		return
	}
	t.write("S:", text)
	t.tlsAgreed = t.command == "STLS" && strings.HasPrefix(text, "+OK")
}

// begunTLS writes the step that is to follow STLS.
func (t *transcript) begunTLS(step string) {
	if t.tlsAgreed {
		t.write(step, "")
	}
	t.tlsAgreed = false
}

// challenges stand for those of a mechanism, by their number: its prompts, and where it computes with them anything. Without an entry
// a challenge is empty, as where a server asks for the initial response.
var challenges = map[string][]string{
	"LOGIN":    {"VXNlcm5hbWU6", "UGFzc3dvcmQ6"}, // "Username:", "Password:"
	"CRAM-MD5": {"PDFAcmVwbGF5Pg=="},             // "<1@replay>"
}

// challenge writes a challenge that can be played in place of one that is hidden.
func (t *transcript) challenge() {
	name, _, _ := strings.Cut(strings.TrimPrefix(t.command, "AUTH "), " ")
	if strings.HasPrefix(name, "SCRAM-") {
		t.note("SCRAM cannot be replayed: its challenges depend on the client's. Put another login in its place.")
	}
	text := ""
	if own := challenges[name]; t.rounds < len(own) {
		text = own[t.rounds]
	}
	t.rounds++
	_, _ = t.w.WriteString("S: + " + text + "\n") // flush has the error
}

func (t *transcript) note(text string) {
	_, _ = fmt.Fprintln(t.w, "#", text) // flush has the error
}

// end writes how the dialogue ended, where that was the server's doing.
func (t *transcript) end(cause pb.Cause) {
	switch cause {
	case pb.Cause_CAUSE_QUIT, pb.Cause_CAUSE_CONNECTION_LOST:
		t.tlsAgreed = false // it closed in place of the handshake
		t.write("CLOSE", "")
	case pb.Cause_CAUSE_PROTOCOL_ERROR:
		t.begunTLS("TLS FAILS")
	default:
		t.begunTLS("TLS")
	}
	t.note("The session ended: " + causeName(cause) + ".")
}

func (t *transcript) flush() error { return t.w.Flush() }

// escaped is an octet as a gateway escapes it.
var escaped = regexp.MustCompile(`\\(\\|x[0-9a-f]{2})`)

// octets returns how many octets an escaped line stands for.
func octets(line string) int { return len(escaped.ReplaceAllString(line, ".")) }
